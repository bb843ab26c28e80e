#!/bin/bash
# What the governor promises, at full length: the core scenarios at each of their targets, each of them without the protection
# it names, the deadline matrix, the reproducer of window growth, the hard limits alone, and the accounting.
#   check-governor.sh [tests|core|off|prove]...      without an argument: all of them
# Lines `ok|short NAME value limit`. Last line: `N passed, N failed`. Status 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/lib.sh

dir=build
core_runs=58        # what the core suite is to have
proofs=52           # of its scenarios, at least
seconds_most=2400   # for all of this, on two cores
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
export CMOCKA_MESSAGE_OUTPUT=STDOUT

judge() { # NAME VALUE LIMIT: within it?
	if [ "$2" -le "$3" ]; then
		echo "ok    $1 $2 $3"
		tally_add "$1" 1 0
	else
		echo "short $1 $2 $3"
		tally_add "$1" 0 1
	fi
}

# What is not there was not passed.
judge_least() { # NAME VALUE LIMIT
	if [ "$2" -ge "$3" ]; then
		echo "ok    $1 $2 $3"
		tally_add "$1" 1 0
	else
		echo "short $1 $2 $3"
		tally_add "$1" 0 1
	fi
}

# One program of the tests; its messages go through a sed script that makes `NAME value limit` of them.
run_test() { # PROGRAM SED
	local program=$1 log=$logs/$1.log name value limit failed figures=0
	if ! BUILD_ONLY=tests/api/api_$program scripts/build.sh release $dir; then
		judge "$program-build" 1 0
		return
	fi
	"$dir/tests/api/api_$program" >"$log" 2>&1
	failed=$?
	while read -r name value limit; do
		judge "$program-$name" "$value" "$limit"
		figures=$((figures + 1))
	done < <(sed -nE "$2" "$log")
	if [ $failed -ne 0 ]; then
		grep -v '^\[ RUN\|^\[       OK' "$log"
	fi
	judge "$program-failed" "$failed" 0
	[ -z "$2" ] || judge_least "$program-figures" "$figures" 1
}

run_tests() {
	local peak='s/^offered .* peak ([0-9]+) of ([0-9]+),.*leaked ([0-9]+)$/leaked-\3 \1 \2/p'
	run_test deadlines 's/^deadline matrix: ([0-9]+) cells, ([0-9]+) .*/\1-cells \2 0/p'
	run_test window_growth 's/^scale ([0-9]+): .* held ([0-9]+) of at most ([0-9]+),.*/scale-\1 \2 \3/p'
	run_test growth_pair 's/^scale ([0-9]+): receiver held ([0-9]+) .*/scale-\1 \2 18780/p'
	run_test retracted_edge ''
	run_test hard_limits "$peak"
	run_test hard_limits_half_truth "$peak"
	run_test accounting \
		's/^(segments|UDP|fragments)(.*) of ([0-9]+) octets: ([0-9]+) real .* at most ([0-9]+)$/\1\2-\3 \4 \5/;T;s/ (in order|beyond a hole|datagrams)//;p'
}

# Scenarios: a line each, then what failed in it, indented.
count_scenarios() { # NAME LOG
	local what rest n=0
	while IFS= read -r what; do
		case $what in
		ok\ *) rest=${what#ok}; echo "ok    $1 ${rest#"${rest%%[! ]*}"}"; tally_add "$1" 1 0; n=$((n + 1)) ;;
		failed\ *) rest=${what#failed}; echo "short $1 ${rest#"${rest%%[! ]*}"}"; tally_add "$1" 0 1; n=$((n + 1)) ;;
		\ *) echo "     $what" ;;
		esac
	done <"$2"
	scenarios=$n
}

run_core() {
	if ! BUILD_ONLY=plim scripts/build.sh release $dir; then
		judge core-build 1 0
		return
	fi
	$dir/plim sim run --core >"$logs/core.log" 2>&1
	count_scenarios core "$logs/core.log"
	judge_least core-runs "$scenarios" $core_runs
}

# Without measures the service is whatever it is; memory is not.
run_off() {
	local runs over
	if ! BUILD_ONLY=plim scripts/build.sh release $dir; then
		judge off-build 1 0
		return
	fi
	$dir/plim sim run --core --governor off >"$logs/off.log" 2>&1
	runs=$(grep -cE '^(ok|failed) .* peak [0-9.]+%' "$logs/off.log")
	over=$(grep -cE '^ +(I1-|I7-|sums|class-cap|joint-cap|walk)' "$logs/off.log")
	grep -E '^ +(I1-|I7-|sums|class-cap|joint-cap|walk)' "$logs/off.log"
	judge off-over-target "$over" 0
	judge_least off-runs "$runs" $core_runs
}

run_prove() {
	if ! scripts/build.sh prove; then
		judge prove-build 1 0
		return
	fi
	build-prove/plim sim prove >"$logs/prove.log" 2>&1
	count_scenarios prove "$logs/prove.log"
	judge_least prove-runs "$scenarios" $proofs
}

started=$SECONDS
[ $# -gt 0 ] || set -- tests core off prove
for part in "$@"; do
	case $part in
	tests | core | off | prove) "run_$part" ;;
	*)
		echo "check-governor.sh: unknown part '$part'; use tests, core, off or prove" >&2
		exit 2
		;;
	esac
done
judge check-governor-seconds $((SECONDS - started)) $seconds_most
tally_close

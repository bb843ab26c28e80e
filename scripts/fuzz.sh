#!/bin/bash
# Run every fuzz target for a while, two at a time, from its committed corpus. Findings stay in build-fuzz/found/.
#   fuzz.sh [--keep] [SECONDS] [NAME]...     default: 20 s of each
# The whole-stack target runs twice: `stack` with sanitizers, and `stack-fast`, a hundred times as many executions with
# assertions and traps. --keep goes on from, and adds to, build-fuzz/corpus/. Last line: `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

keep=no
[ "${1:-}" = --keep ] && keep=yes && shift
seconds=${1:-20}
[ $# -gt 0 ] && shift
dir=build-fuzz

for kind in fuzz fuzz-fast; do
	if ! scripts/build.sh $kind build-$kind; then
		tally_fail build-$kind
		tally_close
		exit 1
	fi
done

mkdir -p $dir/found $dir/log
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

# The entropic schedule costs more than nine tenths of a short run of the whole stack, so it is off.
run_target() {
	local name=$1 program=build-fuzz/tests/fuzz/fuzz_$1 corpus=tests/fuzz/corpus/${1%-fast} grown=$work/$1 extra=()
	[ "$name" = stack-fast ] && program=build-fuzz-fast/tests/fuzz/fuzz_stack
	[ "${name%-fast}" = stack ] && extra=(-max_len=256)
	[ $keep = yes ] && grown=$dir/corpus/${1%-fast}
	mkdir -p "$grown"
	"$program" -max_total_time="$seconds" -artifact_prefix="$dir/found/$name-" -print_final_stats=1 -verbosity=0 \
		-timeout=20 -entropic=0 "${extra[@]}" "$grown" "$corpus" >"$dir/log/$name" 2>&1
	echo $? >"$work/$name.status"
}

report() {
	local name=$1 runs
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/log/$name")
	if [ "$(cat "$work/$name.status")" = 0 ] && [ "${runs:-0}" -gt 0 ]; then
		tally_ok "fuzz $name: $runs executions in $seconds s"
	else
		tail -n 60 "$dir/log/$name"
		tally_fail "fuzz $name: ${runs:-0} executions; see above and $dir/found/"
	fi
}

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
	for target in tests/fuzz/fuzz_*.c; do
		name=$(basename "$target" .c)
		names+=("${name#fuzz_}")
	done
	names+=(stack-fast)
fi

for name in "${names[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
		wait -n
	done
	run_target "$name" &
done
wait
for name in "${names[@]}"; do
	report "$name"
done
tally_close

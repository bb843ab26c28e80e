#!/bin/bash
# Every test, or one part of them.
#   test.sh [release|asan|sim|fuzz|interop|embedding]...      without an argument: all of them
# Last line: `N passed, N failed`. Status 1 if any failed or none ran.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

# Counts of one Meson test run, from its report.
count_report() {
	awk -v RS='<' '
		/^testsuites / { tests = attr("tests"); bad = attr("errors") + attr("failures") }
		/^testsuite / { skipped += attr("skipped") }
		function attr(name,   s) {
			if (!match($0, " " name "=\"[0-9]+\"")) return 0
			s = substr($0, RSTART, RLENGTH); gsub(/[^0-9]/, "", s); return s + 0
		}
		END { printf "%d %d %d\n", tests - bad - skipped, bad, skipped }' "$1"
}

run_meson() {
	local kind=$1 dir=$2 started=$SECONDS passed failed skipped
	if ! BUILD_ALL=1 scripts/build.sh "$kind" "$dir"; then
		tally_fail "build-$kind"
		return
	fi
	rm -f "$dir/meson-logs/testlog.junit.xml"
	meson test -C "$dir" --no-rebuild --print-errorlogs >"$dir/test.log" 2>&1
	local status=$?
	if [ ! -f "$dir/meson-logs/testlog.junit.xml" ]; then
		cat "$dir/test.log"
		tally_fail "tests-$kind (no report)"
		return
	fi
	read -r passed failed skipped < <(count_report "$dir/meson-logs/testlog.junit.xml")
	if [ "$status" -ne 0 ]; then
		cat "$dir/test.log"
		[ "$failed" -gt 0 ] || failed=1
	fi
	echo "$kind tests: $passed passed, $failed failed, $skipped skipped ($((SECONDS - started)) s)"
	if [ "$skipped" -gt 0 ] && [ "${CI:-}" = true ]; then
		failed=$((failed + skipped)) skipped=0
	fi
	tally_add "tests-$kind" "$passed" "$failed" "$skipped"
}

# Run a script that closes with `N passed, N failed[, N skipped]` and add its counts.
run_script() {
	local name=$1 out line
	shift
	out=$(mktemp)
	env -u PLIM_TALLY "$@" 2>&1 | tee "$out" # its counts are added here, once
	local status=${PIPESTATUS[0]}
	line=$(tail -n 1 "$out")
	rm -f "$out"
	if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
		local failed=${BASH_REMATCH[2]}
		[ "$status" -ne 0 ] && [ "$failed" -eq 0 ] && [ "${BASH_REMATCH[4]:-0}" -eq 0 ] && failed=1
		tally_add "$name" "${BASH_REMATCH[1]}" "$failed" "${BASH_REMATCH[4]:-0}"
	else
		tally_fail "$name (ended without a count, status $status)"
	fi
}

# Runs of the simulator, two at a time: a tally for each; what failed, with the command that repeats it.
run_sim() { # NAME LEAST PROGRAM ARGUMENTS...
	local name=$1 least=$2 program=$3 started=$SECONDS log what id rest runs=0
	shift 3
	log=$(mktemp)
	"$program" sim run "$@" --jobs 2 >"$log" 2>&1
	while read -r what id rest; do
		case $what in
		ok) tally_add "$name-$id" 1 0 ;;
		failed) tally_add "$name-$id" 0 1 ;;
		*) continue ;;
		esac
		runs=$((runs + 1))
	done <"$log"
	grep -vE '^ok ' "$log" | sed '$d'
	echo "$name: $(tail -n 1 "$log") of $runs runs ($((SECONDS - started)) s)"
	rm -f "$log"
	[ "$runs" -ge "$least" ] || tally_fail "$name ($runs of at least $least runs)"
}

# The core scenarios at all their targets; with sanitizers those whose row names 4 MiB, there.
run_simulator() {
	local at_4m
	if ! BUILD_ONLY=plim scripts/build.sh faults || ! BUILD_ONLY=plim scripts/build.sh asan; then
		tally_fail build-sim
		return
	fi
	run_sim sim-core 58 build-faults/plim --core
	read -r -d '' -a at_4m < <(build-faults/plim sim list | awk '/ 4M .* core /{print $1}')
	run_sim sim-asan 18 build-asan/plim "${at_4m[@]}" --memory 4MiB
}

run_part() {
	case $1 in
	release) run_meson release build ;;
	asan) run_meson asan build-asan ;;
	sim) run_simulator ;;
	fuzz)
		run_script fuzz scripts/fuzz.sh "${FUZZ_SECONDS:-20}"
		run_script fuzz-coverage scripts/fuzz-coverage.sh
		;;
	interop)
		run_script interop tests/interop/check-serve --quick --build build
		run_script examples tests/interop/check-examples --build build
		run_script retracted-edge tests/interop/check-retracted-edge --build build
		;;
	embedding)
		run_script install scripts/check-install.sh
		run_script amalgamation scripts/check-amalgamation.sh
		run_script embedding scripts/check-embedding.sh
		;;
	*)
		echo "test.sh: unknown part '$1'; use release, asan, sim, fuzz, interop or embedding" >&2
		exit 2
		;;
	esac
}

[ $# -gt 0 ] || set -- release asan sim fuzz interop embedding
for part in "$@"; do
	run_part "$part"
done
tally_close

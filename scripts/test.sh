#!/bin/bash
# Every test, or one part of them.
#   test.sh [release|asan|fuzz|interop|embedding]...      without an argument: all of them
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

run_part() {
	case $1 in
	release) run_meson release build ;;
	asan) run_meson asan build-asan ;;
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
		echo "test.sh: unknown part '$1'; use release, asan, fuzz, interop or embedding" >&2
		exit 2
		;;
	esac
}

[ $# -gt 0 ] || set -- release asan fuzz interop embedding
for part in "$@"; do
	run_part "$part"
done
tally_close

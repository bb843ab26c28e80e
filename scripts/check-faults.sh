#!/bin/bash
# One fault at a time, at full length: every dialogue with each of its grants refused, a megabyte between two stacks
# with refused grants, a short session with each of its frames in trouble. docs/testing.md says what must hold.
# The build has assertions on and is optimized; `make test` runs a sample of the same with sanitizers.
# Last line: `N passed, N failed`. Status 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

dir=build-faults
parts=2

if ! BUILD_ALL=1 scripts/build.sh faults $dir; then
	tally_fail build-faults
	tally_close
	exit 1
fi
logs=$dir/faults-logs
rm -rf "$logs"
mkdir -p "$logs"
export CMOCKA_MESSAGE_OUTPUT=STDOUT

# Counts of one program, and its summary line; what failed is shown.
count_program() {
	local name=$1 log=$logs/$1.log status=$2 passed failed
	passed=$(grep -c '^\[       OK \]' "$log")
	failed=$(grep '^\[  FAILED  \]' "$log" | grep -v 'test(s)' | sort -u | wc -l)
	if [ "$status" -ne 0 ]; then
		grep -v '^\[ RUN\|^\[       OK' "$log"
		[ "$failed" -gt 0 ] || failed=1
	fi
	echo "$name: $passed passed, $failed failed; $(sed -n 's/^# //p' "$log")"
	tally_add "$name" "$passed" "$failed"
}

dialogues() {
	local program
	for program in "$dir"/tests/faults/faults_*; do
		case $program in *.p | *transfers | *frames) continue ;; esac
		FAULT_MOST=2000 "$program" >"$logs/$(basename "$program").log" 2>&1
		echo $? >"$logs/$(basename "$program").status"
	done
}

part_of() { # PROGRAM PART: one share of a program's faults
	FAULT_MOST=1200 FAULT_BITS=8 FAULT_PARTS=$parts FAULT_PART=$2 "$dir/tests/faults/faults_$1" \
		>"$logs/faults_$1-$2.log" 2>&1
	echo $? >"$logs/faults_$1-$2.status"
}

first_half() {
	dialogues
	part_of frames 0
	part_of frames 1
}

started=$SECONDS
first_half &
pids=($!)
for ((i = 0; i < parts; i++)); do
	part_of transfers "$i" &
	pids+=($!)
done
wait "${pids[@]}"
for status in "$logs"/*.status; do
	name=$(basename "$status" .status)
	count_program "$name" "$(cat "$status")"
done
echo "check-faults: $((SECONDS - started)) s"
tally_close

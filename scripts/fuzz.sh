#!/bin/bash
# Run every fuzz target for a while, all at the same time, starting from its corpus. Findings stay in build-fuzz/found/.
#   fuzz.sh [SECONDS]
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

seconds=${1:-20}
dir=build-fuzz

if ! scripts/build.sh fuzz $dir; then
	tally_fail build-fuzz
	tally_close
	exit 1
fi

mkdir -p $dir/found
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
run_target() {
	local target=$1 name=$2 kept=()
	mkdir -p "$dir/corpus/$name"
	[ -d "tests/fuzz/corpus/$name" ] && kept=("tests/fuzz/corpus/$name")
	"$target" -max_total_time="$seconds" -artifact_prefix="$dir/found/$name-" -print_final_stats=1 -verbosity=0 \
		-timeout=20 "$dir/corpus/$name" "${kept[@]}" >"$dir/$name.log" 2>&1
}

names=() pids=()
for target in "$dir"/tests/fuzz/fuzz_*; do
	[ -f "$target" ] && [ -x "$target" ] || continue
	name=$(basename "$target")
	name=${name#fuzz_}
	run_target "$target" "$name" &
	names+=("$name") pids+=($!)
done
for i in "${!names[@]}"; do
	name=${names[$i]}
	if wait "${pids[$i]}"; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/$name.log")
		tally_ok "fuzz $name: ${runs:-0} inputs in $seconds s"
	else
		tail -n 60 "$dir/$name.log"
		tally_fail "fuzz $name: see above and $dir/found/"
	fi
done
tally_close

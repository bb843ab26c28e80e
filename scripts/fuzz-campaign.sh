#!/bin/bash
# Fuzz the whole stack for long: rounds of the fast build from a corpus that grows, until a finding or an end. Three
# rounds of four are of short inputs (80 octets), which run several times as fast.
#   fuzz-campaign.sh DIR [EXECUTIONS]      default: without end
# DIR/corpus is the corpus, DIR/found/ what was found, DIR/count one line per round: its executions and how it ended,
# DIR/log the round at hand. Started again it goes on; the sum is that of DIR/count. Status 1: something was found.
set -uo pipefail
cd "$(dirname "$0")/.."

dir=${1:?usage: fuzz-campaign.sh DIR [EXECUTIONS]}
wanted=${2:-0}
round=2000000
fuzzer=build-fuzz-fast/tests/fuzz/fuzz_stack

scripts/build.sh fuzz-fast || exit 2
mkdir -p "$dir/corpus" "$dir/found"
touch "$dir/count"
cp "$fuzzer" "$dir/fuzz_stack" || exit 2 # a build at the same time must not pull it away

total() { awk '{ n += $1 } END { printf "%d\n", n }' "$dir/count"; }

# How many were made: told at the end, and by each line about something new.
executions() {
	awk '/^#[0-9]+/ { n = substr($1, 2) + 0 } /^stat::number_of_executed_units/ { n = $2 } END { print n + 0 }' "$dir/log"
}

finish_round() {
	echo "$(executions) $1 $(date -u +%Y-%m-%dT%H:%M:%SZ)" >>"$dir/count"
}

stop() {
	kill "$pid"
	wait "$pid"
	finish_round stopped
	exit 0
}
trap stop TERM INT

while [ "$wanted" -eq 0 ] || [ "$(total)" -lt "$wanted" ]; do
	most=$(($(wc -l <"$dir/count") % 4 ? 80 : 256))
	"$dir/fuzz_stack" -runs=$round -max_len=$most -entropic=0 -timeout=3600 -report_slow_units=3600 -print_final_stats=1 -print_funcs=0 \
		-artifact_prefix="$dir/found/" "$dir/corpus" tests/fuzz/corpus/stack >"$dir/log" 2>&1 &
	pid=$!
	if ! wait "$pid"; then
		finish_round found
		tail -n 40 "$dir/log"
		exit 1
	fi
	finish_round ok
	echo "$(date -u +%H:%M:%S) $(total) executions, $(grep -c . <(ls "$dir/corpus")) inputs kept"
done

#!/bin/bash
# What the whole-stack fuzz target reaches of src/tcp from its committed corpus alone. Fails below the floor.
#   fuzz-coverage.sh [FLOOR]      per cent of lines; default 75
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

floor=${1:-75}
dir=build-coverage
replay=$dir/tests/fuzz/replay_stack

if ! command -v llvm-profdata >/dev/null || ! command -v llvm-cov >/dev/null; then
	tally_cannot_run "coverage of src/tcp" "llvm-cov and llvm-profdata are missing; install the package llvm"
	tally_close
	exit
fi
if ! scripts/build.sh coverage $dir; then
	tally_fail build-coverage
	tally_close
	exit 1
fi

profile=$(mktemp)
table=$(mktemp)
trap 'rm -f "$profile" "$profile.raw" "$table"' EXIT
if ! LLVM_PROFILE_FILE=$profile.raw $replay tests/fuzz/corpus/stack || ! llvm-profdata merge "$profile.raw" -o "$profile"; then
	tally_fail "replay of tests/fuzz/corpus/stack"
	tally_close
	exit 1
fi
llvm-cov export -format=lcov -instr-profile="$profile" $replay |
	awk -F '[:,]' '
		/^SF/ { file = $2; wanted = sub(/.*\/src\/tcp\//, "", file) }
		/^DA/ && wanted { total[file]++; hit[file] += $3 > 0 }
		END { for (f in total) printf "%d %d %s\n", hit[f], total[f], f }' >"$table"

awk '$2 { printf "%5.1f %%  %s\n", 100 * $1 / $2, $3 }' "$table" | sort -n
read -r hit lines < <(awk '{ h += $1; n += $2 } END { print h + 0, n + 0 }' "$table")
text="src/tcp: $hit of $lines lines reached from the corpus ($((hit * 1000 / (lines ? lines : 1)))/1000; floor $floor %)"
if [ "$lines" -gt 1000 ] && [ $((hit * 100)) -ge $((floor * lines)) ]; then
	tally_ok "$text"
else
	tally_fail "$text"
fi
tally_close

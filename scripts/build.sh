#!/bin/bash
# Configure (once) and build one kind of build.
#   build.sh release|asan|faults|prove|fuzz|fuzz-fast|coverage [DIR]
# fuzz finds the most per execution (ASan, UBSan, comparisons traced); fuzz-fast makes a hundred times as many: assertions,
# and traps for the faults that cost nothing to notice. What it finds, a build of the kind fuzz explains.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=$1
case $kind in
release) dir=${2:-build} options=() targets=(plim libplimsoll.a libplimsoll.so.0.1.0) ;;
asan) dir=${2:-build-asan}
	options=(-Db_sanitize=address,undefined -Dassertions=true -Doptimization=1 -Db_lundef=false) targets=(all) ;;
fuzz) dir=${2:-build-fuzz}
	export CC=clang
	options=(-Db_sanitize=address,undefined -Dassertions=true -Doptimization=1 -Db_lundef=false -Dfuzzer=true
		"-Dc_args=-fsanitize=fuzzer-no-link") targets=(fuzzers) ;;
fuzz-fast) dir=${2:-build-fuzz-fast}
	export CC=clang
	traps=bounds,shift,signed-integer-overflow,integer-divide-by-zero
	options=(-Dassertions=true -Doptimization=2 -Db_lundef=false -Dfuzzer=true
		"-Dc_args=['-fsanitize-coverage=inline-8bit-counters,pc-table','-fsanitize=$traps','-fsanitize-trap=$traps']")
	targets=(fuzzers) ;;
coverage) dir=${2:-build-coverage}
	export CC=clang LLVM_PROFILE_FILE=/dev/null # set-up runs what it compiles
	options=(-Doptimization=1 -Db_lundef=false "-Dc_args=['-fprofile-instr-generate','-fcoverage-mapping']"
		-Dc_link_args=-fprofile-instr-generate)
	targets=(tests/fuzz/replay_stack) ;;
faults) dir=${2:-build-faults} options=(-Dassertions=true) targets=(all) ;;
prove) dir=${2:-build-prove} options=(-Dassertions=true -Dprove=true) targets=(plim) ;;
*) echo "build.sh: unknown kind '$kind'; use release, asan, faults, prove, fuzz, fuzz-fast or coverage" >&2; exit 2 ;;
esac

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ ! -f "$dir/build.ninja" ] && ! meson setup "$dir" "${options[@]}" >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
[ -n "${BUILD_ALL:-}" ] && targets=(all)
[ -n "${BUILD_ONLY:-}" ] && targets=("$BUILD_ONLY")
if ! ninja -C "$dir" "${targets[@]}" >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
grep -E 'warning:' "$log" || true

#!/bin/bash
# Configure (once) and build one kind of build.
#   build.sh release|asan|fuzz|faults [DIR]
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
		"-Dc_args=-fsanitize=fuzzer-no-link") targets=(all) ;;
faults) dir=${2:-build-faults} options=(-Dassertions=true) targets=(all) ;;
*) echo "build.sh: unknown kind '$kind'; use release, asan, fuzz or faults" >&2; exit 2 ;;
esac

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ ! -f "$dir/build.ninja" ] && ! meson setup "$dir" "${options[@]}" >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
[ -n "${BUILD_ALL:-}" ] && targets=(all)
if ! ninja -C "$dir" "${targets[@]}" >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
grep -E 'warning:' "$log" || true

#!/bin/bash
# Every check on the text, each with one line. Last line: `N passed, N failed`.
#   lint.sh [NAME]...     only these: layers api headers symbols format shell cppcheck tidy warnings
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

check_layers() { scripts/check-layers.sh; }
check_api() { scripts/check-api.sh; }
check_headers() { scripts/check-headers.sh; }
check_symbols() { scripts/build.sh release build && scripts/check-symbols.sh build/libplimsoll.a; }
check_format() { scripts/format.sh --check; }

check_shell() {
	local bad=0 f
	for f in scripts/*.sh bench/bench bench/lwip/build.sh .ci/run tests/interop/check-serve tests/interop/check-examples; do
		[ ! -f "$f" ] || bash -n "$f" || bad=1
	done
	return $bad
}

# unusedFunction is off: the library's users are elsewhere. missingInclude is off: system headers are not read.
check_cppcheck() {
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppress=missingIncludeSystem -j2 -D_GNU_SOURCE -Iinclude -Isrc -I. src drivers platform tools sim
}

# The checks and why others are off stand in .clang-tidy.
check_tidy() {
	[ -f build/compile_commands.json ] || scripts/build.sh release build || return 1
	find src drivers platform tools sim -name '*.c' -print0 |
		xargs -0 -r -n 4 -P 2 clang-tidy --quiet -p build 2>/dev/null >build/tidy.log
	local status=$?
	grep -E '(warning|error):' -A 3 build/tidy.log
	return $status
}

# A second compiler's warnings: clang, with ours as errors.
check_warnings() {
	find src drivers platform tools sim -name '*.c' -print0 | xargs -0 -r -n 8 -P 2 clang -fsyntax-only -std=c11 \
		-D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror \
		-Wno-unused-parameter -Wno-missing-field-initializers -Iinclude -Isrc -I.
}

[ $# -gt 0 ] || set -- layers api headers symbols format shell cppcheck tidy warnings
for name in "$@"; do
	started=$SECONDS
	if "check_$name"; then
		tally_ok "lint $name ($((SECONDS - started)) s)"
	else
		tally_fail "lint $name"
	fi
done
tally_close

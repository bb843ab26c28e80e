#!/bin/bash
# The one-file core: made alike twice, compiles without a warning, hides what is ours, and does as the library does.
# Last line: `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
one=$work/one
version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" meson.build)

try() {
	local name=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		tally_ok "$name"
	else
		sed 's/^/  /' "$work/said" | head -n 40
		tally_fail "$name"
	fi
}

make_it() {
	scripts/amalgamate.py "$one" && (cd / && "$OLDPWD/scripts/amalgamate.py" "$work/again") && diff -r "$one" "$work/again"
}

check_preface() {
	local f
	for f in plimsoll.c plimsoll.h; do
		head -n 3 "$one/$f" | grep -F "Plimsoll $version" && head -n 12 "$one/$f" | grep -F "Permission to use, copy" ||
			return 1
	done
}

# Every file of the core is in it, once.
check_whole() {
	diff <(find src -name '*.c' | sort) <(sed -n 's,^/\* ======== \(.*\.c\) ======== \*/$,\1,p' "$one/plimsoll.c" | sort)
}

compile() {
	$1 -O2 -Wall -Wextra -Werror -fno-strict-aliasing "${@:2}" -c "$one/plimsoll.c" -o "$one/$1.o"
}

public_names() {
	grep -oE '^PLIM_API .*' include/plim/plim.h | grep -oE 'plim_[a-z0-9_]+\(' | tr -d '(' | sort
}

check_names() {
	compile "$1" -ffreestanding -fPIC && diff <(nm -g --defined-only "$one/$1.o" | awk '{print $3}' | sort) <(public_names) &&
		ar rc "$one/$1.a" "$one/$1.o" && scripts/check-symbols.sh "$one/$1.a"
}

# The same program, with either, says the same: it prints a hash of every frame with its time.
run_two_stacks() {
	sed 's,<plim/plim\.h>,"plimsoll.h",' examples/two_stacks.c >"$one/two_stacks.c"
	compile "$1" && $1 -O2 -Wall -Wextra -Werror -I"$one" "$one/two_stacks.c" "$one/$1.o" -o "$one/two_stacks" &&
		"$one/two_stacks" >"$one/out" && grep -q "trace [0-9a-f]\{16\}$" "$one/out" && diff "$one/out" "$work/expected"
}

use_library() {
	scripts/build.sh release build && gcc -O2 -Iinclude examples/two_stacks.c build/libplimsoll.a -o "$work/two_stacks" &&
		"$work/two_stacks" >"$work/expected"
}

# Names in use twice are told apart, whatever kind of name it is; nothing that only looks like one is touched.
check_collisions() {
	local t=$work/tree
	mkdir -p "$t/src/base" "$t/src/mem" "$t/include/plim" "$t/scripts"
	cp scripts/amalgamate.py "$t/scripts"
	cp LICENSE meson.build "$t"
	cp include/plim/plim.h "$t/include/plim"
	cat >"$t/src/base/a.h" <<-'END'
		#ifndef PL_BASE_A_H
		#define PL_BASE_A_H
		#include <plim/plim.h>
		struct pl_a { int twice, kind; };
		int pl_a(struct pl_a *a);
		int pl_b(struct pl_a *a);
		extern const struct pl_a pl_first;
		#endif
	END
	cat >"$t/src/base/a.c" <<-'END'
		#include "base/a.h"
		#define STEP 2
		struct twin { int x; };
		enum kind { RED, GREEN };
		typedef int number;
		static const int table[] = {STEP, GREEN};
		const struct pl_a pl_first = {.twice = 5, .kind = RED};
		static number twice(struct twin t) { return t.x * STEP; }
		int pl_a(struct pl_a *a) { a->twice = twice((struct twin){a->kind}); return table[1]; }
	END
	sed -e 's/pl_a(struct/pl_b(struct/' -e 's/STEP 2/STEP 3/' -e 's/RED, GREEN/GREEN, RED/' -e '/pl_first/d' \
		"$t/src/base/a.c" >"$t/src/mem/b.c"
	cat >>"$t/src/mem/b.c" <<-'END'
		const char *
		plim_version(void)
		{
			struct pl_a a = {.kind = 7}, b = {.kind = 7};
			int first = pl_a(&a), second = pl_b(&b);
			return first == 1 && second == 0 && a.twice == 14 && b.twice == 21 && pl_first.twice == 5 ? "right" : "wrong";
		}
	END
	"$t/scripts/amalgamate.py" "$t/out" --names >"$t/names" || return 1
	echo '#include "plimsoll.h"
	int main(void) { return plim_version()[0] == (char)114 ? 0 : 1; }' >"$t/out/main.c"
	gcc -Wall -Wextra -Werror "$t/out/plimsoll.c" "$t/out/main.c" -o "$t/main" && "$t/main" &&
		[ "$(sed -n 's/^src.mem.b.c: \(.*\) -> mem_b_.*/\1/p' "$t/names" | xargs)" = "GREEN RED kind number table twice twin" ]
}

try "made, twice the same" make_it
[ -f "$one/plimsoll.c" ] || { tally_close; exit 1; }
try "begins with version and licence" check_preface
try "holds every file of the core" check_whole
try "names in use twice are told apart" check_collisions
try "the library's two stacks" use_library
for cc in gcc clang; do
	try "$cc: exports only the public functions, needs four" check_names $cc
	try "$cc: two stacks do the same as with the library" run_two_stacks $cc
done
try "plimsoll.h in C++" g++ -std=c++17 -fsyntax-only -Wall -Wextra -Werror -x c++ "$one/plimsoll.h"
tally_close

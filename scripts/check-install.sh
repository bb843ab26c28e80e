#!/bin/bash
# What `make install` leaves is right, and other projects can use it: pkg-config, Meson, CMake, the examples.
# Last line: `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
top=$PWD

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/moved
version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" meson.build)

# try NAME COMMAND...: ok if the command succeeds; else what it said.
try() {
	local name=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		tally_ok "$name"
	else
		sed 's/^/  /' "$work/said"
		tally_fail "$name"
	fi
}

# Staged under DESTDIR, then moved to somewhere else: nothing in the tree may know where it was to be.
install_tree() {
	make -s install DESTDIR="$work/stage" PREFIX=/opt/plimsoll && mv "$work/stage/opt/plimsoll" "$tree"
}

check_files() {
	(cd "$tree" && find . ! -type d | sed 's,^\./,,' | sort) | diff - <(sort <<-END
		bin/plim
		include/plim/plim.h
		lib/cmake/plimsoll/plimsoll-config-version.cmake
		lib/cmake/plimsoll/plimsoll-config.cmake
		lib/libplimsoll.a
		lib/libplimsoll.so
		lib/libplimsoll.so.0
		lib/libplimsoll.so.$version
		lib/pkgconfig/plimsoll.pc
		share/doc/plimsoll/embedding.md
		share/doc/plimsoll/examples/client.c
		share/doc/plimsoll/examples/echo.c
		share/doc/plimsoll/examples/host.h
		share/doc/plimsoll/examples/two_stacks.c
		share/man/man1/plim.1
		share/man/man3/plimsoll.3
	END
	)
}

public_names() {
	grep -oE '^PLIM_API .*' include/plim/plim.h | grep -oE 'plim_[a-z0-9_]+\(' | tr -d '(' | sort
}

check_exports() {
	diff <(nm -D --defined-only "$tree/lib/libplimsoll.so" | awk '{print $3}' | sort) <(public_names) &&
		readelf -d "$tree/lib/libplimsoll.so" | grep -q 'SONAME.*\[libplimsoll\.so\.0\]'
}

# Prototypes, one a line: of the header, and of the manual's synopsis.
of_header() {
	awk '/^PLIM_API / {on = 1} on {printf "%s ", $0} on && /;/ {print ""; on = 0}' "$tree/include/plim/plim.h" |
		sed 's/^PLIM_API //'
}
of_manual() {
	awk '/^\.SH DESCRIPTION/ {exit} /^\.nf/ {on = 1; next} /^\.fi/ {on = 0} on {printf "%s ", $0} on && /;/ {print ""}' \
		"$tree/share/man/man3/plimsoll.3"
}
check_manual() {
	diff <(of_manual | tr -s ' \t' ' ') <(of_header | tr -s ' \t' ' ')
}

check_pkg_config() {
	[ "$(pkg-config --modversion plimsoll)" = "$version" ] &&
		[ "$(realpath -m "$(pkg-config --variable=includedir plimsoll)")" = "$tree/include" ]
}

check_program() {
	"$tree/bin/plim" --version | grep -qF "$version"
}

# The examples see nothing of ours but what is installed.
compile_examples() {
	local cc f
	for cc in gcc clang; do
		for f in client echo two_stacks; do
			$cc -O2 -Wall -Wextra -Werror "$tree/share/doc/plimsoll/examples/$f.c" -o "$work/$f" \
				$(pkg-config --cflags --libs plimsoll) || return 1
		done
	done
	"$work/two_stacks"
}

# A newcomer reads it in one go.
check_length() {
	[ "$(wc -l <"$tree/share/doc/plimsoll/examples/echo.c")" -le 120 ]
}

is_expected() {
	"$@" | grep -E "^plimsoll $version: target 1048576, used [1-9][0-9]*$"
}

use_meson() {
	cp -r "$top/examples/consumer-meson" "$work" && cd "$work/consumer-meson" &&
		meson setup build && ninja -C build && is_expected build/consumer
}

use_cmake() {
	cp -r "$top/examples/consumer-cmake" "$work" && cd "$work/consumer-cmake" &&
		env -u PKG_CONFIG_PATH cmake -S . -B build -DCMAKE_PREFIX_PATH="$tree" && cmake --build build &&
		env -u LD_LIBRARY_PATH build/consumer-static &&
		[ "$(is_expected build/consumer)" = "$(is_expected build/consumer-static)" ]
}

# A version that is not there must not be found.
refuse_newer() {
	sed 's/plimsoll 0\.1 /plimsoll 0.2 /' "$top/examples/consumer-cmake/CMakeLists.txt" >"$work/consumer-cmake/CMakeLists.txt"
	cd "$work/consumer-cmake" && ! cmake -S . -B build-newer -DCMAKE_PREFIX_PATH="$tree"
}

try "installed" install_tree
[ -d "$tree" ] || { tally_close; exit 1; }
export PKG_CONFIG_PATH=$tree/lib/pkgconfig LD_LIBRARY_PATH=$tree/lib
try "installed files" check_files
try "shared library exports the public functions" check_exports
try "plimsoll(3) has every prototype of the header" check_manual
try "pkg-config" check_pkg_config
try "installed program" check_program
try "examples from the installed tree" compile_examples
try "echo.c has at most 120 lines" check_length
try "Meson project" use_meson
try "CMake project, shared and static" use_cmake
try "CMake refuses a version that is not there" refuse_newer
tally_close

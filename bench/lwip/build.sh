#!/bin/bash
# Build the lwIP peer of the benchmark from Debian's source package `lwip`, which comes from where apt gets its packages.
#   build.sh OUT      OUT: the program. Work stays in OUT.d/ and is used again.
# Status 77 with the reason where the source package cannot be had. Nothing of the system's configuration is changed.
set -euo pipefail
out=$(realpath -m -- "${1:?usage: build.sh OUT}")
cd "$(dirname "$0")/../.."

work=$out.d
sources=$work/source

cannot() {
	echo "bench-lwip: not built: $1" >&2
	exit 77
}

# deb-src lines for the Debian main archives that apt is configured with.
source_lines() {
	apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)|$(ORIGIN)|$(COMPONENT)' \
		'Created-By: Packages' | sed -n 's/|Debian|main$//p' | sort -u
}

# With lists of its own, so that neither the system's sources nor its lists are touched.
apt_apart() {
	apt-get -q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}

fetch() {
	command -v apt-get >/dev/null || cannot "there is no apt-get"
	command -v xz >/dev/null || cannot "there is no xz (package xz-utils)"
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/download"
	source_lines >"$work/sources.list"
	[ -s "$work/sources.list" ] || cannot "apt has no list of a Debian archive (apt-get update makes it)"
	if ! apt_apart update >"$work/log" 2>&1 ||
		! (cd "$work/download" && apt_apart source --download-only lwip) >>"$work/log" 2>&1; then
		tail -n 5 "$work/log" >&2
		cannot "apt-get source lwip failed (above)"
	fi
	rm -rf "$work/lists" "$work/cache" "$work/sources.list" "$sources.new"
	mkdir "$sources.new"
	tar -xf "$work"/download/lwip_*.orig.tar.* -C "$sources.new" --strip-components=1
	mv "$sources.new" "$sources"
}

[ -f "$sources/src/core/tcp.c" ] || fetch

ours=(bench/lwip/main.c bench/lwip/services.c drivers/tap.c drivers/driver.c drivers/vnet.c drivers/pcapng.c
	platform/posix/hostif.c platform/posix/sys.c src/base/checksum.c src/base/checksum_avx2.c)
theirs=("$sources"/src/core/*.c "$sources"/src/core/ipv4/*.c "$sources/src/netif/ethernet.c")
flags=(-std=gnu11 -O2 -g -D_GNU_SOURCE -Ibench/lwip -Iinclude -Isrc -I. -isystem "$sources/src/include")

gcc "${flags[@]}" -Wall -Wextra -Wno-missing-field-initializers "${ours[@]}" -x c "${theirs[@]}" -o "$out.new"
mv "$out.new" "$out"

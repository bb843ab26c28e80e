#!/bin/bash
# Install what a build made.
#   install.sh BUILD PREFIX LIBDIR [DESTDIR]     LIBDIR is relative to PREFIX
set -euo pipefail
cd "$(dirname "$0")/.."

build=$1 prefix=$2 libdir=$3 destdir=${4:-}
log=$build/install.log
{
	# The pkg-config file finds its own place, so a tree may be staged and moved.
	meson setup --reconfigure "$build" -Dprefix="$prefix" -Dlibdir="$libdir" -Dpkgconfig.relocatable=true &&
		scripts/build.sh release "$build" &&
		meson install -C "$build" --no-rebuild ${destdir:+--destdir "$destdir"}
} >"$log" 2>&1 || {
	cat "$log" >&2
	exit 1
}

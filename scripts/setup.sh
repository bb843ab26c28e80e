#!/bin/bash
# Install the Debian packages that are missing, and only those. Root installs without asking for sudo.
#   setup.sh [--print]     --print: name what is missing, install nothing
set -euo pipefail

# What each is for stands in docs/dependencies.md.
packages=(
	meson ninja-build gcc g++ libc6-dev pkg-config
	libcmocka-dev libinih-dev libjansson-dev libhttp-parser-dev libmd-dev
	clang llvm clang-format clang-tidy libclang-rt-dev cppcheck
	curl wrk ncat iperf3 jq
	cmake iproute2 python3
)

# For this machine, whatever other architectures it is installed for.
is_installed() {
	dpkg-query -W -f '${db:Status-Status} ${Architecture}\n' "$1" 2>/dev/null | grep -qxE "installed ($native|all)"
}

native=$(dpkg --print-architecture 2>/dev/null || true)
missing=()
for p in "${packages[@]}"; do
	is_installed "$p" || missing+=("$p")
done

if [ ${#missing[@]} -eq 0 ]; then
	exit 0
fi
if [ "${1:-}" = --print ]; then
	echo "${missing[*]}"
	exit 0
fi
if ! command -v apt-get >/dev/null; then
	echo "set-up: not a Debian system; install the equivalents of: ${missing[*]}" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "set-up: missing packages; as root run: apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi

echo "set-up: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# An index that cannot be fetched now does not matter if the packages are there all the same.
if ! { apt-get update || true; apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "set-up: apt-get failed (above)" >&2
	exit 1
fi

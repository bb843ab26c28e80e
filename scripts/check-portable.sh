#!/bin/bash
# Do the tests pass for 32 bits (gcc -m32) and on a big-endian machine (s390x, under qemu-user)? Without a warning.
# Compilers and cmocka for both come from Debian's multiarch packages, which this script installs itself as root.
# The program plim and its unit tests are left out (their libraries are not co-installable); their names are printed.
#   check-portable.sh [i386|s390x]...     without an argument: both
# Last line: `N passed, N failed`. Status 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

declare -A packages=(
	[i386]="gcc-12-multilib libcmocka-dev:i386"
	[s390x]="gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user libcmocka-dev:s390x"
)
declare -A patience=([i386]=1 [s390x]=10) # times the tests' own limits

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The packages of one machine, if any is missing.
install_for() {
	local machine=$1 missing=() p log
	for p in ${packages[$machine]}; do
		is_installed "$p" || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
		echo "check-portable: missing packages; as root run: dpkg --add-architecture $machine; apt-get update;" \
			"apt-get install --no-install-recommends ${missing[*]}" >&2
		return 1
	fi
	echo "check-portable: installing ${missing[*]}"
	log=$(mktemp)
	dpkg --add-architecture "$machine"
	# One index of many may fail while a mirror is brought up to date: what counts is whether the packages come.
	apt-get update >"$log" 2>&1 || echo "check-portable: apt-get update had trouble" >&2
	if ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
		tail -n 20 "$log" >&2
		echo "check-portable: apt-get failed (above)" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}

# Every program of the tests, so that a warning in any of them counts.
build_for() {
	local machine=$1 dir=$2 log=$2.log programs
	if [ ! -f "$dir/build.ninja" ] && ! meson setup "$dir" --cross-file "scripts/cross/$machine.ini" -Dtools=false \
		-Dassertions=true -Dwerror=true >"$log" 2>&1; then
		cat "$log" >&2
		return 1
	fi
	programs=$(meson introspect --targets "$dir" | jq -r --arg dir "$PWD/$dir/" \
		'.[] | select(.type == "executable") | .filename[0] | ltrimstr($dir)')
	if ! ninja -C "$dir" all $programs >"$log" 2>&1; then
		grep -E -A 6 'error|warning:|FAILED' "$log" | head -n 60 >&2
		return 1
	fi
}

check_machine() {
	local machine=$1 dir=build-$1 started=$SECONDS passed failed status
	if ! install_for "$machine" || ! build_for "$machine" "$dir"; then
		tally_fail "build for $machine"
		return
	fi
	rm -f "$dir/meson-logs/testlog.json"
	meson test -C "$dir" --no-rebuild -t "${patience[$machine]}" --print-errorlogs >"$dir/test.log" 2>&1
	status=$?
	if [ ! -f "$dir/meson-logs/testlog.json" ]; then
		cat "$dir/test.log" >&2
		tally_fail "tests for $machine (no report)"
		return
	fi
	passed=$(jq -s 'map(select(.result == "OK")) | length' "$dir/meson-logs/testlog.json")
	failed=$(jq -s 'map(select(.result != "OK")) | length' "$dir/meson-logs/testlog.json")
	if [ "$status" -ne 0 ]; then
		cat "$dir/test.log"
		[ "$failed" -gt 0 ] || failed=1
	fi
	echo "$machine: $passed test programs passed, $failed failed, without a warning ($((SECONDS - started)) s)"
	tally_add "$machine" "$passed" "$failed"
}

[ $# -gt 0 ] || set -- i386 s390x
for machine in "$@"; do
	if [ -z "${packages[$machine]:-}" ]; then
		echo "check-portable: unknown machine '$machine'; use i386 or s390x" >&2
		exit 2
	fi
	check_machine "$machine"
done
left_out=$(sed -n '/^tool_unit_tests = \[/,/^\]/s/^  .\(.*\).,$/\1/p' tests/unit/meson.build | paste -sd ' ')
echo "left out, for they need the program's libraries: $left_out replay_http"
tally_close

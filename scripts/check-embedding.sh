#!/bin/bash
# docs/embedding.md taken literally: its blocks marked `sh newcomer` are run in order in one shell, beginning in the
# source tree, with an empty home; what stands in blocks marked `text newcomer` must have been printed.
# In a network namespace of its own. Last line: `N passed, N failed`.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
. scripts/lib.sh

give_up() {
	tally_cannot_run embedding "$1"
	tally_close
	exit
}
for program in ncat ip pkg-config; do
	command -v $program >/dev/null || give_up "$program is missing; run scripts/setup.sh"
done
own_network "$here/check-embedding.sh" || give_up "no network namespace is permitted here"
[ -c /dev/net/tun ] || give_up "/dev/net/tun is missing"

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT

# One script of all the blocks, which tells where it is; one file for each block of expected output.
awk -v home="$home" '
	/^```sh newcomer$/ { n++; kind = "run"; printf "echo @@begin %d\n", n; next }
	/^```text newcomer$/ { kind = "expect"; next }
	/^```$/ && kind == "run" { printf "echo @@end %d\n", n }
	/^```$/ { kind = ""; next }
	kind == "run" { print }
	kind == "expect" { print >(home "/expect." n) }
	BEGIN { print "set -e; trap \"kill \\$(jobs -p) 2>/dev/null || true\" EXIT" }
	END { print n + 0 >(home "/count") }' docs/embedding.md >"$home/script"
count=$(cat "$home/count")

unset PKG_CONFIG_PATH LD_LIBRARY_PATH PLIM_CHECK_INSIDE
HOME=$home timeout 300 bash "$home/script" >"$home/output" 2>&1 </dev/null

for i in $(seq "$count"); do
	if grep -qx "@@end $i" "$home/output"; then
		tally_ok "embedding.md: block $i runs"
	else
		sed -n "/^@@begin $i\$/,\$p" "$home/output" | tail -n 20
		tally_fail "embedding.md: block $i"
		continue
	fi
	[ -f "$home/expect.$i" ] || continue
	if sed -n "/^@@begin $i\$/,/^@@end $i\$/p" "$home/output" | grep -v '^@@' | grep -Fx -f "$home/expect.$i" |
		sort -u | diff - <(sort -u "$home/expect.$i"); then
		tally_ok "embedding.md: block $i prints what is said"
	else
		tally_fail "embedding.md: block $i prints something else"
	fi
done
[ "$count" -ge 4 ] || tally_fail "embedding.md: only $count blocks were found"
tally_close

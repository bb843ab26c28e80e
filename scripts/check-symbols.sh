#!/bin/bash
# The core archive needs nothing but memcpy, memmove, memset and memcmp, and has no writable file-scope data.
#   check-symbols.sh ARCHIVE
set -euo pipefail

archive=$1
whole=$(mktemp)
trap 'rm -f "$whole"' EXIT
ld -r --whole-archive "$archive" -o "$whole"

bad=0
undefined=$(nm -u "$whole" | awk '{print $2}' |
	grep -vxE 'memcpy|memmove|memset|memcmp|_GLOBAL_OFFSET_TABLE_' || true)
if [ -n "$undefined" ]; then
	echo "$archive: undefined symbols that are not allowed:" $undefined
	bad=1
fi

# .data.rel.ro holds constant tables of pointers: read-only once loaded.
writable=$(nm "$whole" | awk '$2 ~ /^[bBdDC]$/ {print $2, $3}' | sort)
relocated=$(objdump -t "$whole" | awk '$0 ~ /\.data\.rel\.ro/ {print $NF}')
while read -r kind symbol; do
	[ -n "$symbol" ] || continue
	if ! grep -qxF -- "$symbol" <<<"$relocated"; then
		echo "$archive: writable data: $symbol ($kind)"
		bad=1
	fi
done <<<"$writable"

outside=$(nm -g --defined-only "$whole" | awk '{print $3}' | grep -vE '^(plim|pl)_' || true)
if [ -n "$outside" ]; then
	echo "$archive: names without plim_ or pl_:" $outside
	bad=1
fi
exit $bad

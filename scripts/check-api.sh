#!/bin/bash
# Every function of the public header has a comment right before it (a run of declarations shares one) and is called
# in tests/.
set -euo pipefail
cd "$(dirname "$0")/.."

# NAME and whether it is documented, one line each.
functions() {
	awk '
		/\*\/$/ { documented = 1; next }
		/^[ \t]*$/ { documented = 0; next }
		/^PLIM_API / {
			if (match($0, /plim_[a-z0-9_]+\(/))
				print substr($0, RSTART, RLENGTH - 1), documented
		}' include/plim/plim.h
}

bad=0 n=0
while read -r name documented; do
	n=$((n + 1))
	if [ "$documented" != 1 ]; then
		echo "include/plim/plim.h: $name has no comment right before it"
		bad=1
	fi
	if ! grep -rqE "\b$name\b" tests --include='*.c'; then
		echo "include/plim/plim.h: $name is used by no test"
		bad=1
	fi
done < <(functions)
if [ "$n" -lt 40 ]; then
	echo "include/plim/plim.h: only $n functions were found; is PLIM_API still before each?"
	bad=1
fi
exit $bad

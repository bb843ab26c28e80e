#!/bin/bash
# Bring C files into the form of .clang-format; with --check only say which are not in it.
set -euo pipefail
cd "$(dirname "$0")/.."

files=$(git ls-files --cached --others --exclude-standard '*.c' '*.h')
if [ "${1:-}" != --check ]; then
	echo "$files" | xargs clang-format -i
	exit 0
fi
bad=0
for f in $files; do
	if ! clang-format "$f" | cmp -s - "$f"; then
		echo "$f: not in the form of .clang-format; run scripts/format.sh"
		bad=1
	fi
done
exit $bad

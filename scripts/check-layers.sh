#!/bin/bash
# A folder includes itself and folders with a lower number; tcp and udp do not include each other.
# Of the system the core (src/) includes only what a freestanding compiler brings.
set -euo pipefail
cd "$(dirname "$0")/.."

{ find src drivers platform tools sim -name '*.[ch]' 2>/dev/null || true; } | sort | xargs awk '
BEGIN {
	n = split("base 0 mem 1 wire 2 net 3 udp 4 tcp 4 sock 5 stack 6 drivers 7 platform 7 tools 7 sim 7", w, " ")
	for (i = 1; i < n; i += 2) level[w[i]] = w[i + 1]
	n = split("plim/plim.h stdbool.h stddef.h stdint.h stdarg.h stdalign.h limits.h cpuid.h immintrin.h", w, " ")
	for (i = 1; i <= n; i++) freestanding[w[i]] = 1
}
function folder(path,   p) {
	sub(/^src\//, "", path)
	split(path, p, "/")
	return p[1]
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\"")
	to = quoted[2]; from = folder(FILENAME)
	if (to !~ /\//) {
		printf "%s:%d: \"%s\": write the folder: \"%s/%s\"\n", FILENAME, FNR, to, from, to; bad = 1
		next
	}
	to = folder(to)
	if (!(to in level)) {
		printf "%s:%d: \"%s\" is in no folder with a level\n", FILENAME, FNR, quoted[2]; bad = 1
	} else if (to != from && level[to] >= level[from] && level[from] < 7) {
		printf "%s:%d: %s (%d) includes %s (%d)\n", FILENAME, FNR, from, level[from], to, level[to]; bad = 1
	}
}
/^[ \t]*#[ \t]*include[ \t]*</ && FILENAME ~ /^src\// {
	to = $0; sub(/^[^<]*</, "", to); sub(/>.*/, "", to)
	if (!(to in freestanding)) {
		printf "%s:%d: the core includes <%s>, which is the system\047s\n", FILENAME, FNR, to; bad = 1
	}
}
END { exit bad }'

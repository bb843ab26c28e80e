#!/bin/bash
# What `make bench` needs beside the set-up: iproute2 and ethtool. Root installs them; others are told.
set -euo pipefail

missing=()
for p in iproute2 ethtool jq; do
	dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
	echo "bench: missing packages; as root run: apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null

#!/bin/bash
# Does a newcomer's machine do? A fresh Debian root (minbase, make, gcc, libc6-dev; nothing else), a clone of what is
# committed, `make demo` and `make test` in it. Needs root. The root is removed at the end, also after a failure.
#   check-fresh.sh [--keep]
set -euo pipefail
cd "$(dirname "$0")/.."

keep=false
[ "${1:-}" = --keep ] && keep=true

if [ "$(id -u)" -ne 0 ]; then
	echo "check-fresh: needs root (debootstrap and chroot); run it as root" >&2
	exit 2
fi
if ! command -v debootstrap >/dev/null; then
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
fi

# A mount namespace of its own: what is mounted below goes with it.
if [ -z "${PLIM_FRESH_INSIDE:-}" ]; then
	PLIM_FRESH_INSIDE=1 exec unshare -m --propagation private "$0" "$@"
fi

root=$(mktemp -d /var/tmp/plim-fresh-XXXXXX)
clean_up() {
	for at in dev proc sys; do
		umount -R "$root/$at" 2>/dev/null || true
	done
	$keep || rm -rf --one-file-system "$root"
}
trap clean_up EXIT

suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(SITE) $(CODENAME)' 'Created-By: Packages' |
	awk -v suite="$suite" '$2 == suite {print $1; exit}')
echo "check-fresh: $suite into $root"
debootstrap --variant=minbase --include=make,gcc,libc6-dev "$suite" "$root" "$mirror" >"$root.log" 2>&1 || {
	tail -n 20 "$root.log" >&2
	exit 1
}
rm -f "$root.log"

# The same package source as here, whatever it is.
rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
for at in apt/sources.list apt/sources.list.d apt/apt.conf apt/apt.conf.d apt/trusted.gpg.d apt/keyrings resolv.conf hosts; do
	[ ! -e "/etc/$at" ] || cp -rLT "/etc/$at" "$root/etc/$at"
done
if [ -d /usr/share/keyrings ]; then
	cp -rLT /usr/share/keyrings "$root/usr/share/keyrings"
fi
if [ -d /etc/ssl/certs ]; then
	mkdir -p "$root/etc/ssl"
	cp -rLT /etc/ssl/certs "$root/etc/ssl/certs"
fi

git clone -q --no-local . "$root/root/plimsoll"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"

inside() {
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 CI="${CI:-}" \
		make -C /root/plimsoll "$@" </dev/null
}
inside demo
inside test
echo "check-fresh: ok"

#!/bin/sh
# make fresh: tries `make run` and `make regress` in a minimal Debian 12 made
# by debootstrap, with only git, make and a C compiler.  Needs root.  Uses this
# machine's mirror, apt settings and certificates.
# usage: fresh.sh [DIR]         (DIR is created, and kept for the next run)
set -eu
cd "$(dirname "$0")/.."
TOP=$PWD
DIR=${1:-/var/tmp/pail-fresh}
SUITE=bookworm
[ "$(id -u)" -eq 0 ] || { echo "make fresh needs root"; exit 1; }
command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap

mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources \
    2>/dev/null | head -n 1)
[ -n "$mirror" ] || mirror=$(awk '$1 == "deb" { print $2; exit }' \
    /etc/apt/sources.list)

umount_all() {
	for m in dev/pts dev/shm dev proc .; do
		umount "$DIR/$m" 2>/dev/null || true
	done
}
trap umount_all EXIT INT TERM

rm -rf --one-file-system "$DIR"
debootstrap --variant=minbase \
    --include=git,make,gcc,libc6-dev,ca-certificates \
    "$SUITE" "$DIR" "$mirror"
# A mount of its own, as / is elsewhere: tests enter namespaces below it.
mount --bind "$DIR" "$DIR"
mount --make-private "$DIR"
mount -t proc proc "$DIR/proc"
mount --bind /dev "$DIR/dev"
mount --make-private "$DIR/dev"
mount -t tmpfs tmpfs "$DIR/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$DIR/dev/pts"
for f in /etc/apt/sources.list.d/debian.sources /etc/apt/apt.conf \
    /etc/resolv.conf /etc/hosts /etc/pip.conf; do
	[ -f "$f" ] && cp -L "$f" "$DIR$f"
done
[ -f "$DIR/etc/apt/sources.list.d/debian.sources" ] &&
    rm -f "$DIR/etc/apt/sources.list"
for f in /etc/apt/apt.conf.d/*proxy*; do
	[ -f "$f" ] && cp "$f" "$DIR$f"
done
cp -rL /etc/ssl/certs "$DIR/etc/ssl/" 2>/dev/null || true
cp -rL /usr/local/share/ca-certificates "$DIR/usr/local/share/" \
    2>/dev/null || true

# The part of the environment that tells package managers about proxies.
vars=$(env | grep -E '^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|PIP_|GOPROXY|GOFLAGS|SSL_CERT|npm_config|NODE_EXTRA)' |
    tr '\n' ' ')
inside() {
	# shellcheck disable=SC2086
	env -i $vars HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	    LANG=C.UTF-8 chroot "$DIR" sh -c "$1"
}
rm -rf "$DIR/root/pail"
git clone -q "$TOP" "$DIR/root/pail"
inside 'cd /root/pail && sh mk/tryrun.sh'
inside 'cd /root/pail && make regress' | tee build/fresh.log
tail -n 1 build/fresh.log | grep -q ' 0 failed$'
echo "fresh: both commands pass in $DIR"

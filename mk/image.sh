#!/bin/sh
# What a container image of Pail consists of, in DIRECTORY: the programs with
# the libraries that they load, CA certificates, one user; nothing else, not
# even a shell.  etc/Containerfile copies it into an image.
# usage: image.sh BUILDDIR DIRECTORY
set -eu
cd "$(dirname "$0")/.."
B=$1 D=$2
rm -rf "$D"
mkdir -p "$D/usr/sbin" "$D/usr/libexec/pail" "$D/etc/ssl/certs" \
    "$D/run/pail" "$D/tmp" "$D/dev" "$D/proc" "$D/sys"
for p in paild pailctl; do
	strip -o "$D/usr/sbin/$p" "$B/bin/$p"
done
for p in $(sh mk/procs.sh programs); do
	strip -o "$D/usr/libexec/pail/$p" "$B/bin/$p"
done
# With their links' names, where the loader looks without a cache.
for p in "$D"/usr/sbin/* "$D"/usr/libexec/pail/*; do
	ldd "$p"
done | sed -n 's/.*=> *\(\/[^ ]*\).*/\1/p; s/^[	 ]*\(\/[^ ]*\) (.*/\1/p' |
    LC_ALL=C sort -u > "$D.libs"
while read -r lib; do
	case $lib in
	*/ld-linux*) mkdir -p "$D${lib%/*}"; cp -L "$lib" "$D$lib" ;;
	*)	mkdir -p "$D/lib" "$D/usr/lib"
		cp -L "$lib" "$D/usr/lib/${lib##*/}" ;;
	esac
done < "$D.libs"
rm "$D.libs"
# The loader's own places, of any architecture, come down to this one.
rmdir "$D/lib" 2>/dev/null || true
cp -L /etc/ssl/certs/ca-certificates.crt "$D/etc/ssl/certs/"
echo 'pail:x:10001:10001:Pail:/run/pail:/sbin/nologin' > "$D/etc/passwd"
echo 'pail:x:10001:' > "$D/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files dns\n' \
    > "$D/etc/nsswitch.conf"
chmod 1777 "$D/tmp"
du -sk "$D" | awk '{ printf "%d MB\n", $1 / 1000 }'

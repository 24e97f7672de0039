#!/bin/sh
# make deb: builds the Debian package from what make dist packs, and runs
# lintian on it.  The same sources give the same .deb.
# usage: deb.sh [DIRECTORY]		build/deb: pail_VERSION_ARCH.deb
set -eu
cd "$(dirname "$0")/.."
sh mk/deps.sh deb
OUT=${1:-build/deb}
V=$(sed -n 's/^#define PAIL_VERSION[^"]*"\(.*\)"/\1/p' paild/paild.h)
rm -rf "$OUT"
mkdir -p "$OUT"
sh mk/dist.sh "$OUT" >/dev/null
OUT=$(cd "$OUT" && pwd)
tar -C "$OUT" -xzf "$OUT/pail-$V.tar.gz"
cd "$OUT/pail-$V"
head -n 1 debian/changelog | grep -q "^pail ($V[-)]" || {
	echo "debian/changelog is not of version $V"
	exit 1
}
# The rest of the environment is not the package's.
unset MAKEFLAGS MFLAGS MAKELEVEL
dpkg-buildpackage -us -uc -b "-j$(nproc)" > "$OUT/build.log" 2>&1 || {
	tail -n 40 "$OUT/build.log"
	exit 1
}
cd "$OUT"
rm -rf "pail-$V"
lintian --fail-on error,warning --allow-root ./*.changes
ls "$OUT"/*.deb

#!/bin/sh
# make dist: the sources as build/dist/pail-VERSION.tar.gz, what git tracks in
# the state that it has here.  The same sources give the same bytes: sorted,
# owned by 0, with the time of the last commit or SOURCE_DATE_EPOCH.
# usage: dist.sh [DIRECTORY]
set -eu
cd "$(dirname "$0")/.."
OUT=${1:-build/dist}
V=$(sed -n 's/^#define PAIL_VERSION[^"]*"\(.*\)"/\1/p' paild/paild.h)
mkdir -p "$OUT"
if [ -e .git ]; then
	git ls-files -z
	: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
else	# unpacked from such a file
	find . \( -path ./build -o -path ./run \) -prune -o \
	    \( -type f -o -type l \) -printf '%P\0'
	: "${SOURCE_DATE_EPOCH:=$(stat -c %Y README)}"
fi > "$OUT/files"
# Not what was deleted here, and not committed yet.
LC_ALL=C sort -z "$OUT/files" |
    xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' _ |
    tar -cf - --null --no-recursion -T - --transform "s,^,pail-$V/," \
	--mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
	--mode=u=rwX,go=rX --format=gnu |
    gzip -9n > "$OUT/pail-$V.tar.gz.new"
rm "$OUT/files"
mv "$OUT/pail-$V.tar.gz.new" "$OUT/pail-$V.tar.gz"
echo "$OUT/pail-$V.tar.gz"

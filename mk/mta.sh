#!/bin/sh
# Puts Debian's MTAs, bsd-mailx and fetchmail into build/tools/mta, a directory
# for each, without installing them: as packages they exclude each other, and
# would run.  mk/testdeps.sh calls it; another run does nothing.
#
# usage: mta.sh DIRECTORY
set -eu
D=$1
PACKAGES="postfix opensmtpd exim4-daemon-light bsd-mailx fetchmail"
# What these are linked with and mk/deps.sh does not install anyway; a program
# finds them beside itself (regress/lib/mta.py).
LIBRARIES="libdb5.3 libicu72 libnsl2 libsasl2-2 libgnutls-dane0 libgnutls30
 libidn12 libidn2-0 libpcre2-8-0 libpam0g libbsd0 liblockfile1 libtirpc3
 libunbound8 libprotobuf-c1"
[ ! -e "$D/complete" ] || exit 0
command -v apt-get >/dev/null || { echo "no apt-get: no MTAs"; exit 0; }
rm -rf "$D"
mkdir -p "$D/deb"
get() {
	(cd "$D/deb" && apt-get download -qq $PACKAGES $LIBRARIES \
	    >"$D/log" 2>&1)
}
# The lists may be old, or not there.
if ! get; then
	as=
	[ "$(id -u)" -eq 0 ] || as=sudo
	$as apt-get update -qq
	get || { cat "$D/log"; exit 1; }
fi
for p in $PACKAGES; do
	dpkg -x "$D/deb/$p"_*.deb "$D/$p"
done
for p in $LIBRARIES; do
	dpkg -x "$D/deb/$p"_*.deb "$D/lib"
done
rm -rf "$D/deb"
: > "$D/complete"

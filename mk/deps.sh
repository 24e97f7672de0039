#!/bin/sh
# make deps: installs the Debian packages that building and running Pail need;
# "deps.sh test" also those of the tests, "containers" those of the image's,
# "deb" and "deb-test" those of make deb and make deb-test, "rust" a recent
# Rust.  Quick, and offline, if everything is installed.  As root, it also
# creates the users that the processes run as.
set -eu
build="gcc libc6-dev make pkg-config libevent-dev libcurl4-openssl-dev
 libssl-dev libzstd-dev zlib1g-dev libyaml-dev libsqlite3-dev liblz4-dev
 libexpat1-dev libutf8proc-dev libcrypt-dev libargon2-dev libldap-dev
 libpam0g-dev mandoc openssl curl ca-certificates"
tests="gsasl haproxy python3 python3-venv isync libsasl2-modules mutt bmake tmux
 zsh git procps iproute2 slapd ldap-utils glewlwyd fail2ban afl++ clang
 libclang-rt-dev ruby sslscan gdb prometheus mksh chromium chromium-driver"
deb="build-essential debhelper dpkg-dev fakeroot lintian debootstrap"
want=$build
[ "${1:-}" = test ] && want="$build $tests"
case ${1:-} in
containers) want="podman buildah crun uidmap slirp4netns" ;;
deb)	want="$build $deb" ;;
deb-test) want="$build $deb systemd-container procps" ;;
esac
[ "${1:-}" = rust ] && want="rustc-web cargo-web"
# The jail; and systemd-analyze, which finds that of the unit good enough.
[ "${1:-}" = rust ] || want="$want libseccomp-dev"
[ "${1:-}" = test ] && want="$want systemd"

if ! command -v dpkg-query >/dev/null 2>&1; then
	# Elsewhere: check for what the build asks pkg-config for.
	if pkg-config --exists libevent libcurl openssl libzstd zlib \
	    yaml-0.1 sqlite3 liblz4 expat libutf8proc libargon2 ldap \
	    2>/dev/null &&
	    command -v openssl >/dev/null && command -v curl >/dev/null; then
		exit 0
	fi
	echo "This is not Debian. Please install the packages that provide:"
	echo "  cc make pkg-config libevent libcurl openssl zstd zlib libyaml"
	echo "  sqlite3 lz4 expat utf8proc argon2 libldap mandoc curl"
	[ "${1:-}" = test ] &&
	    echo "  and for the tests: python3 isync mutt bmake tmux git afl++" &&
	    echo "  clang ruby gsasl haproxy slapd ldap-utils glewlwyd sslscan gdb"
	exit 1
fi

missing=
for p in $want; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
	installed) ;;
	*) missing="$missing $p" ;;
	esac
done
if [ -n "$missing" ]; then
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	as=
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null 2>&1; then
			echo "Not root, and no sudo. As root, please run"
			echo "  apt-get install -y --no-install-recommends$missing"
			exit 1
		fi
		as="sudo -E"
	fi
	$as apt-get update -qq
	# shellcheck disable=SC2086
	$as apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
[ "$(id -u)" -ne 0 ] || sh "$(dirname "$0")/users.sh"

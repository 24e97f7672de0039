#!/bin/sh
# make run: runs the whole suite in the foreground on a file store, with its
# state below run/ and one user.  Ctrl-C stops it; the next run finds the mail
# again.
# usage: run.sh BUILDDIR
set -eu
B=$1
TOP=$(pwd)
PORT=${PAIL_PORT:-1143}
TLSPORT=${PAIL_TLSPORT:-1993}
unset PAIL_PORT PAIL_TLSPORT	# which would be of the configuration

# If we are root, the processes run as users of their own, which must be able
# to reach their directories: they cannot in /root.  And paild does not change
# the owner of anything below a directory that others can write to.
if [ ! -e run ] && [ "$(id -u)" -eq 0 ]; then
	d=$TOP
	reach=yes
	while [ "$d" != / ]; do
		# shellcheck disable=SC2046
		set -- $(ls -ldn "$d")
		case $1 in
		d????????[xt]*) ;;
		*) reach=no ;;
		esac
		case $1:$3:$4 in
		d????????t*:0:*|d????-??-*:0:*|d???????-*:0:0) ;;
		*) reach=no ;;
		esac
		d=$(dirname "$d")
	done
	if [ $reach = no ]; then
		state=/var/lib/pail-run$(echo "$TOP" | tr / -)
		mkdir -p "$state"
		ln -s "$state" run
		echo "using $state as run/: Pail's users have no access to" \
		    "$TOP, or other users can write to it"
	fi
fi
mkdir -p run
chmod 755 run/.

if [ ! -f run/key.pem ] || ! openssl x509 -checkend 86400 -noout \
    -in run/cert.pem >/dev/null 2>&1; then
	(umask 077; openssl req -x509 -newkey ec \
	    -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
	    -subj /CN=localhost \
	    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
	    -keyout run/key.pem -out run/cert.pem 2>/dev/null)
	chmod 644 run/cert.pem
fi
[ -f run/pail.yaml ] || cat > run/pail.yaml <<YAML
# Created by "make run"; edit it as you like. All keys: etc/pail.yaml.
listen:
  - imap://127.0.0.1:$PORT
  - imaps://127.0.0.1:$TLSPORT
control-socket: pail.sock
tls: { certificate: cert.pem, private-key: key.pem }
store: { type: file, path: store }
cache: { path: cache, size: 512M }
auth:
  - { type: file, path: users }
YAML
if [ ! -s run/password ]; then
	(umask 077; openssl rand -hex 10 > run/password)
	rm -f run/users
fi
if [ ! -s run/users ]; then
	"$B/bin/pailctl" -f run/pail.yaml user add ann < run/password
fi
password=$(cat run/password)
# The user may have changed the ports there.
port_of() { sed -n "s|.*$1://.*:\([0-9]*\)\$|\1|p" run/pail.yaml | head -n 1; }
PORT=$(port_of imap)
TLSPORT=$(port_of imaps)

cat <<TEXT

Starting Pail on imap://127.0.0.1:$PORT and imaps://127.0.0.1:$TLSPORT.
User: ann   Password: $password
Once it prints "ready", run in another terminal:

  deliver a message:
    \$ printf 'From: me\nTo: ann\nSubject: Hello\n\nIt works.\n' | $TOP/$B/bin/pailctl -f $TOP/run/pail.yaml deliver ann
  list the messages:
    \$ curl -sS --cacert $TOP/run/cert.pem -u ann:$password imaps://127.0.0.1:$TLSPORT/INBOX -X 'FETCH 1:* (FLAGS ENVELOPE)'
  read the first message:
    \$ curl -sS --cacert $TOP/run/cert.pem -u ann:$password 'imaps://127.0.0.1:$TLSPORT/INBOX;MAILINDEX=1'

Press Ctrl-C to stop.

TEXT
exec "$B/bin/paild" -d -f run/pail.yaml

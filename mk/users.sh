#!/bin/sh
# Creates the users that Pail's processes run as; needs root.
set -eu
for u in $(sh "$(dirname "$0")/procs.sh" users); do
	id "$u" >/dev/null 2>&1 && continue
	case $(uname -s) in
	OpenBSD)
		groupadd "$u"
		useradd -g "$u" -d /var/empty -s /sbin/nologin -c Pail "$u" ;;
	FreeBSD)
		pw groupadd "$u"
		pw useradd "$u" -g "$u" -d /nonexistent -s /usr/sbin/nologin \
		    -c Pail ;;
	*)	if command -v useradd >/dev/null 2>&1; then
			useradd -r -M -U -d /nonexistent \
			    -s /usr/sbin/nologin -c Pail "$u"
		else	# busybox
			adduser -S -D -H -h /nonexistent -s /sbin/nologin "$u"
		fi ;;
	esac
	echo "created user $u"
done

#!/bin/sh
# Reads the table of processes (common/proc_kind.h) for other scripts.
#
# usage: procs.sh programs	lists the programs installed in libexec/pail
#	 procs.sh users		lists the users that they run as
#	 procs.sh check		checks that the files in etc/ name them
set -eu
cd "$(dirname "$0")/.."
column() {	# N: of the table's rows
	sed -n '/^#define PROC_TABLE/,/^$/{s,/\*.*\*/,,;s/[	\\]//g;p;}' \
	    common/proc_kind.h | tr -d '\n' | sed 's/X(/\n&/g' |
	    awk -F, -v n="$1" 'NR > 1 { gsub(/ /, "", $n)
		if (!seen[$n]++) print $n }'
}
same() {	# FILE USER...
	_file=$1
	shift
	[ "$*" = "$(echo $users)" ] && return
	echo "$_file: not the users of common/proc_kind.h: $*"
	bad=1
}
case $1 in
programs) column 3 ;;
users)	column 4 ;;
check)
	bad=0
	users=$(column 4 | LC_ALL=C sort)
	for f in etc/sysusers.conf etc/paild.service; do
		same $f $(grep -o '_pail_[a-z]*' $f | LC_ALL=C sort -u)
	done
	exit $bad ;;
esac

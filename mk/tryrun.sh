#!/bin/sh
# Tries `make run` as a newcomer would: it starts, the three printed commands
# work as pasted, Ctrl-C stops it cleanly, and the next run finds the mail.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp)
pid=

start() {
	: > "$out"
	setsid make run > "$out" 2>&1 &
	pid=$!
	n=0
	until grep -qx ready "$out"; do
		kill -0 "$pid" 2>/dev/null || { cat "$out"; exit 1; }
		n=$((n + 1))
		[ $n -lt 9000 ] || { cat "$out"; exit 1; }
		sleep 0.1
	done
}
stop() {	# what Ctrl-C does: SIGINT to the whole foreground group
	kill -INT -"$pid"
	wait "$pid" || true
	! pgrep -g "$pid" >/dev/null 2>&1
}
# The commands are the lines that begin with "    $ ".
command_no() { sed -n 's/^ *\$ //p' "$out" | sed -n "$1p"; }

start
sh -c "$(command_no 1)"
sh -c "$(command_no 2)" | grep -q .
sh -c "$(command_no 3)" | grep -qi '^subject:'
stop
start
sh -c "$(command_no 3)" | grep -qi '^subject:'
stop
rm -f "$out"
echo "make run: works as printed"

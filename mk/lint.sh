#!/bin/sh
# The house rules that a program can check: manual pages without a
# complaint, no file over 800 lines, no function over 120.
set -u
cd "$(dirname "$0")/.."
bad=0
for m in man/*.[1-9]; do
	mandoc -T lint -W warning "$m" || bad=1
done
for f in $(git ls-files '*.c' '*.h' '*.py' '*.sh'); do
	n=$(wc -l < "$f")
	if [ "$n" -gt 800 ]; then echo "$f: $n lines"; bad=1; fi
done
for f in $(git ls-files '*.c'); do
	awk -v f="$f" '
	/^\{/ { start = NR }
	/^\}/ { if (start && NR - start > 120) {
			print f ":" start ": a function of " NR - start \
			    " lines"; bad = 1 }
		start = 0 }
	END { exit bad }' "$f" || bad=1
done
exit $bad

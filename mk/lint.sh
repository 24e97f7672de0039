#!/bin/sh
# The house rules that a program can check: manual pages without a
# complaint, no file over 800 lines, no function over 120, no C line over
# 80 columns.
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
# 80 columns, but for the strings in tables of tests.
for f in $(git ls-files '*.c' '*.h'); do
	expand "$f" | awk -v f="$f" '
	length($0) > 80 && !(f ~ /_test\.c$|conf_mistakes\.h$/ && /".*"/) {
		print f ":" NR ": " length($0) " columns"; bad = 1 }
	END { exit bad }' || bad=1
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

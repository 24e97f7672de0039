#!/bin/sh
# Runs every unit test of one build; the last line is the count.
# usage: unit.sh BUILDDIR
B=$1
passed=0 failed=0
for t in $(sed -n 's/^tests://p' "$B/rules.mk"); do
	case $t in *_test) ;; *) continue ;; esac
	out=$B/unit.$$.out
	if "$t" >"$out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $t"
		tail -n 40 "$out"
	fi
	rm -f "$out"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

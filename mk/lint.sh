#!/bin/sh
# Checks house rules (README, "House style"): no warnings for manual pages, no
# upward includes or circular modules, no file over 600 lines, no function over
# 100, no C line over 80 columns, no unchecked memory allocation.
set -u
cd "$(dirname "$0")/.."
bad=0
for m in man/*.[1-9]; do
	mandoc -T lint -W warning "$m" || bad=1
done
# Who includes whom: README, "Where things are".
python3 mk/includes.py || bad=1
sh mk/procs.sh check || bad=1
# What the log says is in the manual.
python3 mk/manual.py || bad=1
for f in $(git ls-files '*.c' '*.h' '*.py' '*.sh'); do
	n=$(wc -l < "$f")
	[ "$n" -le 600 ] || { echo "$f: $n lines"; bad=1; }
done
# 80 columns, but for the strings in tables of tests.
for f in $(git ls-files '*.c' '*.h'); do
	expand "$f" | awk -v f="$f" '
	length($0) > 80 && !(f ~ /_test\.c$|conf_mistakes(_keys|_mail|_listen)?\.h$/ && /".*"/) {
		print f ":" NR ": " length($0) " columns"; bad = 1 }
	END { exit bad }' || bad=1
done
# What two tests need lies in regress/lib.
if grep -nE '^ *(from|import) (test_|run\b)' regress/*/*.py; then
	echo "regress: a test imports from regress/lib only (regress/README)"
	bad=1
fi
for f in $(git ls-files '*.c'); do
	awk -v f="$f" '
	/^\{/ { start = NR }
	/^\}/ { if (start && NR - start > 100) {
			print f ":" start ": a function of " NR - start \
			    " lines"; bad = 1 }
		start = 0 }
	END { exit bad }' "$f" || bad=1
done
# Memory that may be missing is looked at soon; paild, pailctl
# and credd have only small things of their own (common/mem.h), but for the
# operator's connections.
for f in $(git ls-files '*.c'); do
	case $f in
	*_test.c|*_fuzz.c|regress/*|*_fake*.c|*_suite.c|*/test/*|*/test_rig.c) continue ;;
	paild/control.c|common/mem.c) own=0 ;;
	paild/*|pailctl/*|credd/*) own=1 ;;
	*) own=0 ;;
	esac
	awk -v f="$f" -v own=$own '
	/[^_a-z](m|c|re|rec)alloc(array)?\(|[^_a-z]strn?dup\(/ &&
	    !/^[ \t]*\/?\*/ {
		if (own) { print f ":" NR ": common/mem.h is for this"; bad = 1 }
		if ($0 !~ /NULL|return/) { want = 25; at = NR; text = $0 }
		next
	}
	want {
		if (/NULL/) want = 0
		else if (/^}/ || --want == 0) {
			print f ":" at ": not checked: " text
			bad = 1
			want = 0
		}
	}
	END { exit bad }' "$f" || bad=1
done
# HACKING names no file that is gone (x stands for any).
for f in $(grep -o '[a-z_0-9/]*[a-z0-9]\.[ch]\b' HACKING | sort -u); do
	case $f in *_x.c|x_*) continue ;; esac
	git ls-files | grep -q "\(^\|/\)$f\$" ||
	    { echo "HACKING: no file $f"; bad=1; }
done
exit $bad

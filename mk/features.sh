#!/bin/sh
# Detects the hardening options that this compiler and linker support: each
# flag is tried on a small program, together with those before it, and used if
# there are no warnings.  And which libraries are here that we can do without.
# Prints three lines, the compiler's flags, the linker's, and -DPAIL_NAME for
# each of these libraries.  The result is cached in BUILDDIR/features until the compiler, the
# flags or this file change.
#
# usage: features.sh BUILDDIR MODE CC BASEFLAGS
set -eu
B=$1
MODE=$2
CC=$3
BASE=$4

# Of each line, the first flag that works is used.
compile='
-D_FORTIFY_SOURCE=3 -D_FORTIFY_SOURCE=2
-fstack-protector-strong -fstack-protector
-fstack-clash-protection
-ftrivial-auto-var-init=zero
-fzero-call-used-regs=used-gpr
-fcf-protection=full
-mbranch-protection=standard
'
link='
-Wl,-z,relro
-Wl,-z,now
-Wl,-z,noexecstack
-Wl,-z,separate-code
-Wl,--as-needed
'
case $MODE in
# Sanitizers bring their own checks; uninitialized variables are not zeroed
# there, so that a test notices them.
asan)	compile='
-fstack-protector-strong -fstack-protector
-fstack-clash-protection
-ftrivial-auto-var-init=pattern
' ;;
fuzz)	compile= ;;
esac

# What it is for, the library, its header, and what it must have.
libraries='
PAM	-lpam	security/pam_appl.h	pam_start
'

# One that is installed later is found, too.
headers=$(echo "$libraries" | while read -r _ _ h _; do
	ls "/usr/include/$h" "/usr/local/include/$h" 2>/dev/null || :
done)
key="$headers $CC $("$(command -v ${CC%% *})" --version 2>/dev/null | head -n 1)
$BASE $compile $link $libraries"
key=$(echo "$key" | cksum)
if [ -f "$B/features" ] && [ "$(sed -n 1p "$B/features")" = "$key" ]; then
	sed -n '2,4p' "$B/features"
	exit 0
fi

T=$B/features.$$
mkdir -p "$T"
trap 'rm -rf "$T"' EXIT
# Something for each of them to do: a call, a buffer, a string.
cat > "$T/try.c" <<'C'
#include <stdio.h>
#include <string.h>

static int
measure(const char *s, int (*f)(const char *))
{
	char	buf[64];

	if (strlen(s) >= sizeof(buf))
		return -1;
	strcpy(buf, s);
	return f(buf);
}

int
main(int argc, char *argv[])
{
	return argc > 1 ? measure(argv[1], puts) : 0;
}
C
# shellcheck disable=SC2086
try() {	# FLAGS for both, FLAGS for the linker
	$CC $BASE $1 -Werror -c -o "$T/try.o" "$T/try.c" &&
	$CC $BASE $1 -Werror $2 -pie -o "$T/try" "$T/try.o"
} >/dev/null 2>&1

cflags= ldflags=
for_each() {	# the table on standard input; $1: which flags they are
	while read -r line; do
		for flag in $line; do
			if [ "$1" = link ] && try "$cflags" "$ldflags $flag"
			then ldflags="$ldflags $flag"; break
			elif [ "$1" = compile ] && try "$cflags $flag" ""
			then cflags="$cflags $flag"; break
			fi
		done
	done
}
for_each compile <<TABLE
$compile
TABLE
for_each link <<TABLE
$link
TABLE
have=
while read -r name lib header symbol; do
	[ -n "$name" ] || continue
	printf '#include <stddef.h>\n#include <%s>\n' "$header" > "$T/lib.c"
	printf 'int main(void) { return (void *)%s == NULL; }\n' "$symbol" \
	    >> "$T/lib.c"
	# shellcheck disable=SC2086
	if $CC $BASE -o "$T/lib" "$T/lib.c" $lib >/dev/null 2>&1; then
		have="$have -DPAIL_$name"
	fi
done <<TABLE
$libraries
TABLE
printf '%s\n%s\n%s\n%s\n' "$key" "$cflags" "$ldflags" "$have" > "$T/answer"
mv "$T/answer" "$B/features"
sed -n '2,4p' "$B/features"

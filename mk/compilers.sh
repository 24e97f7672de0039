#!/bin/sh
# Compiles every file with Debian's other compiler, which is also OpenBSD's:
# no warnings, and its objects link and work.  (The rest of regress is built
# with gcc.)  Warnings come from clang's front end, so most files need only
# -fsyntax-only.
set -u
cd "$(dirname "$0")/.."
MAKE=${MAKE:-make}
CC=${1:-clang}
B=build/compilers
WERROR=-Werror
export CC WERROR

$MAKE -s B=$B rules || exit 1
flags=$(sed -n 's/^CFLAGS_ALL = //p' $B/rules.mk)
bad=0
for c in $(git ls-files '*.c'); do
	case $c in
	*/sandbox_linux*.c)   [ "$(uname -s)" = Linux ] || continue ;;
	*/sandbox_openbsd.c) [ "$(uname -s)" = OpenBSD ] || continue ;;
	esac
	echo "$c"
# shellcheck disable=SC2086
done | xargs -P 2 -n 16 "$CC" $flags -fsyntax-only || bad=1
$MAKE -s -j 2 -f $B/rules.mk $B/bin/credd $B/common/buf_test >/dev/null &&
    $B/common/buf_test >/dev/null || bad=1
exit $bad

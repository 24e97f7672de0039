#!/bin/sh
# Writes the explicit rules of one build to standard output: every .c file of a
# room (a top-level directory) and its subdirectories becomes an object, a room
# an archive, its main.c a program, x_test.c a unit test, x_fuzz.c a fuzz
# target.  Files in a directory test/ are linked only with the tests next to
# that directory and below (common/test/ with all).  A new file needs no entry
# anywhere.  Uses only plain rules, which GNU make and bmake both understand.
#
# usage: rules.sh BUILDDIR MODE        (MODE: normal, asan, fuzz; another
# name is a normal build elsewhere)
#
# From the environment: CC, CFLAGS, LDFLAGS, PKG_CONFIG, and WERROR, which is
# -Werror in regress: newer compilers may have more warnings, and must still
# build it.
set -eu
B=$1
MODE=$2
OS=$(uname -s)

warn="-std=c11 -Wall -Wextra -Wshadow -Wpointer-arith
 -Wmissing-prototypes -Wstrict-prototypes -Wwrite-strings -Wvla -Wformat=2
 -Wundef -Wcast-qual -Wold-style-definition -Wnull-dereference"
hard=-fPIE
case $OS in
Linux)	hard="$hard -D_GNU_SOURCE" ;;
esac
case $MODE in
asan)	san="-fsanitize=address,undefined -fno-sanitize-recover=all"
	opt="-O1 -g -fno-omit-frame-pointer -DPAIL_ASAN $san"
	warn=$(echo $warn | sed 's/-Wnull-dereference//')
	ldopt=$san ;;
fuzz)	# AFL++ uses clang; the other builds check for warnings.
	san="-fsanitize=address,undefined -fno-sanitize-recover=all"
	opt="-O1 -g -fno-omit-frame-pointer -DPAIL_ASAN -DPAIL_FUZZ $san"
	warn=-std=gnu11
	CC=${AFL_CC:-afl-clang-fast}
	ldopt=$san ;;
*)	opt="-O2 -g -U_FORTIFY_SOURCE" ; ldopt= ;;
esac
CC=${CC:-cc}
PKG=${PKG_CONFIG:-pkg-config}
inc=$($PKG --cflags libevent libcurl openssl libzstd zlib yaml-0.1 sqlite3 \
    liblz4 expat libutf8proc libargon2 ldap)

lib() { $PKG --libs "$@"; }
# Libraries that not every system has: B/libs.h says which ones are used.  The
# build works without them, and "WITHOUT=libseccomp" tries that.
libs_h= ; jail=
optional() {	# MACRO PKG-CONFIG-MODULE [VERSION]
	case " ${WITHOUT:-} " in *" $2 "*) return 1 ;; esac
	$PKG --exists "$2${3:+ >= $3}" 2>/dev/null || return 1
	libs_h="$libs_h
#define $1"
}
case $OS in
Linux)	optional PAIL_SECCOMP libseccomp 2.5 && jail=$(lib libseccomp) ;;
esac
# make NAME_CALLS=1: what seccomp kills says which system call it was for.
[ -z "${NAME_CALLS:-}" ] || libs_h="$libs_h
#define PAIL_NAME_CALLS"
mkdir -p "$B"
libs_h="/* Made by mk/rules.sh. */$libs_h"
if [ "$(cat "$B/libs.h" 2>/dev/null)" != "$libs_h" ]; then
	printf '%s\n' "$libs_h" > "$B/libs.h"
fi
base="$(lib libevent libcrypto) $(lib libutf8proc) $jail"
libs_for() {
	case $1 in
	common)	 echo "$(lib openssl libargon2 expat) $base" ;;
	imapd|lmtpd|admind) echo "$(lib openssl libevent_openssl) $base" ;;
	storaged) echo "$(lib libcurl sqlite3 libzstd zlib liblz4 expat) $base -lpthread" ;;
	authd)	 case $have in *PAIL_PAM*) pam=-lpam ;; *) pam= ;; esac
		 net=$(lib libcurl ldap lber libargon2)
		 case $OS in OpenBSD) echo "$net $base" ;;
		 *) echo "-lcrypt $pam $net $base" ;; esac ;;
	credd)	 echo "$(lib libcurl expat) $base" ;;
	paild)	 echo "$(lib yaml-0.1) $base" ;;
	pailctl) case $OS in
		 OpenBSD) echo "$(lib yaml-0.1 libargon2) $base" ;;
		 *) echo "$(lib yaml-0.1 libargon2) -lcrypt $base" ;;
		 esac ;;
	*)	 echo "$base" ;;
	esac
}
# A room's program has its name, but for this one.
program_of() {
	case $1 in deliver) echo pail-deliver ;; *) echo "$1" ;; esac
}
# The archives a room's programs and tests are linked with, in link order.
archives_for() {
	case $1 in
	common)	 echo "$B/libcommon.a" ;;
	mail)	 echo "$B/libmail.a $B/libcommon.a" ;;
	deliver|imapd|lmtpd) echo "$B/lib$1.a $B/libmail.a $B/libcommon.a" ;;
	pailctl) echo "$B/libpailctl.a $B/libpaild.a $B/libcommon.a" ;;
	*)	 echo "$B/lib$1.a $B/libcommon.a" ;;
	esac
}

# The rigs of a test: the objects of test/ in its folder and those above, and
# common's.
rigs_for() {
	_d=$(dirname "$1")
	case $_d in
	common|common/*) ;;
	*)	for _c in common/test/*.c; do
			[ ! -f "$_c" ] || printf ' %s' "$B/${_c%.c}.o"
		done ;;
	esac
	while [ "$_d" != . ]; do
		for _c in "$_d"/test/*.c; do
			[ ! -f "$_c" ] || printf ' %s' "$B/${_c%.c}.o"
		done
		_d=$(dirname "$_d")
	done
}

# A test that counts the steps of its room: the room is compiled once more
# with a call in each basic block, and library calls that walk over octets
# go through the test.  Counting needs no clock and no quiet machine.
steps_rules() {
	[ "$MODE" = normal ] || return 0
	_room=${1%%/*}
	_objs=
	_wrap=
	for _f in memchr memcmp memcpy memmem memmove memset strchr strlen \
	    strncasecmp strstr; do
		_wrap="$_wrap -Wl,--wrap=$_f"
	done
	mkdir -p "$B/steps/$_room" "$B/steps/common"
	for _c in "$_room"/*.c common/buf.c common/arena.c common/fnv.c; do
		case $_c in *_test.c|*_fuzz.c|*/main.c) continue ;; esac
		_o=$B/steps/${_c%.c}.o
		_objs="$_objs $_o"
		echo "$_o: $_c $B/flags"
		echo "	@echo cc $_c '(steps)'"
		echo "	@\$(CC) \$(CFLAGS_ALL) -U_FORTIFY_SOURCE -fno-builtin -fsanitize-coverage=trace-pc -MMD -MP -c -o $_o $_c"
		echo "-include ${_o%.o}.d"
	done
	_o=$B/${1%.c}.o
	_t=$B/${1%.c}
	tests="$tests $_t"
	echo "$_o: $1 $B/flags"
	echo "	@echo cc $1"
	echo "	@\$(CC) \$(CFLAGS_ALL) -MMD -MP -c -o $_o $1"
	echo "-include ${_o%.o}.d"
	echo "$_t: $_o$_objs $(archives_for $_room)"
	echo "	@\$(CC) \$(LDFLAGS_ALL)$_wrap -o $_t $_o$_objs $(archives_for $_room) $(lib openssl) $(libs_for $_room)"
}

ROOMS="common mail $(echo $(sh "$(dirname "$0")/procs.sh" programs)) paild pailctl deliver"
warn="$(echo $warn) ${WERROR:-}"
known=$(sh "$(dirname "$0")/features.sh" "$B" "$MODE" "$CC" \
    "-std=c11 $hard $opt ${CFLAGS:-}")
have=$(echo "$known" | sed -n 3p)
hard="$hard $opt$(echo "$known" | sed -n 1p)$have"
ldhard="-pie$(echo "$known" | sed -n 2p)"
cflags="$warn $hard -I. -I$B $inc ${CFLAGS:-}"
# Objects are made anew when these change, not when a file is added.
if [ "$(cat "$B/flags" 2>/dev/null)" != "$CC $cflags" ]; then
	echo "$CC $cflags" > "$B/flags"
fi
echo "# Made by mk/rules.sh; do not edit."
echo "CC = $CC"
echo "CFLAGS_ALL = $cflags"
echo "LDFLAGS_ALL = $ldhard $ldopt ${LDFLAGS:-}"
echo
progs= ; tests= ; fuzzers= ; objs=
for room in $ROOMS; do
	members=
	for d in $(find "$room" -type d); do mkdir -p "$B/$d"; done
	for c in $(find "$room" -name '*.c' | LC_ALL=C sort); do
		case $c in
		*/sandbox_linux*.c)   [ "$OS" = Linux ] || continue ;;
		*/sandbox_openbsd.c) [ "$OS" = OpenBSD ] || continue ;;
		*/sandbox_posix.c)
			case $OS in Linux|OpenBSD) continue ;; esac ;;
		*_fuzz.c) [ "$MODE" != normal ] || continue ;;
		esac
		o=$B/${c%.c}.o
		case $c in
		*/steps_test.c) steps_rules "$c"; continue ;;
		esac
		objs="$objs $o"
		echo "$o: $c $B/flags"
		echo "	@echo cc $c"
		echo "	@\$(CC) \$(CFLAGS_ALL) -MMD -MP -c -o $o $c"
		echo "-include ${o%.o}.d"
		case $c in
		*/test/*)
			;;
		*_test.c|*_fuzz.c)
			t=$B/${c%.c}
			case $c in
			*_test.c)	tests="$tests $t" ;;
			*)		fuzzers="$fuzzers $t" ;;
			esac
			with="$o$(rigs_for "$c") $(archives_for $room)"
			echo "$t: $with"
			echo "	@\$(CC) \$(LDFLAGS_ALL) -o $t $with $(lib openssl) $(libs_for $room)"
			;;
		"$room"/main.c)
			p=$B/bin/$(program_of "$room")
			progs="$progs $p"
			echo "$p: $o $(archives_for $room)"
			echo "	@\$(CC) \$(LDFLAGS_ALL) -o $p $o $(archives_for $room) $(libs_for $room)"
			;;
		*)	members="$members $o" ;;
		esac
	done
	echo "$B/lib$room.a:$members $B/rules.mk"
	echo "	@rm -f $B/lib$room.a"
	echo "	@ar rcs $B/lib$room.a$members"
done
# The helpers of regress/lib/: a program each; those that speak our own
# protocols with the parts in hostile/.
mkdir -p "$B/bin" "$B/regress/lib"
parts=
for c in regress/lib/hostile/*.c; do
	[ -f "$c" ] || continue
	o=$B/${c%.c}.o
	mkdir -p "${o%/*}"
	parts="$parts $o"
	echo "$o: $c $B/flags"
	echo "	@echo cc $c"
	echo "	@\$(CC) \$(CFLAGS_ALL) -MMD -MP -c -o $o $c"
	echo "-include ${o%.o}.d"
done
for c in regress/lib/*.c; do
	[ -f "$c" ] || continue
	o=$B/${c%.c}.o
	t=$B/${c%.c}
	tests="$tests $t"
	echo "$o: $c $B/flags"
	echo "	@echo cc $c"
	echo "	@\$(CC) \$(CFLAGS_ALL) -MMD -MP -c -o $o $c"
	echo "-include ${o%.o}.d"
	case $c in
	*/hostile_*) with=$parts ;;
	*) with= ;;
	esac
	echo "$t: $o$with $B/libcommon.a"
	echo "	@\$(CC) \$(LDFLAGS_ALL) -o $t $o$with $B/libcommon.a $base"
done
echo "programs:$progs"
# The fuzz targets replay their corpus on the build with sanitizers.
[ "$MODE" = normal ] || tests="$tests $fuzzers"
echo "tests:$tests"
echo "fuzzers:$fuzzers"

#!/bin/sh
# Writes the explicit rules of one build to standard output: every .c of a
# room becomes an object, a room becomes an archive, main.c of a room a
# program, x_test.c a unit test, x_fuzz.c a fuzz target.  A new file needs
# no entry anywhere.  Plain rules only: GNU make and bmake both read them.
#
# usage: rules.sh BUILDDIR MODE        (MODE: normal, asan, fuzz)
set -eu
B=$1
MODE=$2
OS=$(uname -s)

warn="-std=c11 -Wall -Wextra -Werror -Wshadow -Wpointer-arith
 -Wmissing-prototypes -Wstrict-prototypes -Wwrite-strings -Wvla -Wformat=2
 -Wundef -Wcast-qual -Wold-style-definition -Wnull-dereference"
hard="-fPIE -fstack-protector-strong"
case $OS in
Linux)	hard="$hard -fstack-clash-protection -D_GNU_SOURCE" ;;
esac
ldhard="-pie -Wl,-z,relro,-z,now,-z,noexecstack"
case $MODE in
normal)	opt="-O2 -g -D_FORTIFY_SOURCE=2" ; ldopt= ;;
asan)	san="-fsanitize=address,undefined -fno-sanitize-recover=all"
	opt="-O1 -g -fno-omit-frame-pointer -DPAIL_ASAN $san"
	warn=$(echo $warn | sed 's/-Wnull-dereference//')
	ldopt=$san ;;
fuzz)	# AFL++'s compiler is a clang: the warnings are for the others.
	san="-fsanitize=address,undefined -fno-sanitize-recover=all"
	opt="-O1 -g -fno-omit-frame-pointer -DPAIL_ASAN -DPAIL_FUZZ $san"
	warn=-std=gnu11
	CC=${AFL_CC:-afl-clang-fast}
	ldopt=$san ;;
esac
CC=${CC:-cc}
PKG=${PKG_CONFIG:-pkg-config}
inc=$($PKG --cflags libevent libcurl openssl libzstd zlib yaml-0.1 sqlite3 \
    liblz4 expat libutf8proc)

lib() { $PKG --libs "$@"; }
base="$(lib libevent libcrypto) $(lib libutf8proc)"
libs_for() {
	case $1 in
	common)	 echo "$base" ;;
	mail)	 echo "$base" ;;
	imapd)	 echo "$(lib openssl libevent_openssl) $base" ;;
	storaged) echo "$(lib libcurl sqlite3 libzstd zlib liblz4 expat) $base -lpthread" ;;
	authd)	 case $OS in OpenBSD) echo "$base" ;; *) echo "-lcrypt $base" ;; esac ;;
	credd)	 echo "$base" ;;
	paild)	 echo "$(lib yaml-0.1) $base" ;;
	pailctl) case $OS in
		 OpenBSD) echo "$(lib yaml-0.1) $base" ;;
		 *) echo "$(lib yaml-0.1) -lcrypt $base" ;;
		 esac ;;
	esac
}
# The archives a room's programs and tests are linked with, in link order.
archives_for() {
	case $1 in
	common)	 echo "$B/libcommon.a" ;;
	mail)	 echo "$B/libmail.a $B/libcommon.a" ;;
	imapd)	 echo "$B/libimapd.a $B/libmail.a $B/libcommon.a" ;;
	pailctl) echo "$B/libpailctl.a $B/libpaild.a $B/libcommon.a" ;;
	*)	 echo "$B/lib$1.a $B/libcommon.a" ;;
	esac
}

ROOMS="common mail imapd storaged authd credd paild pailctl"
cflags="$(echo $warn) $hard $opt -I. -I$B $inc ${CFLAGS:-}"
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
	mkdir -p "$B/$room"
	members=
	for c in "$room"/*.c; do
		[ -f "$c" ] || continue
		case $c in
		*/sandbox_linux.c)   [ "$OS" = Linux ] || continue ;;
		*/sandbox_openbsd.c) [ "$OS" = OpenBSD ] || continue ;;
		*/sandbox_posix.c)
			case $OS in Linux|OpenBSD) continue ;; esac ;;
		*_fuzz.c) [ "$MODE" != normal ] || continue ;;
		esac
		o=$B/${c%.c}.o
		objs="$objs $o"
		echo "$o: $c $B/flags"
		echo "	@echo cc $c"
		echo "	@\$(CC) \$(CFLAGS_ALL) -MMD -MP -c -o $o $c"
		echo "-include ${o%.o}.d"
		case $c in
		*_test.c)
			t=$B/${c%.c}
			tests="$tests $t"
			echo "$t: $o $(archives_for $room)"
			echo "	@\$(CC) \$(LDFLAGS_ALL) -o $t $o $(archives_for $room) $(libs_for $room)"
			;;
		*_fuzz.c)
			t=$B/${c%.c}
			fuzzers="$fuzzers $t"
			echo "$t: $o $(archives_for $room)"
			echo "	@\$(CC) \$(LDFLAGS_ALL) -o $t $o $(archives_for $room) $(libs_for $room)"
			;;
		*/main.c)
			p=$B/bin/$room
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
# The helpers of regress/ that speak our own protocols: a program each.
mkdir -p "$B/bin" "$B/regress"
for c in regress/*.c; do
	[ -f "$c" ] || continue
	o=$B/${c%.c}.o
	t=$B/${c%.c}
	tests="$tests $t"
	echo "$o: $c $B/flags"
	echo "	@echo cc $c"
	echo "	@\$(CC) \$(CFLAGS_ALL) -MMD -MP -c -o $o $c"
	echo "-include ${o%.o}.d"
	echo "$t: $o $B/libcommon.a"
	echo "	@\$(CC) \$(LDFLAGS_ALL) -o $t $o $B/libcommon.a $base"
done
echo "programs:$progs"
# The fuzz targets replay their corpus on the build with sanitizers.
[ "$MODE" = normal ] || tests="$tests $fuzzers"
echo "tests:$tests"
echo "fuzzers:$fuzzers"

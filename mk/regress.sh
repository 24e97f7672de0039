#!/bin/sh
# make regress: runs every test, on a normal and on an ASan+UBSan build.  The
# last line is "N passed, N failed".  REGRESS_FUZZ: seconds of fuzzing for each
# kind of decoder (30), always with the same mutations, so that the same code
# gives the same result (FUZZ_SEED; mk/fuzz.sh); make fuzz varies them.
set -u
cd "$(dirname "$0")/.."
counts=build/counts failures=build/failures
mkdir -p build
: > "$counts"
: > "$failures"
MAKE=${MAKE:-make}

step() { echo "== $*"; }

# A step that is not itself a test, but without which no result counts.
need() {
	step "$*"
	if "$@"; then return 0; fi
	echo "FAILED: $*"
	echo "0 passed, 1 failed"
	exit 1
}
# What was begun in the background: its PID, and where its output is.
ended() {
	wait "$1"
	code=$?
	cat "$2"
	return "$code"
}
# A step that counts as one test.
check() {
	step "$*"
	if "$@"; then echo "1 0" >> "$counts"
	else echo "FAILED: $*" | tee -a "$failures"; echo "0 1" >> "$counts"; fi
}
# Unit tests of one build: the last line of their output is the count.
units() {
	step "unit tests: $1"
	out=build/units.$1.out
	python3 regress/with_minio.py sh mk/unit.sh "build/$1" > "$out" 2>&1
	cat "$out"
	sed -n '/^FAILED: /,$p' "$out" | sed '$d' | head -n 200 >> "$failures"
	n=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$out")
	echo "${n:-0 1}" >> "$counts"
}

# The tests in regress/tests; a run that reports no counts has failed.
suite() {
	lines=$(wc -l < "$counts")
	out=build/suite.out
	python3 regress/run.py "$@" --counts "$counts" 2>&1 | tee "$out"
	# Of each test that failed: its last lines, and those of the log in them.
	awk '/^ok / { n = 0; next }
	    { a[n++] = $0 }
	    /^FAIL/ { for (i = n > 40 ? n - 40 : 0; i < n; i++) print a[i]
		n = 0 }' "$out" >> "$failures"
	[ "$(wc -l < "$counts")" -gt "$lines" ] || echo "0 1" >> "$counts"
}

# Warnings of the compilers that we test with must be fixed.
WERROR=-Werror; export WERROR
need sh mk/deps.sh
# On a new machine this takes minutes, much of it downloads.
sh mk/testdeps.sh > build/testdeps.out 2>&1 &
testdeps=$!
PATH=$PWD/build/tools:$PATH; export PATH
need $MAKE -j 2 MODE=normal tests
need $MAKE -j 2 MODE=asan tests
need ended "$testdeps" build/testdeps.out
# The servers that must be refused are built in the background, too.
sh mk/testdeps.sh servers > build/servers.out 2>&1 &
servers=$!
need $MAKE -j 2 MODE=fuzz fuzzers
check sh mk/lint.sh
check python3 mk/mutants.py --check
check sh mk/bmake.sh
check sh mk/compilers.sh
units asan &
asan=$!
units normal
wait "$asan"
check sh mk/fuzz.sh replay build/asan
FUZZ_SEED=${FUZZ_SEED:-1}; export FUZZ_SEED
check sh mk/fuzz.sh "${REGRESS_FUZZ:-25}"
wait "$servers" || { echo "missing servers:"; cat build/servers.out; }
# Four files at a time, since most of a test is waiting; what measures time goes
# alone, after the others.
step "the suite, normal build"
suite --lanes 4
# Its whole is S3_SERVER=versitygw python3 regress/run.py (regress/README).
step "reading, writing and racing on versitygw, normal build"
S3_SERVER=versitygw SECONDS=15 ROUNDS=10 suite --second
step "the suite, ASan+UBSan build"
suite --asan --lanes 3
if [ -s "$failures" ]; then
	# What shortens a long output keeps its end.
	step "what failed, once more"
	tail -n 300 "$failures"
fi
awk '{ p += $1; f += $2 } END {
	printf "%d passed, %d failed\n", p, f; exit (f != 0 || p == 0) }' \
    "$counts"

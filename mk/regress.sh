#!/bin/sh
# make regress: every test, on a normal and on an ASan+UBSan build.  The
# last line is "N passed, N failed".  REGRESS_FUZZ: seconds of fuzzing for
# each kind of decoder (60); always the same mutations, so that the same code
# gives the same answer (FUZZ_SEED; mk/fuzz.sh).  What chance finds is make
# fuzz's.
set -u
cd "$(dirname "$0")/.."
counts=build/counts
mkdir -p build
: > "$counts"
MAKE=${MAKE:-make}

step() { echo "== $*"; }

# A step that is no test of its own, but without which nothing counts.
need() {
	step "$*"
	if "$@"; then return 0; fi
	echo "FAILED: $*"
	echo "0 passed, 1 failed"
	exit 1
}
# A step that counts as one test.
check() {
	step "$*"
	if "$@"; then echo "1 0" >> "$counts"
	else echo "FAILED: $*"; echo "0 1" >> "$counts"; fi
}
# Unit tests of one build: the last line of their output is the count.
units() {
	step "unit tests: $1"
	out=build/units.$1.out
	python3 regress/with_minio.py sh mk/unit.sh "build/$1" > "$out" 2>&1
	cat "$out"
	n=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$out")
	echo "${n:-0 1}" >> "$counts"
}

# The suite's checks; a run that counts nothing has failed.
suite() {
	lines=$(wc -l < "$counts")
	python3 regress/run.py "$@" --counts "$counts" || true
	[ "$(wc -l < "$counts")" -gt "$lines" ] || echo "0 1" >> "$counts"
}

need sh mk/deps.sh
need sh mk/testdeps.sh
PATH=$PWD/build/tools:$PATH; export PATH
# The servers that are to be refused are built beside all that follows.
sh mk/testdeps.sh servers > build/servers.out 2>&1 &
servers=$!
need $MAKE -j 2 MODE=normal tests
need $MAKE -j 2 MODE=asan tests
need $MAKE -j 2 MODE=fuzz fuzzers
check sh mk/lint.sh
check sh mk/bmake.sh
units normal
units asan
check sh mk/fuzz.sh replay build/asan
FUZZ_SEED=${FUZZ_SEED:-1}; export FUZZ_SEED
check sh mk/fuzz.sh "${REGRESS_FUZZ:-60}"
wait "$servers" || { echo "servers that are missing:"; cat build/servers.out; }
step "the suite, normal build"
suite
step "the suite, ASan+UBSan build"
suite --asan
awk '{ p += $1; f += $2 } END {
	printf "%d passed, %d failed\n", p, f; exit (f != 0 || p == 0) }' \
    "$counts"

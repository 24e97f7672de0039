#!/bin/sh
# Fuzzing with AFL++.  Each group below is a kind of input that a client, a
# peer or the bucket controls; it gets SECONDS (default 60), shared by its
# targets, two groups at a time.  Crashes and hangs count as failures, and the
# input is kept in build/fuzz/found: fix the bug, and copy the file to
# regress/corpus/TARGET.  Dictionaries are regress/corpus/GROUP.dict and
# TARGET.dict.  FUZZ_SEED: with a number, the same mutations are made in the
# same order each time, however fast the machine, so that only code and corpus
# decide what is found (make regress); without it, each run is different.
#
# usage: fuzz.sh [SECONDS [GROUP ...]]
#	 fuzz.sh replay BUILDDIR	every file of the corpus, once
set -u
cd "$(dirname "$0")/.."

groups="imap mail header record object message config"
targets_of() {
	case $1 in
	imap)	 echo imapd/parse imapd/client authd/sasl authd/jwt common/user \
		     authd/recipient lmtpd/lmtp admind/http/http ;;
	mail)	 echo mail/parser ;;
	header)	 echo mail/header mail/structure ;;
	record)	 echo storaged/format/record storaged/format/head \
		     storaged/format/mailpack storaged/index/apply ;;
	object)	 echo storaged/bucket/object storaged/bucket/ingest/ingest_notice storaged/format/msgobj \
		     storaged/format/codec storaged/bucket/s3/s3_xml ;;
	message) echo lmtpd/parcel common/msg_mbox common/peer common/wire \
		     common/digest common/uidset common/metric_text ;;
	config)	 echo paild/conf common/slice common/json credd/fetch credd/profile \
		     credd/sts_answer ;;
	*)	 echo "no such group: $1" >&2; exit 2 ;;
	esac
}
corpus_of() { echo "regress/corpus/$(basename "$1")"; }

# Runs each target of a sanitizer build on its whole corpus.
replay() {
	bad=0 n=0
	for c in $(git ls-files '*_fuzz.c'); do
		t=${c%_fuzz.c}
		dir=$(corpus_of "$t")
		set -- "$dir"/*
		if [ ! -f "$1" ]; then
			echo "$t has no corpus: $dir"
			bad=$((bad + 1))
			continue
		fi
		n=$((n + $#))
		if ! timeout 120 "$B/${t}_fuzz" "$@" >"$B/replay.$$" 2>&1; then
			echo "$t fails; alone:"
			for f; do
				timeout 20 "$B/${t}_fuzz" "$f" >/dev/null 2>&1 ||
				    echo "  $f"
			done
			tail -n 40 "$B/replay.$$"
			bad=$((bad + 1))
		fi
		rm -f "$B/replay.$$"
	done
	echo "$n files, $bad targets failed"
	[ "$bad" -eq 0 ]
}

# Runs one target for some seconds.  AFL exits with 0 even if it finds bugs.
fuzz_one() {	# group target seconds
	group=$1
	shift
	name=$(basename "$1")
	out=$B/out/$name
	rm -rf "$out"
	mkdir -p "$out"
	opts=${FUZZ_SEED:+-s $FUZZ_SEED}
	for words in "$group" "$name"; do
		[ -f "regress/corpus/$words.dict" ] &&
		    opts="$opts -x regress/corpus/$words.dict"
	done
	# shellcheck disable=SC2086
	if ! TMPDIR=$out afl-fuzz -i "$(corpus_of "$1")" -o "$out" \
	    -V "$2" -t 10000 -m none $opts -- "$B/${1}_fuzz" >"$out/log" 2>&1; then
		echo "afl-fuzz failed on $1:"
		tail -n 20 "$out/log"
		return 1
	fi
	stats=$out/default/fuzzer_stats
	echo "$1: $(stat_of execs_done) runs," \
	    "$(stat_of execs_per_sec) a second," \
	    "$(stat_of corpus_count) inputs kept," \
	    "coverage $(stat_of bitmap_cvg)"
	ret=0
	for f in "$out"/default/crashes/id* "$out"/default/hangs/id*; do
		[ -f "$f" ] || continue
		case $f in */hangs/*)	# a busy machine is not a hang
			timeout 20 "$B/${1}_fuzz" "$f" >/dev/null 2>&1 &&
			    continue ;;
		esac
		mkdir -p "$B/found/$name"
		kept=$B/found/$name/$(sha256sum "$f" | cut -c1-16)
		cp "$f" "$kept"
		echo "FAILED: $1: $kept"
		timeout 20 "$B/${1}_fuzz" "$f" 2>&1 | grep -m 12 -E \
		    'ERROR|runtime error|_fuzz.c|^ *#[0-9]'
		ret=1
	done
	return $ret
}
stat_of() { sed -n "s/^$1 *: *//p" "$stats"; }

fuzz_group() {	# group seconds
	bad=0
	of=$1
	# shellcheck disable=SC2046
	set -- "$2" $(targets_of "$1")
	seconds=$1
	shift
	for t; do
		fuzz_one "$of" "$t" $((seconds / $# > 5 ? seconds / $# : 5)) ||
		    bad=1
	done
	return $bad
}

if [ "${1:-}" = replay ]; then
	B=${2:-build/asan}
	replay
	exit
fi
B=build/fuzz
seconds=${1:-60}
[ $# -gt 0 ] && shift
AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1
AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_HANG_TMOUT=10000
AFL_FAST_CAL=1 AFL_CMPLOG_ONLY_NEW=1
export AFL_SKIP_CPUFREQ AFL_NO_AFFINITY AFL_NO_UI AFL_HANG_TMOUT
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES AFL_FAST_CAL AFL_CMPLOG_ONLY_NEW
ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0
ASAN_OPTIONS=$ASAN_OPTIONS:max_allocation_size_mb=512
UBSAN_OPTIONS=abort_on_error=1:halt_on_error=1:symbolize=0
export ASAN_OPTIONS UBSAN_OPTIONS

# Two groups at a time: each of two runners takes every other one.
status=$B/fuzz.status
: > "$status"
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $groups
odd() { while [ $# -gt 0 ]; do echo "$1"; shift; [ $# -gt 0 ] && shift; done; }
first=$(odd "$@")
shift
second=$(odd "$@")
one_after_another() {
	for g; do
		fuzz_group "$g" "$seconds" || echo "$g" >> "$status"
	done
}
# shellcheck disable=SC2086
one_after_another $first &
# shellcheck disable=SC2086
one_after_another $second
wait
if [ -s "$status" ]; then
	echo "failed: $(tr '\n' ' ' < "$status")"
	exit 1
fi

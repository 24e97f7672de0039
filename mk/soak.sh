#!/bin/sh
# make soak: runs for hours what regress runs for a minute, on the normal
# build.  Each word in SOAK_LANES lists jobs that run one after another; the
# lanes run in parallel.  Prints the progress and the SEED of each job every
# minute.  A job that fails leaves its output in build/soak/JOB.log, and all
# files of its nodes and of MinIO in build/soak/JOB.  Ctrl-C or SIGTERM stops
# it.
#
#	SOAK_ROUNDS=1000	kills, on each store
#	SOAK_MINUTES=60		two nodes and one history, on each store
#	SOAK_LANES=...		"kill_file,kill_minio,faults,guessing,alike
#				history_minio history_file tokens" (an hour
#				and a half; tokens: eight clients on keys of
#				60 s life); another job is first_start: all
#				combinations of slow and absent buckets,
#				numbers of processes and nodes, and kills of
#				the server, at a first start (20 minutes on a
#				machine of its own); mta: 1,000 mails by each
#				MTA and way while the store has faults; and
#				ingest: 1,000 mails in a bucket for two nodes
#				of which one is killed, by LIST and by SQS;
#				metrics: a Prometheus scrapes for a minute
#				under load; image: etc/Containerfile is built
#				whole, by an ordinary user
#	STRANGERS_SECONDS=20	duration of each attack ("strangers")
#	SOAK_DIR=build/soak	directory for its output
#	SEED=n			repeats the load of a failed run
set -u
cd "$(dirname "$0")/.."
PATH=$PWD/build/tools:$PATH; export PATH
ROUNDS=${SOAK_ROUNDS:-1000}
MINUTES=${SOAK_MINUTES:-60}
LANES=${SOAK_LANES:-"kill_file,kill_minio,faults,guessing,alike history_minio history_file tokens"}
DIR=${SOAK_DIR:-$PWD/build/soak}

checks() {	# of a job
	kill=test_kill.test_what_was_acknowledged_survives_kills_on
	history=test_history.test_two_nodes_have_one_history_on
	case $1 in
	kill_file)	echo ${kill}_the_file_store ;;
	kill_minio)	echo ${kill}_minio ;;
	history_file)	echo ${history}_the_file_store ;;
	history_minio)	echo ${history}_minio ;;
	faults)		echo test_faults ;;
	strangers)	echo test_strangers test_reach ;;
	guessing)	echo test_guessing ;;
	alike)		echo test_alike ;;
	tokens)		echo test_tokens.test_eight_clients_work_while_their_keys_end_again_and_again ;;
	mta)		echo test_mta ;;
	ingest)		echo test_ingest ;;
	image)		echo test_image.test_the_whole_containerfile_is_built_and_serves ;;
	metrics)	echo test_metrics.test_a_prometheus_gets_data_for_every_panel ;;
	first_start)	echo test_first_start.test_all_combinations_of_a_first_start ;;
	*)		echo "no such job: $1" >&2; return 1 ;;
	esac
}

job() {
	mkdir -p "$DIR/$1"
	# shellcheck disable=SC2046 # one word a test
	exec env TMPDIR="$DIR/$1" KEEP=1 SOAK=1 ROUNDS="$ROUNDS" \
	    STRANGERS_SECONDS="${STRANGERS_SECONDS:-20}" \
	    SECONDS=$((MINUTES * 60)) python3 regress/run.py $(checks "$1")
}

lane() {	# kill_file,kill_minio
	pid=
	trap 'kill $pid 2>/dev/null; wait; exit 1' TERM
	for j in $(echo "$1" | tr , ' '); do
		job "$j" > "$DIR/$j.log" 2>&1 &
		pid=$!
		wait "$pid"
		echo $? > "$DIR/$j.status"
	done
}

tell() {	# how far each job is
	for j in $JOBS; do
		[ -s "$DIR/$j.log" ] || continue
		[ -e "$DIR/$j.told" ] && continue
		printf '%s %s:%s' "$(date +%H:%M:%S)" "$j" \
		    "$(tail -n 1 "$DIR/$j.log" | cut -c 1-300)"
		echo
		[ -e "$DIR/$j.status" ] || continue
		: > "$DIR/$j.told"
		rmdir "$DIR/$j" 2>/dev/null
		[ "$(cat "$DIR/$j.status")" = 0 ] && continue
		echo "FAILED: $j: its log ($DIR/$j.log) ends with"
		tail -n 40 "$DIR/$j.log"
		echo "its nodes' files: $DIR/$j; its $(grep -o 'SEED=[0-9]*' \
		    "$DIR/$j.log" | tail -n 1)"
	done
}

stopped() {
	trap '' INT TERM
	echo "stopped; so far:"
	tell
	kill $pids $nap 2>/dev/null
	wait
	exit 1
}

${MAKE:-make} all || exit 1
sh mk/testdeps.sh || exit 1
JOBS=$(echo "$LANES" | tr , ' ')
for j in $JOBS; do checks "$j" >/dev/null || exit 1; done
mkdir -p "$DIR"
for j in $JOBS; do
	rm -rf "$DIR/$j" "$DIR/$j.log" "$DIR/$j.status" "$DIR/$j.told"
done
echo "$(date +%H:%M:%S) $ROUNDS kills, $MINUTES minutes: $LANES"
pids= nap=
trap stopped INT TERM
for l in $LANES; do
	lane "$l" &
	pids="$pids $!"
done
alive() {
	for p in $pids; do kill -0 "$p" 2>/dev/null && return 0; done
	return 1
}
while alive; do
	sleep 60 & nap=$!
	wait $nap
	tell
done
passed=0 failed=0
for j in $JOBS; do
	if [ "$(cat "$DIR/$j.status")" = 0 ]; then passed=$((passed + 1))
	else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

#!/bin/sh
# make soak: what regress does for a minute, for hours, on the normal build.
#
#	SOAK_ROUNDS=1000	kills, on the file store and on MinIO
#	SOAK_MINUTES=60		two nodes and one history, on each store
#	SEED=n			repeats the load of a run that failed
set -u
cd "$(dirname "$0")/.."
PATH=$PWD/build/tools:$PATH; export PATH
${MAKE:-make} tests || exit 1
sh mk/testdeps.sh || exit 1
ROUNDS=${SOAK_ROUNDS:-1000}
SECONDS=$((${SOAK_MINUTES:-60} * 60))
export ROUNDS SECONDS
exec python3 regress/run.py test_kill test_history

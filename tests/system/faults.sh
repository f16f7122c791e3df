#!/usr/bin/env bash
# Every command with failing system calls, a few of each kind: the short form
# of `make faults`, which takes all of them. See tests/faults/faults.c.
#
#   FAULTS=PROGRAM SINKLAB=PROGRAM tests/system/faults.sh [OPTION...]
set -u
FAULTS=${FAULTS:-build/float/tests/faults/faults}
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
# shellcheck disable=SC2086 # the form may be none
exec "$FAULTS" ${FAULTS_FORM---short} -j "$jobs" "$@"

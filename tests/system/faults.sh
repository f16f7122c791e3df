#!/usr/bin/env bash
# Every command with failing system calls, a few of each kind. FAULTS_FORM says
# how many: --few, --half (`make check`), --short, or empty, which is all of them
# (`make faults`). See tests/faults/faults.c.
#
#   FAULTS=PROGRAM tests/system/faults.sh [OPTION...]
set -u
FAULTS=${FAULTS:-build/float/tests/faults/faults}
# Each process finds out for itself what happens undisturbed, which costs more
# than a few faults do
jobs=${JOBS:-1}
# shellcheck disable=SC2086 # the form may be none
exec "$FAULTS" ${FAULTS_FORM---few} -j "$jobs" "$@"

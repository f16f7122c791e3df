#!/usr/bin/env bash
# A sweep whose launcher is killed again and again - alone, or with all its
# runs - ends with the same bytes as one that was left in peace, and trains
# nothing twice.
#
#   SWEEP_RUNS=60 KILLS=25 tests/system/sweep_kill.sh    the full version
#
# A launcher begins at most two runs before it is killed, or three: nine in four
# kills. With that many there is always one left for the next kill to happen in.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
runs=${SWEEP_RUNS:-14}
kills=${KILLS:-6}
RANDOM=1 # the same moments every time

cat >sweep.ini <<END
[model]
layers = 1
width = 16
heads = 2
context = 16
[train]
steps = 100
batch = 2
log_every = 10
val_every = 25
val_tokens = 32
[sink]
tokens = 16
probe_every = 25
probe_sequences = 2
[checkpoint]
every = 50
resume_every = 10
[sweep]
jobs = 2
[axes]
run.seed = $(seq -s ', ' "$runs")
END

sweep() { # folder
    "$SINKLAB" sweep sweep.ini run.dir="$1"
}
is_finished() { # folder
    local left
    left=$("$SINKLAB" sweep --list "$1") && [ -z "$left" ]
}

check "the sweep to be matched" sweep peace
names=$(cd peace && ls -d 0*)
check "it has $runs runs" test "$(wc -w <<<"$names")" = "$runs"

# --- killed ------------------------------------------------------------------

# Kill the launcher: when its first run comes to a step, alone or with that run;
# just after it has started a run; when one has ended and nobody knows it.
moments() { # number of the kill
    local step=$((RANDOM % 99))
    case $(($1 % 4)) in
    0) echo "train step $step KILL parent" ;;
    1) echo "train step $step KILL parent; train step $step KILL" ;;
    2) echo "sweep start $((1 + RANDOM % 3)) KILL" ;;
    3) echo "sweep end 1 KILL" ;;
    esac
}
# Its last runs save their state when they hear of it.
no_run_left() {
    local lock
    for lock in war/0*/lock; do
        flock -n "$lock" true || return 1
    done
}

for ((i = 0; i < kills; i++)); do
    at=$(moments $i)
    check "the launcher is killed at $at" killed_at "$at" sweep war
    [ $((i % 3)) = 2 ] || await_that no_run_left # else they overlap
done
check "started once more it goes to its end" sweep war
check "nothing is left to do" is_finished war

each() { # command, which gets the folder of a run in both sweeps
    local name bad=0
    for name in $names; do
        "$1" "peace/$name" "war/$name" || bad=1
    done
    return $bad
}
same_metrics() { # folder folder
    same_bytes "$1/metrics.csv" "$2/metrics.csv"
}
same_weights() { # folder folder
    local file
    for file in "$1"/checkpoints/*.h5; do
        h5diff "$file" "$2/checkpoints/${file##*/}" /param || return 1
    done
}
same_names() { # folder folder
    diff <(cd "$1/checkpoints" && ls -A) <(cd "$2/checkpoints" && ls -A) >&2
}
is_done() { # folder folder
    first_line_is "$2/status" "done"
}
# A start after one that reached the end would be a second training.
trained_once() { # folder folder
    awk '/^\[start/ && is_done { exit 1 } /^state = done/ { is_done = 1 }' \
        "$2/manifest.ini" && return 0
    echo "$2 was trained again" >&2
    return 1
}
check "all runs are done" each is_done
check "the same metrics, byte for byte" each same_metrics
check "the same weights and states" each same_weights
check "the same checkpoints, and no temporary files" each same_names
check "no run was trained again after it was done" each trained_once
check "the journal saw no start after an end" awk -F '\t' '
    $4 == "started" && $2 in ended { exit 1 } $4 == "done" { ended[$2] }' \
    war/journal
note "runs that went on after a kill: $(grep -l '^\[start 2\]' \
    war/*/manifest.ini | wc -l)"
says() { # text command...
    local text=$1
    shift
    "$@" | grep -F -- "$text"
}
check "a finished sweep starts nothing" says "of $runs runs $runs done" \
    sweep war

finish

#!/usr/bin/env bash
# A sweep whose launcher is killed again and again - alone, or with all its
# runs - ends with the same bytes as one that was left in peace, and trains
# nothing twice.
#
#   SWEEP_RUNS=60 KILLS=20 tests/system/sweep_kill.sh    the full version
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
runs=${SWEEP_RUNS:-12}
kills=${KILLS:-6}
RANDOM=1 # the same moments every time, as far as the machine allows

cat >sweep.ini <<END
[model]
layers = 1
width = 16
heads = 2
context = 16
[train]
steps = 300
batch = 2
log_every = 10
val_every = 50
val_sequences = 2
[sink]
tokens = 16
probe_every = 50
probe_sequences = 2
[checkpoint]
every = 150
resume_every = 20
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

# Kill the launcher, and every second time all its runs with it.
kill_launcher() { # process count
    local jobs=
    [ $(($2 % 2)) = 1 ] && jobs=$(pgrep -P "$1")
    # shellcheck disable=SC2086 # a list
    kill -KILL "$1" $jobs 2>/dev/null
    wait "$1" 2>/dev/null
    [ $? -eq 137 ]
}

until_started() { # file that its launcher writes to
    for _ in $(seq 500); do
        grep -q '^started' "$1" && return
        sleep 0.01
    done
}

n_killed=0
while [ $n_killed -lt "$kills" ]; do
    "$SINKLAB" sweep sweep.ini run.dir=war >war.out 2>&1 &
    launcher=$!
    until_started war.out
    sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
    kill_launcher $launcher $n_killed || break # it was faster
    n_killed=$((n_killed + 1))
done
note "the launcher was killed $n_killed times of $kills"
check "its launcher was killed often" test "$n_killed" -ge $((kills / 2))
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

#!/usr/bin/env bash
# What ends a run before its last step: the rules of [train], and signals. A
# run that goes on afterwards has the bytes of one that was never stopped.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1

cat >small.ini <<'END'
[model]
layers = 2
width = 32
heads = 2
context = 32
[train]
steps = 400
batch = 4
log_every = 5
val_every = 50
val_sequences = 4
[sink]
tokens = 32
probe_every = 50
probe_sequences = 2
[checkpoint]
every = 100
resume_every = 30
END

train() { # folder override...
    local dir=$1
    shift
    "$SINKLAB" train small.ini run.dir="$dir" "$@"
}
same_run() { # folder folder
    same_bytes "$1/metrics.csv" "$2/metrics.csv" &&
        h5diff "$1/checkpoints/step-00000400.h5" \
            "$2/checkpoints/step-00000400.h5" /param
}
state_is() { # folder state step
    first_line_is "$1/status" "$2" && grep -q "^step $3," "$1/status"
}
last_step() { # folder: of its last row
    tail -n 1 "$1/metrics.csv" | cut -d , -f 1
}
says() { # text command...
    local text=$1
    shift
    "$@" | grep -F -- "$text"
}

# --- train.stop_loss ---------------------------------------------------------

# Above what training reaches at step 60, so that the first row judged is over it
rule=(train.stop_loss=0.5 train.stop_loss_from=58)
check "the run to be matched" train runs/whole
check "a run with a rule that ends it" train runs/rule "${rule[@]}"
check "its state is stopped, at the first row that the rule judges" \
    state_is runs/rule stopped 60
check "the reason names the rule" grep -q 'train.stop_loss' runs/rule/status
check "the manifest says so, too" grep -q '^state = stopped' \
    runs/rule/manifest.ini
check "asked again it stays stopped" says 'stopped early' \
    "$SINKLAB" train runs/rule
check "so it does with the config and --resume" says 'stopped early' \
    train runs/rule --resume "${rule[@]}"
check "nothing was trained for that" test "$(last_step runs/rule)" = 60
check "it was started once" test \
    "$(grep -c '^\[start' runs/rule/manifest.ini)" = 1
cp -r runs/rule runs/killed
check "another value lets it go on" "$SINKLAB" train runs/rule train.stop_loss=0
check "to the same end as without a rule" same_run runs/whole runs/rule

# As if killed after the state was saved and before `stopped` was written
sed -i '1s/.*/running/' runs/killed/status
check "killed at its end, a run still stops there" train runs/killed --resume \
    "${rule[@]}"
check "and says so" state_is runs/killed stopped 60

"$SINKLAB" train small.ini run.dir=runs/again "${rule[@]}" \
    train.stop_loss_from=358 >/dev/null 2>&1 &
for pause in 0.06 0.11 0.03 0.08; do
    process=$!
    sleep $pause
    kill -KILL $process 2>/dev/null
    wait $process 2>/dev/null
    "$SINKLAB" train small.ini --resume run.dir=runs/again "${rule[@]}" \
        train.stop_loss_from=358 >/dev/null 2>&1 &
done
wait $!
check "killed at any moment, it stops at the same row" \
    state_is runs/again stopped 360
check "a loss that is never reached stops nothing" train runs/fine \
    train.stop_loss=100
check "done" state_is runs/fine "done" 400

# --- train.stop_minutes ------------------------------------------------------

check "a run with little time" train runs/short train.stop_minutes=0.0001
check "its state is stopped" first_line_is runs/short/status stopped
check "the reason names the rule" grep -q 'train.stop_minutes' \
    runs/short/status
before=$(last_step runs/short)
check "its time is that of all its starts" says 'stopped early' \
    "$SINKLAB" train runs/short
check "so nothing was trained" test "$(last_step runs/short)" = "$before"
check "with more time it goes on" "$SINKLAB" train runs/short \
    train.stop_minutes=60
check "to the same end" same_run runs/whole runs/short
expect_fail 3 'stop_minutes' train runs/bad train.stop_minutes=-1
expect_fail 3 'stop_loss' train runs/bad train.stop_loss=none

# --- SIGUSR1 -----------------------------------------------------------------

until_begun() { # folder
    for _ in $(seq 1000); do
        [ "$(cat "$1/metrics.csv" 2>/dev/null | wc -l)" -gt 3 ] && break
        sleep 0.01
    done
}
"$SINKLAB" train small.ini run.dir=runs/warned train.steps=100000 \
    >said 2>&1 &
process=$!
until_begun runs/warned
kill -USR1 $process
kill -USR1 $process
wait $process
check "SIGUSR1 ends a run with 75, sent twice, too" test $? -eq 75
check "it says by what" grep -q 'stopped by SIGUSR1' said
check "its state is preempted" first_line_is runs/warned/status preempted

finish

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
val_tokens = 128
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
cp -r runs/rule runs/lost && rm runs/lost/config.ini
check "a lost config comes back" says 'stopped early' \
    train runs/lost --resume "${rule[@]}"
check "without a start" has_line runs/lost/manifest.ini '^\[start 1'
check_not "of its own" has_line runs/lost/manifest.ini '^\[start 2'
check "and all holds" "$SINKLAB" verify runs/lost
rm runs/lost/config.ini
check "with rows at other steps" says 'stopped early' \
    train runs/lost --resume "${rule[@]}" train.log_every=2
check "it is one" has_line runs/lost/manifest.ini '^schedule = changed'
check "which trains nothing" same_bytes runs/rule/metrics.csv \
    runs/lost/metrics.csv
check "still stopped" state_is runs/lost stopped 60
check "and all holds" "$SINKLAB" verify runs/lost
cp -r runs/rule runs/killed
check "another value lets it go on" "$SINKLAB" train runs/rule train.stop_loss=0
check "to the same end as without a rule" same_run runs/whole runs/rule

# As if killed after the state was saved and before `stopped` was written
sed -i '1s/.*/running/' runs/killed/status
check "killed at its end, a run still stops there" train runs/killed --resume \
    "${rule[@]}"
check "and says so" state_is runs/killed stopped 60

again() {
    train runs/again --resume "${rule[@]}" train.stop_loss_from=358
}
for moment in "call 4" "step 31" "call 60" "step 359" "step 360"; do
    check "killed at $moment" killed_at "train $moment KILL" again
done
check "killed at any moment, it stops" again
check "at the same row" state_is runs/again stopped 360
check "a loss that is never reached stops nothing" train runs/fine \
    train.stop_loss=100
check "done" state_is runs/fine "done" 400

# --- train.stop_minutes ------------------------------------------------------

# The clock of each start is given at some rows; of the steps 0, 5, 10, ... of a
# run, or 5 steps after the state that it goes on from. The limit is 3600 s.
timed() { # rules folder
    SINKLAB_TEST=$1 train "$2" --resume train.stop_minutes=60
}
check "a run with a limit" timed \
    "train row 10 value 3599.9994; train row 11 value 3599.9996" runs/short
check "is stopped by it" state_is runs/short stopped 50
check "the reason names the rule" grep -q 'train.stop_minutes' \
    runs/short/status
check "asked again it stays stopped" says 'stopped early' \
    "$SINKLAB" train runs/short
check "nothing was trained" test "$(last_step runs/short)" = 50

kill_timed() { # rules folder
    killed_at "$1" train "$2" --resume train.stop_minutes=60
}
check "of a run that is killed" kill_timed \
    "train row 7 value 1000; train step 31 KILL" runs/parts
check "as is its next start" kill_timed \
    "train row 6 value 1500; train row 7 value 1600; train step 89 KILL" \
    runs/parts
check "only what was kept is counted" timed \
    "train row 1 value 1099.999; train row 2 value 1100" runs/parts
check "in all starts" state_is runs/parts stopped 70
check "asked again it stays stopped, too" says 'stopped early' \
    "$SINKLAB" train runs/parts
check "with more time it goes on" "$SINKLAB" train runs/short \
    train.stop_minutes=600
check "to the same end" same_run runs/whole runs/short
expect_fail 3 'stop_minutes' train runs/bad train.stop_minutes=-1
expect_fail 3 'stop_loss' train runs/bad train.stop_loss=none

# --- SIGUSR1 -----------------------------------------------------------------

mkfifo gate
SINKLAB_TEST="train step 7 wait gate" "$SINKLAB" train small.ini \
    run.dir=runs/warned >said 2>&1 &
process=$!
await_that has_line runs/warned/metrics.csv '^5,'
kill -USR1 $process
await_that has_no_signal $process
kill -USR1 $process
open_gate gate
wait $process
check "SIGUSR1 ends a run with 75, sent twice, too" test $? -eq 75
check "it says by what" grep -q 'stopped by SIGUSR1' said
check "its state is preempted" first_line_is runs/warned/status preempted

# What is said of a failure does not stand behind the line that is rewritten
if command -v script >/dev/null; then
    train told train.steps=5 >/dev/null
    mkdir told/checkpoints/step-00000100.h5
    TERM=xterm script -qec "'$SINKLAB' train told train.steps=120" seen.txt \
        >/dev/null 2>&1 </dev/null
    check "on a terminal there is one line of progress" grep -q 'step [0-9]*/120' seen.txt
    check "a failure's sentence stands on a line of its own" grep -q '^[^ ]*sinklab:' seen.txt
fi

finish

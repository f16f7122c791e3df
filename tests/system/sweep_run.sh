#!/usr/bin/env bash
# The local launcher of sweeps: several runs at once, failures and retries,
# signals, one launcher at a time, what it prints on a terminal and elsewhere.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

cat >sweep.ini <<'END'
[model]
layers = 1
width = 16
heads = 2
context = 16
[train]
steps = 60
batch = 2
log_every = 10
val_every = 0
[sink]
probe_every = 0
[checkpoint]
every = 0
resume_every = 20
[sweep]
jobs = 2
retries = 2
[axes]
run.seed = 1, 2, 3, 4
END

sweep() { # folder override...
    local dir=$1
    shift
    "$SINKLAB" sweep sweep.ini run.dir="$dir" "$@"
}
run_dir() { # folder number
    echo "$1/000$2-seed$(($2 + 1))"
}
count() { # want file regex
    local found
    found=$(grep -c -- "$3" "$2")
    [ "$found" = "$1" ] && return 0
    echo "$2: $found lines with '$3', want $1" >&2
    return 1
}
journal_has() { # want folder event
    count "$1" "$2/journal" $'\t'"$3"$'\t'
}
dir_of() { # process: the folder of its run
    tr '\0' '\n' <"/proc/$1/cmdline" | sed -n 's/^run\.dir=//p'
}
state_is() { # folder number state
    first_line_is "$(run_dir "$1" "$2")/status" "$3"
}

# --- all goes well -----------------------------------------------------------

sweep fine >fine.txt 2>&1
check "a sweep runs" test $? -eq 0
check "four runs were done" journal_has 4 fine "done"
check "each is told when it starts" count 4 fine.txt '^started 000'
check "and when it ends" count 4 fine.txt '^done 000'
check "the end is told" count 1 fine.txt 'of 4 runs 4 done'
check_not "no escape codes where there is no terminal" grep -q $'\033' fine.txt
check "a run's output is in its folder" grep -q '^done' "$(run_dir fine 0)/log.txt"
check "runs have one thread" grep -q '^threads = 1' \
    "$(run_dir fine 0)/manifest.ini"
check "what a run was, sinklab train gives as well" "$SINKLAB" train \
    fine/configs/0002-*.ini run.dir=alone train.threads=2
check "with the same bytes" same_bytes alone/metrics.csv \
    "$(run_dir fine 2)/metrics.csv"

# What a writer that was killed left in a run that is over; not a living one's
(exit 0) &
gone=$! && wait "$gone"
touch "$(run_dir fine 0)/.tmp-$gone-manifest.ini" "$(run_dir fine 0)/.tmp-$$-x"
check "a sweep that is over is none to go on with" sweep fine
check "but its leftovers go" eval \
    'test "$(ls -A "$(run_dir fine 0)" | grep "^.tmp")" = ".tmp-$$-x"'

if command -v script >/dev/null; then
    TERM=xterm script -qec "'$SINKLAB' sweep sweep.ini run.dir=seen" seen.txt \
        >/dev/null 2>&1 </dev/null
    check "on a terminal there is a table" grep -q $'\033\\[K' seen.txt
    check "with totals" grep -q '4 of 4\|of 4 finished' seen.txt
    check "with steps" grep -q 'step [0-9]*/60' seen.txt
fi

# --- failures ----------------------------------------------------------------

check "two are stopped by a rule, none fails" sweep rule \
    train.stop_loss=0.01 train.stop_loss_from=15
check "they count as finished" journal_has 4 rule stopped
sweep bad optim.lr=1000 optim.clip=0 optim.name=sgd model.init=framework \
    >bad.txt 2>&1
check "so do those that diverge" test $? -eq 0
check "which is told" count 1 bad.txt 'of 4 runs 0 done, 4 diverged'
check "and not tried again" journal_has 4 bad started

"$SINKLAB" sweep sweep.ini --list run.dir=fail >/dev/null 2>&1
broken=$(run_dir fail 1)
mkdir -p "$broken/lock" # a folder where a file should be
sweep fail >fail.txt 2>fail.err
check "one that fails does not stop the others" test $? -eq 11
check "which the last sentence tells" grep -q '1 of 4 runs failed' fail.err
check "the others are done" journal_has 3 fail "done"
check "it was tried three times" journal_has 3 fail failed
check "why is told at once" count 3 fail.txt "^failed.*${broken##*/}.*cannot lock"
rmdir "$broken/lock"
check "with the cause gone, the sweep goes on" sweep fail
check "and starts nothing else" journal_has 7 fail started
check "to the same bytes" same_bytes "$broken/metrics.csv" \
    "$(run_dir fine 1)/metrics.csv"

# --- being stopped -----------------------------------------------------------

# Runs that have logged step 10 and stand in step 15, until `go` lets them.
# $launcher has started them, and meets `heard` and `heard-2` when it has obeyed
# its first signal and its second; $runs are their processes.
start_held() { # folder [rules of the launcher [command that reads its output]]
    local dir=$1 rules=${2:-} out
    shift $(($# > 1 ? 2 : 1))
    rm -f go heard heard-2
    mkfifo go heard heard-2
    # Who reads is no child of the launcher's, and keeps nothing of ours open
    if [ $# -gt 0 ]; then
        exec {out}> >("$@" >"$dir.txt" 2>/dev/null)
    else
        exec {out}>"$dir.txt"
    fi
    SINKLAB_TEST="train step 15 wait go; sweep obeyed 1 wait heard$rules" \
        "$SINKLAB" sweep sweep.ini run.dir="$dir" \
        >&"$out" 2>"$dir.err" {out}>&- &
    launcher=$!
    exec {out}>&-
    await_that has_line "$(run_dir "$dir" 0)/metrics.csv" '^10,'
    await_that has_line "$(run_dir "$dir" 1)/metrics.csv" '^10,'
    runs=$(pgrep -P $launcher)
}
both_saved() { # folder
    state_is "$1" 0 preempted && state_is "$1" 1 preempted
}

for signal in TERM USR1 HUP; do
    rm -rf held
    start_held held
    kill -$signal $launcher
    meet heard
    open_gate go
    wait $launcher
    check "SIG$signal stops it with 75" test $? -eq 75
    check "with one sentence how to go on" count 1 held.err \
        "stopped by SIG$signal, all saved; go on with: sinklab sweep held"
    check "its runs have saved their state" state_is held 0 preempted
    check "both" state_is held 1 preempted
    check "nothing else was started" journal_has 2 held started
done

# Each of them suspends itself where it goes on
SINKLAB_TEST="train step 15 STOP" \
    "$SINKLAB" sweep sweep.ini >again.txt 2>&1 run.dir=held &
launcher=$!
await_that has_line again.txt '^started' 2
expect_fail 7 'in use by process' "$SINKLAB" sweep held
all_stopped() { # the two runs of $launcher
    runs=$(pgrep -P $launcher)
    # shellcheck disable=SC2086 # a list
    [ "$(wc -w <<<"$runs")" = 2 ] && is_stopped $runs
}
await_that all_stopped
process=$(head -n 1 <<<"$runs")
kill -TERM "$process"
kill -CONT "$process"
await_that has_line again.txt '^interrupted'
check "a run that someone else stops is no failure" journal_has 0 held failed
await_that has_line again.txt '^started' 3 # it is started again
await_that all_stopped
mv held/journal held/kept
mkdir held/journal
victim=$(head -n 1 <<<"$runs")
other=$(tail -n 1 <<<"$runs")
other_dir=$(dir_of "$other")
kill -KILL "$victim"
wait $launcher
check "no journal, no more runs" test $? -eq 5
check "which is told" grep -q 'journal.*no more runs were started' again.txt
check_not "its other run is stopped" test -e "/proc/$other"
check "and has saved its state, though it was suspended" \
    first_line_is "$other_dir/status" preempted
rmdir held/journal
mv held/kept held/journal

start_held down
# shellcheck disable=SC2086 # a list
kill -TERM $launcher $runs
meet heard
open_gate go
wait $launcher
check "a machine that goes down stops it with 75" test $? -eq 75
check "told twice, its runs save their state" both_saved down
check "which is told" count 1 down.err 'stopped by SIGTERM, all saved'

start_held hung "; sweep signal 1 value 10; sweep signal 2 value 20; \
    sweep obeyed 2 wait heard-2"
kill -HUP $launcher
meet heard
kill -HUP $launcher
meet heard-2
open_gate go
wait $launcher
check "a terminal that closes twice stops it with 75" test $? -eq 75
check "and its runs save their state" both_saved hung

start_held piped "" sed '/^started 0001/q'
kill -TERM $launcher
meet heard
open_gate go
wait $launcher
check "with nobody to read its output it ends with 75" test $? -eq 75
check "and its runs save their state" both_saved piped

start_held pressed "; sweep signal 1 value 10; sweep signal 2 value 10.9; \
    sweep obeyed 2 wait heard-2; sweep signal 3 value 11.1"
kill -TERM $launcher
meet heard
kill -TERM $launcher
meet heard-2
# shellcheck disable=SC2086 # a list
check "an echo of the signal kills nothing" kill -0 $runs
kill -TERM $launcher
wait $launcher
check "once more, it ends with 75" test $? -eq 75
check "and says what was not saved" count 1 pressed.err \
    'stopped by SIGTERM, 2 runs not saved, to go on from'

# --- what only one run cannot be started for ---------------------------------

"$SINKLAB" sweep sweep.ini --list run.dir=blocked >/dev/null 2>&1
touch "$(run_dir blocked 0)"
mkdir "$(run_dir blocked 1)"
touch "$(run_dir blocked 1)/config.ini"
sweep blocked sweep.retries=3 >blocked.txt 2>blocked.err
check "a run without a folder does not stop the others" test $? -eq 11
check "which are done" journal_has 2 blocked "done"
check "a file in its place is tried once" count 1 blocked/journal $'\t0000\t.*started'
check "as is a folder of something else" count 1 blocked/journal $'\t0001\t.*started'
check "why is told" grep -q '^failed 0000.*create this folder' blocked.txt
check "of both" grep -q '^failed 0001.*is no run folder' blocked.txt
check_not "and not as in use" grep -q 'in use' blocked.txt blocked/journal
expect_fail 7 'is no run folder' "$SINKLAB" sweep blocked --index 1
check "one by one it failed, too" test "$(grep -c $'\t0001\t.*\tfailed\t' blocked/journal)" -eq 2
rm -r "$(run_dir blocked 0)" "$(run_dir blocked 1)"
check "with the cause gone, it goes on" sweep blocked

named='odd is in use by me'
"$SINKLAB" sweep sweep.ini --list run.dir="$named" >/dev/null 2>&1
mkdir "$(run_dir "$named" 1)"
touch "$(run_dir "$named" 1)/config.ini"
expect_status 11 "in a folder whose name says so it is tried, too" sweep "$named"
check "and once" count 1 "$named/journal" $'\t0001\t.*started'
expect_fail 7 'is no run folder' "$SINKLAB" sweep "$named" --index 1
check "one by one it failed there, too" count 2 "$named/journal" $'\t0001\t.*\tfailed\t'
rm -r "$named"

"$SINKLAB" sweep sweep.ini --list run.dir=mute >/dev/null 2>&1
mkdir -p "$(run_dir mute 0)/lock"
ln -s /dev/full "$(run_dir mute 0)/log.txt"
sweep mute sweep.retries=0 >mute.txt 2>&1
check "one whose log has no room for the reason is told with one" \
    grep -q '^failed 0000.*status 5: .*is the disk full?' mute.txt

"$SINKLAB" sweep sweep.ini --list run.dir=deaf >/dev/null 2>&1
exec 9<deaf/journal
flock 9
SINKLAB_TEST='sweep journal 1 value 600' expect_fail 7 'deaf/journal is locked by another process' \
    sweep deaf
exec 9<&-
check "nothing was started" journal_has 0 deaf started

exec 9<deaf/journal
flock 9
SINKLAB_TEST='sweep journal 1 value 3' "$SINKLAB" sweep sweep.ini run.dir=deaf >deaf.txt 2>deaf.err 9<&- &
launcher=$!
await_that has_line deaf.err '^waiting for the lock of deaf/journal$'
kill -TERM $launcher
wait $launcher
check "a signal ends the wait, with 75" test $? -eq 75
exec 9<&-
check "which was told once" count 1 deaf.err '^waiting for the lock of'
check "what is not written is told" count 1 deaf.err \
    '^sinklab: stopped by a signal while deaf/journal was locked by another process'
check "nothing was started then, either" journal_has 0 deaf started

start_held late "; sweep signal 1 value 10; sweep signal 2 value 12; sweep journal 1 value 3"
kill -TERM $launcher
meet heard
exec 9<late/journal
flock 9
kill -KILL "${runs%%[[:space:]]*}" # its end is to be written
await_that has_line late.err '^waiting for the lock of late/journal$'
kill -TERM $launcher
wait $launcher
check "a second signal during the wait ends it, too" test $? -eq 75
exec 9<&-
# shellcheck disable=SC2086 # a list
check_not "and kills the runs" kill -0 $runs

# --- a run that another process is at ----------------------------------------

"$SINKLAB" sweep sweep.ini --list run.dir=shared >/dev/null 2>&1
mkdir -p "$(run_dir shared 0)"
exec 9>"$(run_dir shared 0)/lock"
flock 9
sweep shared >shared.txt 2>&1 9>&- &
await_that has_line shared.txt '^waiting for.*in use by another'
exec 9>&-
wait $!
check "a run in use is waited for" test $? -eq 0
check "which is no failure" journal_has 0 shared failed
check "and told once" count 1 shared.txt '^waiting for.*in use by another'

finish

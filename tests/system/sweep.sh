#!/usr/bin/env bash
# Sweeps from the command line: what a file stands for, the frozen list, runs
# one by one in any order and by any scheduler, files that change, bad input.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1

cat >base.ini <<'END'
[model]
width = 16
heads = 2
context = 16
[train]
steps = 60
batch = 2
log_every = 10
val_every = 20
val_tokens = 32
[data]
vocab = 16
[sink]
tokens = 16
probe_every = 0
[checkpoint]
every = 0
resume_every = 20
END
cat >lr.ini <<'END'
include = base.ini
[sweep]
jobs = 2
[axes]
attention.weights = softmax, relu
attention.normalizer = none, sum if attention.weights = relu
optim.lr = log 1e-4 to 1e-2, 3
[exclude]
attention.weights = softmax and optim.lr = 0.01
END
third=0003-relu-normalizer-none-lr0.001

# --- before anything runs ---------------------------------------------------

check "a dry run succeeds" "$SINKLAB" sweep lr.ini --dry-run run.dir=s
cp "$T/out" dry.txt
check "it counts the runs" grep -Eq '^runs +8, 8 of them to do; 1 comb' dry.txt
check "it writes nothing" test ! -e s
expect_fail 3 'lr.ini:2: \[sweep\].*sinklab sweep lr.ini' "$SINKLAB" train lr.ini

check "a list can be had" "$SINKLAB" sweep lr.ini --list run.dir=s
cp "$T/out" list.txt
check "it has a command for every run" test "$(wc -l <list.txt)" -eq 8
for name in sweep.ini runs.list journal lock "configs/$third.ini"; do
    check "the folder has $name" test -s "s/$name"
done

counts() { # folder regex: what the last line of status says
    "$SINKLAB" sweep status "$1" | tail -n 1 | tee "$T/last" | grep -Eq "$2" && return
    cat "$T/last"
    return 1
}
check "nothing runs yet" counts s '^s: 8 runs: 8 waiting$'

# --- one by one -------------------------------------------------------------

says() { # regex command: it succeeds, and prints this
    local regex=$1
    shift
    "$@" >"$T/said" 2>&1 && grep -Eq -- "$regex" "$T/said" && return
    cat "$T/said"
    return 1
}
is_untouched() {
    [ "$(stat -c %Y "s/$third/metrics.csv")" -lt 1000000000 ]
}
started() { # folder: indices, one a start
    awk -F '\t' '$4 == "started" { print $2 }' "$1/journal" | sort
}

check "an index is trained" "$SINKLAB" sweep lr.ini --index 3 run.dir=s
check "its status is done" first_line_is "s/$third/status" "done"
touch -d 2001-01-01 "s/$third/metrics.csv"
check "once more is no work" says 'is done already, at step 60' \
    "$SINKLAB" sweep s --index 3
check "its files are not touched" is_untouched
expect_fail 2 'index 8: s has 8 runs, 0 to 7' "$SINKLAB" sweep s --index 8

check "commands of the list train, too" sh -c "sed -n 1,2p list.txt | sh"
check "the list has what is left" "$SINKLAB" sweep s --list
cp "$T/out" left.txt
check "that is five" test "$(wc -l <left.txt)" -eq 5

# Processes that know nothing of each other, in a folder that is not there yet.
indices_at_once() { # folder
    local i failed=0 jobs=()
    for i in 0 1 2 3 4 5 6 7; do
        "$SINKLAB" sweep lr.ini --index $i run.dir="$1" >"index-$i.txt" 2>&1 &
        jobs+=($!)
    done
    for i in "${jobs[@]}"; do
        wait "$i" || failed=1
    done
    cat index-*.txt
    return $failed
}
check "all indices at once; the first makes the list" indices_at_once many
check "all are done" counts many '^many: 8 runs: 8 done$'
check "each was started" test "$(started many | wc -l)" -eq 8
check "and none twice" test -z "$(started many | uniq -d)"
check "a run is the same in any folder" same_bytes "s/$third/metrics.csv" \
    "many/$third/metrics.csv"

# --- the launcher goes on ---------------------------------------------------

check "the rest is launched" "$SINKLAB" sweep lr.ini run.dir=s
check "all are done" counts s '^s: 8 runs: 8 done$'
check "finished runs were left alone" is_untouched
check "again is no work" "$SINKLAB" sweep s
all_same() {
    local dir
    for dir in s/0*; do
        same_bytes "$dir/metrics.csv" "many/${dir#s/}/metrics.csv" || return 1
    done
}
check "whoever starts them, runs are the same" all_same

# --- a file that changes ----------------------------------------------------

sed -i 's/optim.lr = log.*/optim.lr = 1e-4, 1e-3, 5e-3/' lr.ini
check "a dry run counts what is dropped" says '9, 3 of them.*; 2 more are no longer' \
    "$SINKLAB" sweep lr.ini --dry-run run.dir=s
check "a changed file adds runs" "$SINKLAB" sweep lr.ini --list run.dir=s
cp "$T/out" left.txt
cp "$T/err" news.txt
check "only new ones are to do" test "$(grep -c lr0.005 left.txt)" -eq 3
check "it says how many are new" grep -q 's: 3 runs are new' news.txt
check "and how many are gone" grep -q 's: 2 runs are no longer asked for' news.txt
check "a dropped index is skipped" says 'no longer in the sweep file' \
    "$SINKLAB" sweep s --index 4
check "the folder alone knows the new file" "$SINKLAB" sweep s
check "which ends with all done" counts s '^s: 9 runs: 9 done; 2 more'

# --- two at a time ----------------------------------------------------------

printf 'include = base.ini\n[axes]\nrun.seed = 1, 2\n' >long.ini
mkfifo gate heard
SINKLAB_TEST="train step 15 wait gate; sweep obeyed 1 wait heard" \
    "$SINKLAB" sweep long.ini run.dir=long sweep.jobs=1 >long.txt 2>&1 &
first=$!
await_that has_line long/0000-seed1/metrics.csv '^10,'
cp long/runs.list before.list
expect_fail 7 'long is in use by process' "$SINKLAB" sweep long.ini run.dir=long
expect_fail 7 'being trained by another process' "$SINKLAB" sweep long --index 0
check "the list is as it was" same_bytes before.list long/runs.list
check "status can be asked meanwhile" counts long '1 waiting, 1 running$'
kill -TERM "$first" # a background job of a script ignores SIGINT
meet heard
open_gate gate
wait "$first"
stopped=$?
check "a signal ends the launcher with 75" test "$stopped" -eq 75
check "nothing runs any more" counts long '1 waiting, 1 interrupted$'
check "one step is told, and no signal's name" \
    says 'interrupted  15 / 60 +1 +stopped by a signal, its state is saved$' \
    "$SINKLAB" sweep status long

# --- bad input --------------------------------------------------------------

bad() { # status regex lines of the file
    local status=$1 regex=$2
    shift 2
    printf '%s\n' 'include = base.ini' "$@" >bad.ini
    expect_fail "$status" "$regex" "$SINKLAB" sweep bad.ini run.dir=bad
}
bad 3 'bad.ini:3: .*did you mean \[optim\] lr' '[axes]' 'optim.lrr = 1'
bad 3 'bad.ini:3: .*empty axis' '[axes]' 'optim.lr ='
bad 3 'bad.ini:3: .*2000.*, want number, 0 to 1000' '[axes]' 'optim.lr = 2000'
bad 3 'bad.ini:3: .*never holds' '[axes]' 'optim.lr = 1 if optim.name = sgd'
bad 3 'bad.ini:3: the run with model.heads=3 cannot be' '[axes]' 'model.heads = 2, 3'
bad 3 'no axis' '[model]'
bad 3 'leaves no run' '[axes]' 'run.seed = 1' '[exclude]' 'run.seed = 1'
bad 4 'bad.ini:3: .*nowhere' '[axes]' 'data.source = text' '[data]' 'path = nowhere'
check "none of these left a folder" test ! -e bad
printf '%s\n' 'include = base.ini' '[axes]' 'run.seed = 1, 1, 2' >twice.ini
check "equal runs run once, which is said" says '1 combinations equal another' \
    "$SINKLAB" sweep twice.ini --list run.dir=twice
expect_fail 2 'exclude each other' "$SINKLAB" sweep lr.ini --list --dry-run
expect_fail 2 'unknown option --what' "$SINKLAB" sweep lr.ini --what
expect_fail 2 'which sweep file' "$SINKLAB" sweep
expect_fail 2 'sweep: sweep.jobs=7 does nothing with status' \
    "$SINKLAB" sweep status s sweep.jobs=7
check "status takes a file's run.dir" "$SINKLAB" sweep status lr.ini run.dir=s
check "... with blanks around" "$SINKLAB" sweep status lr.ini $'\trun.dir\t= s'
expect_fail 2 'holds no sweep' "$SINKLAB" sweep s/configs
expect_fail 5 'none.ini' "$SINKLAB" sweep none.ini
expect_fail 3 'is frozen' "$SINKLAB" sweep s train.steps=5
expect_fail 7 'holds a single run' "$SINKLAB" sweep lr.ini run.dir="s/$third"

cp -r s damaged
sed -i '5s/relu/rely/' damaged/runs.list
expect_fail 4 'damaged/runs.list:5: damaged' "$SINKLAB" sweep status damaged
sed -i '1s/2$/3/' damaged/runs.list
expect_fail 4 'has version 3, this program knows 2' "$SINKLAB" sweep damaged
cp s/runs.list damaged/runs.list
sed -i '3s/started/startled/' damaged/journal
expect_fail 4 'damaged/journal:3: damaged' "$SINKLAB" sweep status damaged
cp s/journal damaged/journal
printf 'torn' >>damaged/journal
check "a torn line is no damage" "$SINKLAB" sweep status damaged

# A disk of its own, where that is allowed
if mkdir small && mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
    head -c 50000 /dev/zero >small/filler
    expect_fail 5 'No space left' "$SINKLAB" sweep lr.ini --list run.dir=small/s
    rm small/filler
    check "with room again, the same command goes on" \
        "$SINKLAB" sweep lr.ini --list run.dir=small/s
    umount small
fi


# A dry run times the first run of each kind; the others go by their operations.
cat >kinds.ini <<END
include = $ROOT/tests/system/tiny.ini
[axes]
optim.name = adamw, soap
train.steps = 10, 20
run.seed = 1, 2
END
times() { # of all runs, in whole seconds
    SINKLAB_TEST='sweep timing 1 value 1; sweep timing 2 value 100' "$SINKLAB" sweep kinds.ini --dry-run --json |
        tr , '\n' | sed -n 's/^"time_s":\([0-9]*\).*/\1/p' | head -n 8
}
is_timed() { # adamw's 10 and 20 steps, then SOAP's, and little beside them
    times | tr '\n' ' ' | grep -Eq '^1[0-9] 1[0-9] 2[0-9] 2[0-9] 10[0-9]{2} 10[0-9]{2} 20[0-9]{2} 20[0-9]{2} $'
}
check "each optimizer is timed, once" is_timed
finish

#!/usr/bin/env bash
# Where runs, sweeps, models and corpora may be made: in no run, and no run where
# others are; by whatever name the folder goes.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1

cp "$ROOT/tests/system/tiny.ini" .
cat >sweep.ini <<'END'
include = tiny.ini
[train]
steps = 2
[axes]
run.seed = 1, 2
END
train() {
    "$SINKLAB" train tiny.ini train.steps=2 "$@"
}
check "a run" train run.dir=runs/a
check "a sweep" "$SINKLAB" sweep sweep.ini run.dir=runs/s
mkdir text
yes 'To be, or not to be: that is the question.' | head -n 400 >text/play.txt

# --- within a run ------------------------------------------------------------

within='lies within the run runs/a: give another'
expect_fail 7 "$within run.dir" train run.dir=runs/a/b
expect_fail 7 "lies within the run $PWD/runs/a: " train "run.dir=$PWD/runs/a/b/c"
expect_fail 7 "$within run.dir" train run.dir=runs/./s/../a/b
ln -s runs/a linked
expect_fail 7 "$within run.dir" train run.dir=linked/b
expect_fail 7 "$within run.dir" "$SINKLAB" sweep sweep.ini run.dir=runs/a/sweep
expect_fail 7 "$within folder" "$SINKLAB" export runs/s/0000-seed1 -o runs/a/model
expect_fail 7 "$within -o" "$SINKLAB" data prepare text -o runs/a/corpus
expect_fail 7 "$within run.dir" train run.dir=missing/../runs/a/b
expect_fail 7 "$within run.dir" timeout 60 "$SINKLAB" sweep sweep.ini --index 0 \
    run.dir=runs/a/sweep
expect_fail 7 "$within run.dir" "$SINKLAB" sweep sweep.ini --dry-run run.dir=runs/a/s
check "nothing was made there" eval \
    'test "$(ls runs/a)" = "$(ls runs/s/0000-seed1 | grep -v log.txt)"'
check "what only looks as if it lay within is made" eval \
    '(cd runs/a && "$SINKLAB" train ../../tiny.ini train.steps=2 run.dir=../b)'
check "that too" train run.dir=runs/a/../c
check "and from there" test -e runs/b/status -a -e runs/c/status

# --- where runs are ----------------------------------------------------------

expect_fail 7 'runs/ holds other runs, as runs/.*: give another run.dir' train run.dir=runs/
expect_fail 7 'runs/s holds a sweep: give another run.dir' train run.dir=runs/s
expect_fail 7 'holds other runs' train run.dir=.
check "the sweep is as it was" "$SINKLAB" sweep sweep.ini run.dir=runs/s
check "all runs are seen" eval '"$SINKLAB" runs runs | grep -c " done " | grep -qx 5'

# Whatever has a file of that name is no run of ours
mkdir -p www/build && echo ok >www/build/status
check "a model below a stranger's status" "$SINKLAB" export runs/a -o www/build/model
check "and a run above" train run.dir=www

# --- where something else is ------------------------------------------------

# Dry, so that a mistake here writes nothing there
root='is the root of all folders: give another run.dir'
expect_fail 7 "/ $root" train --dry-run run.dir=/
expect_fail 7 "/ $root" "$SINKLAB" sweep sweep.ini --dry-run run.dir=//
check "a corpus" "$SINKLAB" data prepare text -o corpus
ls -a corpus >before.txt
expect_fail 7 'corpus holds a corpus: give another run.dir' \
    "$SINKLAB" sweep sweep.ini run.dir=corpus
expect_fail 7 'corpus holds a corpus' "$SINKLAB" sweep sweep.ini --list run.dir=corpus
check "nothing was made there" eval 'ls -a corpus | cmp - before.txt'

# --- where the texts are -----------------------------------------------------

of_text=(data.source=text data.path=text)
holds='text holds the run folder .*, whose files would be read as text'
expect_fail 3 "$holds" train "${of_text[@]}" run.dir=text/run
expect_fail 3 "$holds" train "${of_text[@]}" "run.dir=$PWD/text/run"
ln -s text same
expect_fail 3 "$holds" train "${of_text[@]}" run.dir=same/run
expect_fail 3 "$holds" train "${of_text[@]}" run.dir=missing/../text/run
expect_fail 3 "$holds" "$SINKLAB" sweep sweep.ini "${of_text[@]}" run.dir=text/sweep
check "the texts are alone" test "$(ls text)" = play.txt
check "beside them is room" train "${of_text[@]}" run.dir=text2/run
expect_fail 2 'lies in text, all files of which are to be read' \
    "$SINKLAB" data prepare text -o same/corpus
check "nor is a corpus there" test ! -e text/corpus

finish

#!/usr/bin/env bash
# Real runs of two settings and three seeds: compared in groups, listed,
# filtered, packed, removed; and what is refused.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2

# train FOLDER SETTING... - a few steps of a very small model
train() {
    local dir=$1
    shift
    "$SINKLAB" train "$ROOT/configs/quick.ini" model.width=8 train.steps=20 \
        train.batch=2 train.log_every=5 train.val_every=10 \
        train.val_tokens=128 sink.probe_every=5 sink.probe_sequences=2 \
        checkpoint.every=0 run.dir="$dir" "$@"
}

for weights in softmax relu; do
    for seed in 1 2 3; do
        check "train $weights, seed $seed" train "runs/sweep/$weights-$seed" \
            attention.weights="$weights" run.seed="$seed"
    done
done
check "train another, alone" train "runs/alone one"
expect_status 8 "train one that diverges" train runs/sweep/bad \
    optim.name=sgd optim.lr=1000 optim.clip=0

# --- compare in groups ------------------------------------------------------

out_has() { # regex
    grep -Eq -- "$1" "$T/kept"
}

keep() { # COMMAND... - its output stays in $T/kept
    "$@" >"$T/kept"
}

check "compare a sweep" keep "$SINKLAB" compare runs/sweep --csv groups.csv
check "three softmax runs are a row" out_has '^softmax .* 3 done +3 +20 '
check "a diverged run is counted, not averaged" out_has '1 diverged +0 +- '
check "the differing keys are named" out_has 'groups differ in .*attention.weights'
check "averaged over the seeds" out_has 'averaged over run.seed'
check "the CSV has a mean and a spread" \
    grep -q 'final_sink_1_mean,final_sink_1_spread,final_sink_1_n' groups.csv

# The mean of the CSV is that of the three logs.
mean_is_right() {
    local got want
    got=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++)
                if ($i == "final_val_loss_mean") c = i }
            /,softmax,/ { print $c }' groups.csv)
    want=$(tail -qn 1 runs/sweep/softmax-?/metrics.csv |
        awk -F, '{ s += $6 } END { printf "%.9f", s / NR }')
    awk -v a="$got" -v b="$want" 'BEGIN { d = a - b
        exit !(a > 0 && d < 1e-6 && d > -1e-6) }' && return
    echo "got '$got', want '$want'" >&2
    return 1
}
check "it is the mean of the three logs" mean_is_right

check "group by one key" keep "$SINKLAB" compare runs/sweep \
    --by attention.weights --where 'status=done'
check "its rows are two" out_has '^relu +3 +20 '
check "a single run joins in" keep "$SINKLAB" compare runs/sweep "runs/alone one" \
    --where attention.weights=softmax
if command -v gnuplot >/dev/null; then
    check "a figure with bands" "$SINKLAB" compare runs/sweep -o bands.svg
    check "it is whole" grep -q '</svg>' bands.svg
    check "it says what the bands are" grep -q 'bands: ' bands.svg
fi
expect_fail 2 "did you mean optim.lr" "$SINKLAB" compare runs/sweep --by optim.lrr
expect_fail 2 "no run fits" "$SINKLAB" compare runs/sweep --where 'optim.lr>2000'

# --- list -------------------------------------------------------------------

check "list" keep "$SINKLAB" runs
check "the sweep is a table of its own" \
    out_has '^runs/sweep: 7 runs, 6 done, 1 diverged'
check "a run and its last numbers" out_has '^softmax-1 +done +20 +20 +[0-9.]+ +[0-9.]+ '
check "filter and order" keep "$SINKLAB" runs \
    --where 'run.seed>=2 and attention.weights=softmax' --sort -run.seed --csv -
check "its first row" grep -q '^runs/sweep/softmax-3,' <(sed -n 2p "$T/kept")
check "its two rows" test "$(wc -l <"$T/kept")" -eq 3
expect_fail 2 "did you mean optim.lr" "$SINKLAB" runs --where 'optim.lrr>1'
expect_fail 2 "want a number" "$SINKLAB" runs --where 'optim.lr>fast'
expect_fail 2 "nowhere: no such" "$SINKLAB" runs nowhere
printf 'running\nstep 3, 2026-01-31T12:00:00Z\n' >runs/sweep/relu-3/status
check "a killed run" keep "$SINKLAB" runs --where status=interrupted
check "is interrupted" out_has '^relu-3 +interrupted +20 '

# --- for other programs, remove ---------------------------------------------

expect_fail 2 'remove 8 runs .*give --yes' "$SINKLAB" runs --remove
expect_fail 2 'name the folder, or say which' "$SINKLAB" runs --remove --yes
pack() { # CONDITION - as the manual says
    "$SINKLAB" runs --where "$1" --paths | tar -czf relu.tgz -T -
}
check "paths are for tar" pack attention.weights=relu
check "the runs are still there" test -e runs/sweep/relu-1/status
mkdir unpacked
check "unpack it" tar -xzf relu.tgz -C unpacked
check "it holds the same bytes" diff -r runs/sweep/relu-2 \
    unpacked/runs/sweep/relu-2

exec 9>>runs/sweep/relu-1/lock
flock -n 9 || exec 9>&-
check "remove" keep "$SINKLAB" runs runs/sweep \
    --where attention.weights=relu --remove --yes
exec 9>&-
check "a run in use is let alone" test -e runs/sweep/relu-1/status
check "and named" out_has 'relu-1: in use'
check "the others are gone" test ! -e runs/sweep/relu-2
check "others of the filter stay" test -e runs/sweep/softmax-2/status
mv unpacked/runs/sweep/relu-2 runs/sweep/relu-2
check "what was packed goes on" "$SINKLAB" train runs/sweep/relu-2 train.steps=25

cat >two.ini <<END_INI
include = $ROOT/configs/quick.ini
[model]
width = 8
[train]
steps = 4
batch = 2
[axes]
run.seed = 1, 2
END_INI
check "sweep" "$SINKLAB" sweep two.ini
check "compare it" keep "$SINKLAB" compare runs/two --loss loss
check "its two runs are one row" out_has '^all runs +2 +4 '
expect_fail 2 'two.ini is the file of a sweep: .sinklab compare runs/two. compares its runs$' \
    "$SINKLAB" compare two.ini
expect_fail 2 'base.ini holds no run: give' "$SINKLAB" compare "$ROOT/configs/base.ini"
echo '[claims]
expect = val_loss < 9' >>two.ini
expect_fail 2 'compares its runs, .sinklab compare two.ini --claims. judges' \
    "$SINKLAB" compare two.ini
exec 9>>runs/two/lock
flock -n 9 || exec 9>&-
expect_fail 7 'all 2 runs are left alone' "$SINKLAB" runs runs/two --remove --yes
in_two() {
    (cd runs/two && "$SINKLAB" runs "$@")
}
expect_fail 7 'all 1 runs are left alone' in_two 0000-seed1 --remove --yes
exec 9>&-
check "remove a run of it" "$SINKLAB" runs runs/two --where run.seed=1 \
    --remove --yes
check "compare tells that one is missing" keep "$SINKLAB" compare runs/two
check "by a note" out_has '1 more run has not begun'
check "the sweep stays" test -s runs/two/runs.list

touch "runs/alone one/more"
check "remove one with a blank in its name" "$SINKLAB" runs \
    --where 'name=alone*' --remove --yes
check "it is gone" test ! -e "runs/alone one"
check "nothing is left over" test -z "$(find runs -name '.removed-*')"

finish

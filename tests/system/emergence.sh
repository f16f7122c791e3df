#!/usr/bin/env bash
# What the program is for: on the quick config a sink emerges under softmax and
# stays away under ReLU. The demo's settings, half its steps and batch, seed 1.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1

train() { # name
    "$SINKLAB" train "$ROOT/configs/quick.ini" run.dir="$1" train.steps=500 train.batch=16 \
        attention.weights="$1" train.threads=1 checkpoint.every=0 \
        train.val_every=0 sink.probe_every=0 >"$1.log" 2>&1 &&
        "$SINKLAB" analyze "$1" train.threads=1 sink.sequences=50 \
            sink.val_tokens=4096 >>"$1.log" 2>&1
}
train softmax &
first=$!
check "a ReLU run" train relu
wait $first
check "a softmax run" test $? -eq 0

# The value of a column in the last row is at least/at most a bound.
last() { # file column
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++)
        if ($i == name) c = i } END { print $c }' "$1"
}
holds() { # file column operator bound
    awk -v x="$(last "$1" "$2")" -v b="$4" -v op="$3" 'BEGIN {
        exit !(x != "" && (op == ">=" ? x >= b : x <= b)) }' ||
        { echo "$1: $2 is $(last "$1" "$2")" >&2; return 1; }
}
first_row_holds() { # file column operator bound
    head -n 2 "$1" >first.csv && holds first.csv "$2" "$3" "$4"
}
check "no sink at step 0" first_row_holds softmax/analysis.csv sink_1 "<=" 0
check "first token's share is uniform at step 0" \
    first_row_holds softmax/analysis.csv first_mass "<=" 0.08
check "softmax ends with a sink" holds softmax/analysis.csv sink_1 ">=" 0.95
check "ReLU ends without, by proxy" holds relu/analysis.csv sink_1 "<=" 0.05
check "and by raw weights" holds relu/analysis.csv sink_1_raw "<=" 0.05
check "and by mass" holds relu/analysis.csv first_mass_raw "<=" 0.05
check "softmax drains the first value" \
    holds softmax/analysis.csv value_ratio "<=" 0.5
check "both have learned" holds softmax/analysis.csv val_loss "<=" 3.3
check "both have learned" holds relu/analysis.csv val_loss "<=" 3.3
check "compare tells them apart" "$SINKLAB" compare softmax relu
check "compare draws a figure" "$SINKLAB" compare softmax relu -o figure.svg
check "the figure is there" test -s figure.svg

finish

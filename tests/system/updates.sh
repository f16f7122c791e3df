#!/usr/bin/env bash
# Columns of updates in whole runs: the same whatever the threads, the rows of
# the logs, the micro-batches, the interruptions; and no trace of them in what
# is trained.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

cat >small.ini <<'EOF'
[model]
layers = 2
width = 16
heads = 2
context = 24
[attention]
bias = key
[train]
steps = 80
batch = 4
accumulate = 2
log_every = 4
val_every = 0
threads = 1
[optim]
lr = 3e-3
[sink]
tokens = 24
probe_every = 0
[checkpoint]
every = 0
resume_every = 10
[metrics]
names = default, optimizer
EOF
last=checkpoints/step-00000080.h5

train() { # folder override...
    local dir=$1
    shift
    "$SINKLAB" train small.ini run.dir="$dir" "$@"
}

check "a run with all columns of updates" train runs/seen
check "one with none" train runs/blind metrics.names=default
check "they change no bit of the weights" h5diff runs/seen/$last \
    runs/blind/$last /param
windows() { # run: how many resume.h5 holds
    h5dump -n "runs/$1/checkpoints/resume.h5" | grep -c ' /window/'
}
check "what z-scores look back on is kept" test "$(windows seen)" = 24
check "where nobody asks, nothing is" test "$(windows blind)" = 0
check "2 threads" train runs/2 train.threads=2
check "2 threads give the metrics of one" same_bytes runs/seen/metrics.csv \
    runs/2/metrics.csv

# cell STEP COLUMN FILE
cell() {
    awk -F, -v step="$1" -v column="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) at = i; next }
        $1 == step { print $at; exit }' "$3"
}
same_cells() { # file file column...
    local a=$1 b=$2 column
    shift 2
    for column; do
        [ -n "$(cell 76 "$column" "$a")" ] || return 1
        [ "$(cell 76 "$column" "$a")" = "$(cell 76 "$column" "$b")" ] || return 1
    done
}
some=(grad_norm_matrices_z update_ratio_layer_1 weight_norm_attention lr_norms
    grad_norm_z update_ratio_z weight_norm_embedding_z)
check "fewer rows" train runs/rare train.log_every=19
check "a z-score looks back on updates without a row" same_cells \
    runs/seen/metrics.csv runs/rare/metrics.csv "${some[@]}"
check "without z-scores" train runs/plain \
    metrics.names='update_ratio_*[a-y1], weight_norm_attention, lr_*' \
    train.log_every=19
check "then only updates with a row are looked at, and say the same" \
    same_cells runs/seen/metrics.csv runs/plain/metrics.csv \
    update_ratio_layer_1 weight_norm_attention lr_norms update_ratio_biases

check "larger micro-batches" train runs/large train.batch=8 train.accumulate=1
near_cells() { # file file column...
    local a=$1 b=$2 column
    shift 2
    for column; do
        awk -v x="$(cell 4 "$column" "$a")" -v y="$(cell 4 "$column" "$b")" \
            'BEGIN { d = x - y; exit !(x > 0 && d * d < 1e-6 * x * x) }' ||
            return 1
    done
}
check "micro-batches are parts of one update" near_cells \
    runs/seen/metrics.csv runs/large/metrics.csv grad_norm_matrices \
    update_ratio_layer_0 weight_norm_embedding grad_norm_attention

go_on() { # threads
    "$SINKLAB" train small.ini --resume run.dir=runs/killed train.threads="$1"
}
for moment in "step 3" "step 10" "step 66" "call 60" "step 71" "step 79"; do
    check "killed at $moment" killed_at "train $moment KILL" go_on 2
done
check "it still ends" go_on 1
check "with the same metrics" same_bytes runs/seen/metrics.csv \
    runs/killed/metrics.csv

expect_fail 3 'names: grad_norm_layer_2: this model has no such tensors' \
    train runs/no metrics.names='default, grad_norm_layer_2'
expect_fail 3 'did you mean grad_norm_head' \
    train runs/no metrics.names=grad_norm_heads
check "the run can be analysed" "$SINKLAB" analyze runs/seen
check "and verified" "$SINKLAB" verify runs/seen
check "a run is asked for its last" grep -q . <("$SINKLAB" runs runs/seen \
    --where 'update_ratio_z < 1e9')

finish

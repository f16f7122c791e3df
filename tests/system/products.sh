#!/usr/bin/env bash
# Products by either library and in either precision: runs name them, threads
# and interruptions change no bit, a change is noticed, what is measured is of
# the same forward pass, and bfloat16 trains as float32 does.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

cat >small.ini <<'END'
[model]
layers = 2
width = 48
heads = 3
context = 40
[train]
steps = 20
batch = 7
val_every = 10
val_tokens = 120
[sink]
tokens = 40
probe_every = 10
probe_sequences = 2
sequences = 2
[checkpoint]
every = 0
END
last=checkpoints/step-00000020.h5

train() { # folder override...
    local dir=$1
    shift
    "$SINKLAB" train small.ini run.dir="$dir" "$@"
}

ways=("openblas float32" "openblas bfloat16")
if "$SINKLAB" train small.ini train.products=onednn --dry-run >dry 2>told; then
    ways+=("onednn float32" "onednn bfloat16")
    check "a dry run names oneDNN" grep -q '^products  *oneDNN [0-9.]*, .*float32' dry
    other='oneDNN'
else
    check "without oneDNN a sentence says so" grep -q 'train.products = openblas' told
    expect_fail 10 'onednn' train none train.products=onednn
    other='OpenBLAS'
fi
for way in "${ways[@]}"; do
    read -r products precision <<<"$way"
    run=runs/$products-$precision
    set -- train.products="$products" train.precision="$precision"
    check "$way: 1 thread" train "$run" train.threads=1 "$@"
    check "$way: 3 threads" train "$run-3" train.threads=3 "$@"
    check "$way: 3 threads give the bits of one" h5diff "$run/$last" "$run-3/$last" /param
    check "$way: and its metrics" same_bytes "$run/metrics.csv" "$run-3/metrics.csv"
    check "$way: half of it" train "$run-half" train.steps=11 "$@"
    check "$way: the rest" "$SINKLAB" train "$run-half" train.steps=20
    check "$way: an interruption changes no bit" h5diff "$run/$last" "$run-half/$last" /param
    check "$way: the manifest names the library" grep -qi "^products = $products" "$run/manifest.ini"
    check "$way: and the precision" grep -q "^precision = $precision" "$run/manifest.ini"
    check "$way: measured again" "$SINKLAB" analyze "$run"
done
check_not "bfloat16 gives other bits" h5diff -q \
    runs/openblas-float32/$last runs/openblas-bfloat16/$last /param

expect_fail 3 'train.precision' "$SINKLAB" train runs/openblas-float32 \
    train.steps=30 train.precision=bfloat16
expect_fail 3 'train.products' "$SINKLAB" train runs/openblas-float32 \
    train.steps=30 train.products=auto
expect_fail 3 'other settings' "$SINKLAB" train small.ini --resume \
    run.dir=runs/openblas-float32 train.precision=bfloat16
check "the dry run of auto names a library" grep -q '^products' <(
    "$SINKLAB" train small.ini train.products=auto --dry-run)

"$SINKLAB" bench small.ini train.precision=bfloat16 --seconds 0.1 --json >json
check "bench names the products" grep -q '"products": "OpenBLAS"' json
check "bench names the precision" grep -q '"precision": "bfloat16, rounded in software"' json

# The quick model for 500 steps: three seeds each.
cat >quick.ini <<'END'
[model]
layers = 1
width = 64
heads = 1
context = 64
[optim]
lr = 3e-3
weight_decay = 0
[train]
steps = 500
batch = 32
val_every = 500
log_every = 500
[sink]
probe_every = 500
[checkpoint]
every = 0
resume_every = 0
END
[ "$other" = OpenBLAS ] || other=auto
for seed in 1 2 3; do
    for precision in float32 bfloat16; do
        check "quick, seed $seed, $precision" "$SINKLAB" train quick.ini \
            run.dir="quick/$precision-$seed" run.seed=$seed \
            train.products="${other/OpenBLAS/openblas}" train.precision=$precision
    done
done
column() { # precision name
    for seed in 1 2 3; do
        awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
            END { print $c }' "quick/$1-$seed/metrics.csv"
    done
}
# Do the means lie no further apart than the seeds of float32 do?
within_spread() { # name
    paste <(column float32 "$1") <(column bfloat16 "$1") |
        awk -v name="$1" '{
            n++; x[n] = $1; y[n] = $2
        } END {
            for (i = 1; i <= n; i++) {
                s += x[i]; t += y[i]
                if (i == 1 || x[i] < lo) lo = x[i]
                if (i == 1 || x[i] > hi) hi = x[i]
            }
            printf "%s: float32 %g to %g, mean %g; bfloat16 mean %g\n", name, lo, hi, s / n, t / n
            d = (s - t) / n
            exit !((d < 0 ? -d : d) <= hi - lo)
        }'
}
check "bfloat16's loss is within the spread of seeds" within_spread val_loss
check "and so is the weight on the first key" within_spread first_mass

finish

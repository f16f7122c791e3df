#!/usr/bin/env bash
# demo.sh - `make demo`: four attentions learn Bigram-Backcopy with otherwise
# equal settings; each run is trained, analyzed, and all are compared.
#
#   SEED=2 make demo     another seed (runs/demo-2)
#
# Two runs at a time, one thread each. Interrupt it and start it again: it goes
# on where it stopped.
set -eu
cd "$(dirname "$0")/.."
SINKLAB=${SINKLAB:-$PWD/sinklab}
SEED=${SEED:-1}
out=${DEMO_DIR:-runs/demo-$SEED}
export OMP_NUM_THREADS=1

run() { # name override...
    local name=$1 dir=$out/$1
    shift
    {
        "$SINKLAB" train configs/quick.ini --resume run.dir="$dir" \
            run.seed="$SEED" train.threads=1 "$@" &&
            "$SINKLAB" analyze "$dir" train.threads=1 >"$dir/analysis.log" &&
            echo "analyzed: $dir/analysis.csv"
    } 2>&1 | sed -u "s/^/$(printf '%-9s' "$name") /"
    return "${PIPESTATUS[0]}"
}

echo "Four attentions on Bigram-Backcopy, seed $SEED, two at a time:"
run softmax attention.weights=softmax &
first=$!
run key-bias attention.bias=key
wait "$first"
run sigmoid attention.weights=sigmoid &
first=$!
run relu attention.weights=relu
wait "$first"

echo
runs=("$out/softmax" "$out/key-bias" "$out/sigmoid" "$out/relu")
"$SINKLAB" compare "${runs[@]}"
"$SINKLAB" compare "${runs[@]}" -o "$out/emergence.svg" >/dev/null
cat <<END

The figure: $out/emergence.svg
sink_1: share of heads and sequences that give the first token over 0.3 of their
weight, rows made to sum to one. sink_bias: the same for the key bias's column.
first_mass_raw and row_sum are of the weights as they are: sigmoid and ReLU
need not spend any.
Next: a question of your own, on a text of your own: README.md.
END

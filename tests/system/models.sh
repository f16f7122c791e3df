#!/usr/bin/env bash
# `sinklab export -o` and `sinklab import`: a model that goes out comes in again
# with the same bits, and is a run like any other; what is wrong with a folder is
# one sentence. Where Python has transformers (PYTHON names one), its own models
# are held against ours (tools/parity/models.py).
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2
PYTHON=${PYTHON:-python3}

small() { # the run, settings
    local run=$1
    shift
    "$SINKLAB" train "$ROOT/tests/system/tiny.ini" run.dir="$run" train.steps=10 \
        checkpoint.every=5 sink.probe_every=0 "$@"
}

# --- out, in, and out again ----------------------------------------------------

around() { # NAME: the exports of a run and of its import have the same bytes
    "$SINKLAB" export "$1" --step 5 -o "$1-out" &&
        "$SINKLAB" import "$1-out" -o "$1-in" --step 5 &&
        "$SINKLAB" export "$1-in" -o "$1-again" &&
        cmp "$1-out/model.safetensors" "$1-again/model.safetensors" &&
        cmp "$1-out/config.json" "$1-again/config.json"
}
check "gpt2 trains" small gpt2
check "gpt2 goes around" around gpt2
check "llama trains" small llama model.preset=llama attention.kv_heads=2 model.head_width=6 \
    model.norm_eps=1e-6 model.rope_base=500
check "llama goes around" around llama
check "neox trains" small neox model.position=rope model.rope_part=0.5 model.parallel=yes \
    model.tied_head=no model.ffn=gelu_erf
check "neox goes around" around neox
check "it says which it is" grep -q '"architectures":\["GPTNeoXForCausalLM"\]' neox-out/config.json

check "plain" "$SINKLAB" export gpt2 -o plain --format plain
check "names of ours" grep -qa '"block.1.attention.qkv.weight"' plain/model.safetensors
check "with its settings" grep -q '^layers = 2$' plain/config.ini

# --- a run like any other ------------------------------------------------------

mkdir made
cp -r gpt2-out made/step5
"$SINKLAB" export gpt2 --step 10 -o made/step10 >/dev/null
check "several folders are one run" "$SINKLAB" import made/step10 made/step5 -o two \
    sink.tokens=16 sink.sequences=4 sink.val_tokens=64
check "its steps" test -f two/checkpoints/step-00000005.h5 -a -f two/checkpoints/step-00000010.h5
check "verify finds nothing" "$SINKLAB" verify two
check "analyze" "$SINKLAB" analyze two
check "a row for each" test 3 -eq "$(wc -l <two/analysis.csv)"
check "without BOS" "$SINKLAB" analyze two --as bare sink.bos=no
check "compare" "$SINKLAB" compare two gpt2-in
check "sample" "$SINKLAB" sample two --step 5 --tokens 4
expect_fail 6 'imported without a state' "$SINKLAB" train two train.steps=12
check "with a state" "$SINKLAB" import gpt2-out -o on --step 5 --state train.batch=2 train.val_every=0 \
    sink.probe_every=0
check "verify finds nothing there either" "$SINKLAB" verify on
check "training goes on" "$SINKLAB" train on train.steps=8
check "to its end" grep -q '^8,' on/metrics.csv

check "a dry run says the memory" "$SINKLAB" import gpt2-out -o dry --dry-run
check "in words" bash -c '"$1" import gpt2-out -o dry --dry-run | grep -q "takes .* of memory"' - "$SINKLAB"
check "and writes nothing" test ! -e dry

# --- what cannot be ------------------------------------------------------------

expect_fail 2 'which run is to be made' "$SINKLAB" import gpt2-out
expect_fail 2 'which model' "$SINKLAB" import -o x
expect_fail 2 'which step is it of' "$SINKLAB" import gpt2-out llama-out -o x
expect_fail 2 'both of step 5' "$SINKLAB" import made/step5 made/step5 -o x
expect_fail 2 'step is of one folder' "$SINKLAB" import made/step5 made/step10 -o x --step 3
expect_fail 2 'the model is as its config.json' "$SINKLAB" import gpt2-out -o x model.norm=rmsnorm
expect_fail 4 'the data have .* tokens, the model' "$SINKLAB" import gpt2-out -o x data.vocab=30
expect_fail 4 'config.json: not there' "$SINKLAB" import made -o x
expect_fail 4 'checkpoints of one run are of one model' bash -c \
    'cp -r llama-out made/step7 && "$1" import made/step5 made/step7 -o x' - "$SINKLAB"
expect_fail 7 'holds a run|run already' "$SINKLAB" import gpt2-out -o gpt2
expect_fail 7 'is there already' "$SINKLAB" export gpt2 -o plain --format plain
expect_fail 7 'holds a run' "$SINKLAB" export gpt2 -o llama
expect_fail 2 'of one RUN' "$SINKLAB" export gpt2 llama -o x
expect_fail 2 'want transformers or plain' "$SINKLAB" export gpt2 -o x --format onnx
expect_fail 2 'give -o' "$SINKLAB" export gpt2 --step 5
expect_fail 2 'no checkpoint of step 7' "$SINKLAB" export gpt2 --step 7 -o x
check "sigmoid trains" small sigmoid attention.weights=sigmoid
expect_fail 3 'attention.weights: no model of' "$SINKLAB" export sigmoid -o x
check "post trains" small post model.norm_place=post
expect_fail 3 'GPT-2 has another model.norm_place' "$SINKLAB" export post -o x

bad() { # STATUS REGEX SED: config.json changed
    rm -rf bad
    cp -r "$4" bad
    sed -i "$3" bad/config.json
    expect_fail "$1" "$2" "$SINKLAB" import bad -o x
}
bad 4 'model_type is bert' 's/"gpt2"/"bert"/' gpt2-out
bad 4 'model_type is not there' 's/"model_type"/"m"/' gpt2-out
bad 4 'activation_function: tanh' 's/"gelu_new"/"tanh"/' gpt2-out
bad 4 'n_embd: want an integer' 's/"n_embd":16/"n_embd":"x"/' gpt2-out
bad 4 'n_layer: is not there' 's/"n_layer"/"m"/' gpt2-out
bad 4 'no JSON' 's/{/[/' gpt2-out
bad 4 'no tensor .h.2' 's/"n_layer":2/"n_layer":3/' gpt2-out
bad 4 'has no place in the GPT-2 model' 's/"n_layer":2/"n_layer":1/' gpt2-out
bad 4 'has shape .*want' 's/"n_inner":64/"n_inner":32/' gpt2-out
bad 4 'rope_parameters: llama3' 's/"rope_type":"default"/"rope_type":"llama3"/' llama-out
bad 4 'ffn_dim: is not there' 's/"llama"/"opt"/' llama-out
bad 4 "'wte.weight', which a GPT-2 model has" 's/"model_type":"llama"/"model_type":"gpt2","n_embd":16,"n_layer":2,"n_head":4,"n_positions":16/' llama-out
cut() { # BYTES of the weights are left
    rm -rf bad
    cp -r gpt2-out bad
    truncate -s "$1" bad/model.safetensors
}
cut 3
expect_fail 4 'no safetensors file' "$SINKLAB" import bad -o x
cut 9000
expect_fail 4 'lie outside of the file' "$SINKLAB" import bad -o x
cut 90000
expect_fail 4 'bytes behind its last tensor' "$SINKLAB" import bad -o x
rm bad/model.safetensors
expect_fail 4 'neither model.safetensors nor' "$SINKLAB" import bad -o x

# --- theirs --------------------------------------------------------------------

if "$PYTHON" -c 'import torch, transformers, safetensors' 2>/dev/null &&
    [ -x "${DUMP:-$ROOT/build/float/tools/parity/dump}" ]; then
    export DUMP=${DUMP:-$ROOT/build/float/tools/parity/dump}
    check "models of transformers" "$PYTHON" "$ROOT/tools/parity/models.py"
else
    echo "ok - # SKIP no transformers in $PYTHON"
fi
finish

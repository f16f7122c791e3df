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

check_refused() { # WHAT COMMAND...: a status of ours, neither 0 nor a signal's
    local what=$1 status
    shift
    "$@" >"$T/out" 2>"$T/err" </dev/null
    status=$?
    test "$status" -gt 1 -a "$status" -lt 12
    report $? "$what" || note "status $status from: $*"
}

same_weights() { # RUN RUN: what both export has the same bytes
    rm -rf one other
    "$SINKLAB" export "$1" --step 5 -o one && "$SINKLAB" export "$2" --step 5 -o other &&
        same_bytes one/model.safetensors other/model.safetensors
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
as() { # CLASS SETTINGS...: a run goes around as this class
    local class=$1
    shift
    rm -rf any any-*
    small any "$@" && around any && grep -q "\"architectures\":\[\"$class\"\]" any-out/config.json
}
check "mistral" as MistralForCausalLM model.preset=llama attention.window=6
check "qwen2" as Qwen2ForCausalLM model.preset=llama model.biases=yes model.biases_on=qkv \
    attention.window=6 attention.window_layers=0
check "its windows" grep -q '"layer_types":\["sliding_attention","full_attention"\]' any-out/config.json
check "qwen3" as Qwen3ForCausalLM model.preset=llama attention.qk_norm=rms attention.window=5 \
    attention.window_layers=1
check "olmo 2" as Olmo2ForCausalLM model.preset=llama attention.qk_norm=rms_wide \
    model.norm_place=behind attention.kv_heads=2
check "opt" as OPTForCausalLM model.biases=no
check "gpt-neo" as GPTNeoForCausalLM model.biases_on=not_qkv attention.score_scale=1 \
    attention.window=6 attention.window_layers=1
check "olmo" as OlmoForCausalLM model.preset=llama model.norm=layernorm \
    'optim.freeze=*.gain *.shift'
check "stretched" as LlamaForCausalLM model.preset=llama model.rope_scaling=llama3 model.rope_from=8
check "in both spellings" grep -q '"rope_scaling":{"rope_type":"llama3","factor":8' any-out/config.json
mkdir texts && seq 200 >texts/a && seq 300 >texts/b
check "texts have an end" "$SINKLAB" train "$ROOT/configs/base.ini" run.dir=ended train.steps=2 model.context=16 model.width=16 \
    train.val_tokens=32 sink.probe_every=0 sink.tokens=16 data.source=text data.path=texts data.eos=yes
check "which goes out" "$SINKLAB" export ended -o ended-out
check "as what it is" grep -Eq '"bos_token_id":[0-9]+,"eos_token_id":[0-9]+' ended-out/config.json

mkdir plain
dead=$(bash -c 'echo $$')
touch "plain/.tmp-$dead-precious" "plain/.tmp-$dead-config.json"
check "plain" "$SINKLAB" export gpt2 -o plain --format plain
check "a killed export's remains go" test ! -e "plain/.tmp-$dead-config.json"
check "no other's do" rm "plain/.tmp-$dead-precious"
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

# Shards of its tokens; and the table of all inputs, which are analyses
for ((i = 0; i < 3000; i++)); do printf "\\x$(printf %02x $((i * i % 15)))\\0"; done >tokens.bin
check "with text" "$SINKLAB" import made/step5 -o texts data.source=tokens data.path=tokens.bin \
    data.token_bytes=2 data.vocab=17
as=(sink.tokens=16 sink.sequences=4)
check "the table of inputs" "$SINKLAB" inputs two texts gpt2 "${as[@]}" --csv inputs.csv --columns first_mass,sink_1
check "a row a run and metric" test 7 -eq "$(wc -l <inputs.csv)"
check "headed" grep -qx 'name,step,metric,data,random,unigram,repeat,data_no_bos,random_no_bos,unigram_no_bos,repeat_no_bos' inputs.csv
check "no data of random tokens" grep -qE '^two,10,first_mass,,[^,]+,,[^,]+,,[^,]+,,[^,]+$' inputs.csv
check "data of text" grep -qE '^texts,5,first_mass(,[^,]+){8}$' inputs.csv
in_table() { # COLUMN: of first_mass in the table of texts, which the analysis NAME has
    "$SINKLAB" analyze texts "${as[@]}" sink.input="$2" sink.bos="$3" --as mine >/dev/null &&
        awk -F, -v c="$1" -v file=texts/analysis-mine.csv '
            BEGIN {
                getline head <file; getline row <file
                n = split(head, names, ","); split(row, x, ",")
                for (i = 1; i <= n; i++) if (names[i] == "first_mass") want = x[i]
            }
            /^texts,5,first_mass/ { d = $c - want; exit !(want > 0 && d < 1e-7 && d > -1e-7) }' inputs.csv
}
check "as analyze measures random tokens" in_table 5 random data
check "and one over and over without BOS" in_table 11 repeat no
check "and by their frequency" in_table 6 unigram data
check "they differ" awk -F, '/^texts,5,first_mass/ { exit $5 == $11 || $4 == $5 || $5 == $9 || $5 == $6 }' inputs.csv
"$SINKLAB" inputs two texts "${as[@]}" >table
check "what is up to date is not measured again" test 8 -eq "$(grep -c ' 0 analyzed' table)"
check "the way to text is told" grep -q 'note: two: its data are random tokens: .*data.source=tokens' table
check "on what is told" grep -q '^analysis, 4 sequences of 16 tokens, eps 0.3$' table
check "and what its columns are" grep -q '^columns: what the model was given' table
cp table once
"$SINKLAB" inputs two ./two texts "$PWD/texts" "${as[@]}" >table
check "a run by two paths is one row" cmp table once
check "another form" "$SINKLAB" inputs texts "${as[@]}" --markdown table.md --columns sink_1
check "as Markdown" grep -q '^| texts | 5 | ' table.md
expect_fail 2 'no metric is called .sunk' "$SINKLAB" inputs two --columns sunk
expect_fail 2 'no such file or folder' "$SINKLAB" inputs two nowhere
cp -r texts broken
truncate -s 900 broken/checkpoints/step-00000005.h5
expect_fail 11 'could not be analyzed' "$SINKLAB" inputs texts broken "${as[@]}" --again --csv broken.csv
check "then there is no file" test ! -e broken.csv
check "a run without BOS" small bare data.bos=no
check "has no columns with it" bash -c '"$1" inputs bare --csv - 2>/dev/null |
    grep -qE "^bare,10,sink_1,,,,,[^,]+,[^,]+,[^,]+,[^,]+\$"' - "$SINKLAB"
expect_fail 6 'imported without a state' "$SINKLAB" train two train.steps=12
expect_fail 6 'imported without a state' "$SINKLAB" train two train.steps=12 --dry-run
expect_fail 2 'no training computes its checkpoints' "$SINKLAB" train two --restart --dry-run
check "with a state" "$SINKLAB" import gpt2-out -o on --step 5 --state train.batch=2 train.val_every=0 \
    sink.probe_every=0
check "verify finds nothing there either" "$SINKLAB" verify on
check "training goes on" "$SINKLAB" train on train.steps=8
check "to its end" grep -q '^8,' on/metrics.csv

check "a dry run says the memory" "$SINKLAB" import gpt2-out -o dry --dry-run
mib() { # of memory, as a dry run says it
    "$SINKLAB" import gpt2-out -o dry --dry-run "$@" | sed -n 's/.*takes \([0-9]*\)\.\([0-9]\) MiB.*/\1\2/p'
}
check "a state takes more" test "$(mib --state)" -gt "$(mib)"
check "in words" bash -c '"$1" import gpt2-out -o dry --dry-run | grep -q "takes .* of memory"' - "$SINKLAB"
check "and writes nothing" test ! -e dry

# What is said of the data takes the place of what random tokens need
sed '/^vocab/d' "$ROOT/tests/system/tiny.ini" >tiny-text.ini
check "text trains" "$SINKLAB" train tiny-text.ini run.dir=text train.steps=10 sink.probe_every=0 \
    data.source=text data.path="$ROOT/README.md"
check "and goes out" "$SINKLAB" export text -o text-out
check "and in, to be read with text" "$SINKLAB" import text-out -o text-in --step 5 data.source=text \
    data.path="$ROOT/README.md"
check "its BOS behind the bytes" grep -q '^bos_token = -1' text-in/config.ini
check "without BOS" "$SINKLAB" import gpt2-out -o dry --dry-run data.bos=no
check "... in another word" "$SINKLAB" import gpt2-out -o dry --dry-run 'data.bos = false'
check "BOS behind the data's tokens" "$SINKLAB" import gpt2-out -o dry --dry-run data.source=bigram-backcopy \
    data.vocab=16
expect_fail 4 'the data have 257 tokens, the model 17' "$SINKLAB" import gpt2-out -o x data.source=text \
    data.path="$ROOT/README.md"
expect_fail 3 'data.copy_length' "$SINKLAB" import gpt2-out -o x data.copy_length=3

# --- what cannot be ------------------------------------------------------------

expect_fail 2 'which run is to be made' "$SINKLAB" import gpt2-out
expect_fail 2 'which model' "$SINKLAB" import -o x
expect_fail 2 'which step is it of' "$SINKLAB" import gpt2-out llama-out -o x
expect_fail 2 'both of step 5' "$SINKLAB" import made/step5 made/step5 -o x
cp -r gpt2-out made/step99999999999999999999
expect_fail 2 'its step is beyond 99999999' "$SINKLAB" import made/step99999999999999999999 -o x
expect_fail 2 'step is of one folder' "$SINKLAB" import made/step5 made/step10 -o x --step 3
expect_fail 2 'the model is as its config.json' "$SINKLAB" import gpt2-out -o x model.norm=rmsnorm
expect_fail 4 'the data have .* tokens, the model' "$SINKLAB" import gpt2-out -o x data.vocab=30
expect_fail 4 'config.json: not there' "$SINKLAB" import made -o x
expect_fail 4 'checkpoints of one run are of one model' bash -c \
    'cp -r llama-out made/step7 && "$1" import made/step5 made/step7 -o x' - "$SINKLAB"
expect_fail 7 'already holds a run' "$SINKLAB" import gpt2-out -o gpt2
expect_fail 7 'is there already' "$SINKLAB" export gpt2 -o plain --format plain
expect_fail 7 'holds a run' "$SINKLAB" export gpt2 -o llama
expect_fail 2 'of one RUN' "$SINKLAB" export gpt2 llama -o x
expect_fail 2 'want transformers or plain' "$SINKLAB" export gpt2 -o x --format onnx
expect_fail 2 'give -o' "$SINKLAB" export gpt2 --step 5
expect_fail 2 'no checkpoint of step 7' "$SINKLAB" export gpt2 --step 7 -o x
check "sigmoid trains" small sigmoid attention.weights=sigmoid
expect_fail 3 'attention.weights = sigmoid: no model of' "$SINKLAB" export sigmoid -o x
check "norms that learn" small learns model.preset=llama model.norm=layernorm
expect_fail 3 'OLMo has nothing that learns in the place of block.0.norm1.gain' "$SINKLAB" export learns -o x
check "nothing was written of it" test ! -e x
check "a window of LLaMA's" small windowed model.preset=llama model.biases=yes model.biases_on=ffn attention.window=6
expect_fail 3 'LLaMA has no attention.window = [0-9]+,' "$SINKLAB" export windowed -o x
check "post trains" small post model.norm_place=post
expect_fail 3 'GPT-2 has no model.norm_place = post,' "$SINKLAB" export post -o x

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
bad 4 'config.json: no model of ours is like that: model.layers' 's/"n_layer":2/"n_layer":2000/' gpt2-out
bad 4 'config.json: no model of ours .* not divisible' 's/"n_head":4/"n_head":3/' gpt2-out
bad 4 'bos_token_id: want an integer' 's/"bos_token_id":[0-9]*/"bos_token_id":"x"/' gpt2-out
bad 4 'n_inner: 0' 's/"n_inner":64/"n_inner":0/' gpt2-out
bad 4 'num_key_value_heads: 0' 's/"num_key_value_heads":2/"num_key_value_heads":0/' llama-out
bad 4 'model_type is a[?]b' 's/"gpt2"/"a\\nb"/' gpt2-out
bad 4 'rope_scaling: want an object' 's/{/{"rope_scaling":"linear",/' llama-out
bad 4 'rope_scaling: has a factor' 's/{/{"rope_scaling":{"factor":2},/' llama-out
bad 4 'rope_parameters: yarn' 's/"rope_type":"default"/&,"type":"yarn"/' llama-out
bad 4 'rope_parameters: one for each kind' 's/"rope_type":"default"/"full":{&}/' llama-out
bad 4 'rope_theta: want a number' 's/"rope_type":"default",.*},/"rope_type":"default","rope_theta":"x"},/' llama-out
bad 4 'partial_rotary_factor: other' 's/"rope_type":"default"/&,"partial_rotary_factor":0.5/' llama-out
check "and nothing was written" test ! -e x
bad 4 'rope_parameters: factor is not there' 's/"rope_type":"default"/"rope_type":"llama3"/' llama-out
bad 4 'rope_parameters: low_freq_factor is not' 's/"rope_type":"default"/"rope_type":"llama3","factor":8/' llama-out
bad 4 'rope_parameters: factor: want a number' 's/"rope_type":"default"/"rope_type":"linear","factor":"x"/' llama-out
bad 4 'rope_scaling: says otherwise' 's/"rope_type":"default"/"rope_type":"linear","factor":2/;s/{/{"rope_scaling":{"type":"linear","factor":4},/' llama-out
bad 4 'rope_theta: says otherwise' '0,/"rope_theta"/s/"rope_theta": *[0-9.e+]*/"rope_theta":700/' llama-out
bad 4 'rope_scaling: dynamic' 's/{/{"rope_scaling":{"type":"dynamic","factor":4},/' llama-out
bad 4 'no model of ours .* rope_fast above' 's/"rope_type":"default"/"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":1,"original_max_position_embeddings":8/' llama-out
window='s/"llama"/"qwen2"/;s/{/{"use_sliding_window":true,"sliding_window":5,'
bad 4 'layer_types: want sliding_attention or' "$window"'"layer_types":["full_attention"],/' llama-out
bad 4 'layer_types: want sliding_attention or' "$window"'"layer_types":["full_attention","chunked"],/' llama-out
bad 4 'layer_types: want sliding_attention or' "$window"'"layer_types":["full_attention",5],/' llama-out
bad 4 'attention_layers: is not there' 's/"model_type":"llama"/"model_type":"gpt_neo","num_layers":2,"num_heads":4/' llama-out
bad 4 'ffn_dim: is not there' 's/"llama"/"opt"/' llama-out
bad 4 'window_size: 0' 's/"model_type":"llama"/"model_type":"gpt_neo","num_layers":2,"num_heads":4,"window_size":0/' llama-out
bad 4 'sliding_window: 0' 's/"llama"/"mistral"/;s/{/{"sliding_window":0,/' llama-out
bad 4 "'wte.weight', which a GPT-2 model has" 's/"model_type":"llama"/"model_type":"gpt2","n_embd":16,"n_layer":2,"n_head":4,"n_positions":16/' llama-out
# A weight that is a number, though no score that it makes is one
rm -rf large
cp -r gpt2-out large
head_bytes=$(od -An -t u8 -N 8 large/model.safetensors | tr -d ' ')
offset=$(head -c $((8 + head_bytes)) large/model.safetensors | tr -d '\0' |
    grep -ao 'h.1.attn.c_attn.weight":{[^}]*' | sed 's/.*"data_offsets":\[\([0-9]*\),.*/\1/')
printf '\236\311\177\177' | # 3.4e38
    dd of=large/model.safetensors bs=1 seek=$((8 + head_bytes + offset)) conv=notrunc 2>/dev/null
expect_fail 8 '^sinklab: large: the model.s loss is not finite, .* at most 3.4e[+]38 [(]in block.1.attention.qkv.weight' \
    "$SINKLAB" import large -o x --state
expect_fail 8 'the model.s loss is not finite in bfloat16' \
    "$SINKLAB" import large -o x --state train.precision=bfloat16
check "and nothing was written" test ! -e x
check "without a state" "$SINKLAB" import large -o large-in
for more in --json "-o large.h5" "-o large.svg" ""; do
    # shellcheck disable=SC2086 # two words
    expect_fail 8 'step-00000000.h5: weights of layer 1, head 0 are not finite' \
        "$SINKLAB" attention large-in --tokens "1 2 3 4 5 6" $more
    check "nothing is shown" test ! -s "$T/out"
done
check "and nothing is saved" test ! -e large.h5 -a ! -e large.svg
check "the layer in front of it is shown" "$SINKLAB" attention large-in --tokens "1 2 3 4 5 6" --layer 0

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

# Another thing than a file has its name
other() { # NAME REGEX: a folder, then a pipe, which nobody waits for
    rm -rf bad
    cp -r gpt2-out bad
    rm "bad/$1" 2>/dev/null
    mkdir "bad/$1"
    expect_fail 4 "$1: $2" "$SINKLAB" import bad -o x
    rmdir "bad/$1"
    mkfifo "bad/$1"
    expect_fail 4 "$1: $2" timeout 600 "$SINKLAB" import bad -o x
}
other config.json 'got a .*, want a file'
other model.safetensors 'got a .*, want a file'
rm -rf bad
mkdir bad
cp gpt2-out/config.json bad
mkfifo bad/model.safetensors.index.json
expect_fail 4 'index.json: got a .*, want a file' timeout 600 "$SINKLAB" import bad -o x
rm -rf bad
cp -r gpt2-out bad
truncate -s 2M bad/config.json
expect_fail 4 'config.json: .* bytes, want at most' "$SINKLAB" import bad -o x

# An index, and what it names
mkdir sharded
cp gpt2-out/config.json sharded
index() { # TEXT: of weight_map
    echo "{\"weight_map\":$1}" >sharded/model.safetensors.index.json
    expect_fail 4 "$2" "$SINKLAB" import sharded -o x
}
index '{}' 'no tensor .wte.weight'
index '[1]' 'no weight_map in it'
index '{"a":5}' 'is not the name of a file'
index '{"a":"../gpt2-out/model.safetensors"}' 'is not the name of a file'
index '{"a":"model-1.safetensors"}' 'names model-1.safetensors, which is not there'
index "{\"a\":\"$(printf 'a%.0s' {1..5000})\"}" 'is not the name of a file'

# A later folder is at fault: nothing was written
cp -r made/step5 made/step20
truncate -s 9000 made/step20/model.safetensors
expect_fail 4 'lie outside of the file' "$SINKLAB" import made/step5 made/step10 made/step20 -o x
"$SINKLAB" export llama -o shapes >/dev/null
cp shapes/model.safetensors made/step20/
expect_fail 4 'no tensor .wte.weight' "$SINKLAB" import made/step5 made/step10 made/step20 -o x
check "no folder is made for it" test ! -e x

# Killed anywhere, the same command makes the run; no training makes it meanwhile
for call in 40 60 70 76 84 90 94; do
    rm -rf killed
    SINKLAB_TEST="import call $call KILL" "$SINKLAB" import made/step5 made/step10 -o killed >/dev/null 2>&1
    if [ -f killed/manifest.ini ]; then
        check_refused "killed at call $call, it is not trained" "$SINKLAB" train killed
        check_refused "nor computed again" "$SINKLAB" train killed --restart
    fi
    [ -f killed/status ] && grep -q '^done' killed/status && continue
    check "killed at call $call, imported again" "$SINKLAB" import made/step5 made/step10 -o killed
    check "it is whole" "$SINKLAB" verify killed
    check "the same weights" same_weights killed two
done
expect_fail 7 'already holds a run: give another -o, or remove it' "$SINKLAB" import made/step5 made/step10 -o killed
expect_fail 2 'no training computes its checkpoints' "$SINKLAB" train killed --restart
expect_fail 7 'already holds a run' "$SINKLAB" import made/step5 -o killed --dry-run

# Where no run may be
expect_fail 7 'holds a model' "$SINKLAB" import gpt2-out -o gpt2-out
expect_fail 7 'lies within the run' "$SINKLAB" import gpt2-out -o gpt2/in
mkdir sweep && echo x >sweep/runs.list
expect_fail 7 'holds a sweep' "$SINKLAB" import gpt2-out -o sweep
mkdir shards && : >shards/model.safetensors.index.json
expect_fail 7 'is there already' "$SINKLAB" export gpt2 -o shards --format plain
expect_fail 2 'train.steps=1, but' "$SINKLAB" import made/step5 -o x train.steps=1
expect_fail 2 'the model is as its config.json' "$SINKLAB" import gpt2-out -o x ' model.norm_eps=0.1'

# --- text in a model's own tokens -------------------------------------------------

tokens() { # TEXT... -o NAME
    "$PYTHON" "$ROOT/tools/model_tokens.py" "$@"
}
if "$PYTHON" -c 'import tokenizers' 2>/dev/null; then
    small words data.source=random data.vocab=300 data.bos=no && "$SINKLAB" export words -o words-out
    cat >train.py <<'END'
import sys
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
t = Tokenizer(models.BPE())
t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
t.decoder = decoders.ByteLevel()
t.train([sys.argv[1]], trainers.BpeTrainer(vocab_size=300, show_progress=False,
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|endoftext|>"]))
t.save(sys.argv[2])
END
    cat >spell.py <<'END'
import struct, sys
from tokenizers import Tokenizer
with open(sys.argv[2], "rb") as f: ids = f.read()
ids = struct.unpack(f"<{len(ids) // 2}H", ids)
sys.stdout.write(Tokenizer.from_file(sys.argv[1]).decode(ids, skip_special_tokens=False))
END
    "$PYTHON" train.py "$ROOT/README.md" words-out/tokenizer.json
    check "shards of a model's own tokens" tokens words-out "$ROOT/README.md" "$ROOT/docs/STYLE.md" -o shards-of
    settings=$(tokens words-out "$ROOT/README.md" "$ROOT/docs/STYLE.md" -o shards-of | grep ^data)
    "$PYTHON" spell.py words-out/tokenizer.json shards-of.bin >spelled
    cat "$ROOT/README.md" "$ROOT/docs/STYLE.md" >spelled-want
    check "spell the text" cmp spelled spelled-want
    # shellcheck disable=SC2086 # words
    check "an import with them" "$SINKLAB" import words-out -o with-words --step 10 $settings
    check "its table has text" bash -c '"$1" inputs with-words --columns first_mass --csv - sink.sequences=4 2>/dev/null |
        grep -qE "^with-words,10,first_mass,,,,[^,]+,[^,]+,[^,]+\$"' - "$SINKLAB"
    printf 'one\n\ntwo\r\n' >two.txt
    check "a document a line" bash -c '"$@" | grep -q "2 documents"' - "$PYTHON" "$ROOT/tools/model_tokens.py" \
        words-out two.txt --lines -o lines
    lines=$(grep -c '[^[:space:]]' "$ROOT/README.md")
    tokens words-out "$ROOT/README.md" --lines -o lines >/dev/null
    check "as our reader has them" bash -c '"$1" data info "$2" data.source=tokens data.path=lines.bin \
        data.vocab=300 | grep -q "^documents  *$3,"' - "$SINKLAB" "$ROOT/tests/system/tiny.ini" "$lines"
    sed 's/"vocab_size":[0-9]*/"vocab_size":40/' words-out/config.json >two.json
    mkdir other-words && cp words-out/tokenizer.json other-words && mv two.json other-words/config.json
    no_tokens() { # REGEX ARGUMENT...: one sentence
        ! tokens "${@:2}" >out 2>err && grep -q "^model_tokens: .*$1" err && test 1 -eq "$(wc -l <err)"
    }
    check "another model's tokenizer" no_tokens 'is it another model' other-words "$ROOT/README.md" -o none
    check "no tokenizer" no_tokens 'tokenizer.json: not there' gpt2-out two.txt -o none
    check "no text" no_tokens 'nobody.txt: .*No such file' words-out nobody.txt -o none
    check "and wrote nothing" test ! -e none.bin -a ! -e none.idx
else
    echo "ok - # SKIP no tokenizers in $PYTHON"
fi

# --- theirs --------------------------------------------------------------------

if "$PYTHON" -c 'import torch, transformers, safetensors' 2>/dev/null &&
    [ -x "${DUMP:-$ROOT/build/float/tools/parity/dump}" ]; then
    export DUMP=${DUMP:-$ROOT/build/float/tools/parity/dump}
    check "models of transformers" "$PYTHON" "$ROOT/tools/parity/models.py"
else
    echo "ok - # SKIP no transformers in $PYTHON"
fi
finish

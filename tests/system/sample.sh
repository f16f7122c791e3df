#!/usr/bin/env bash
# `sinklab sample`: a model that learned a text by heart goes on with it, the
# same seed says the same, tokens are text, sub-words or numbers, and what is
# refused.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2

cat >alphabet.ini <<'END_INI'
[model]
layers = 1
width = 24
heads = 1
context = 16
[optim]
lr = 1e-2
warmup_steps = 10
[train]
steps = 120
batch = 16
val_every = 0
[data]
source = text
path = alphabet
[sink]
tokens = 16
probe_every = 0
[checkpoint]
every = 40
END_INI
for _ in {1..40}; do printf 'abcdefghijklm\n'; done >alphabet

# Standard output is these bytes.
prints() { # TEXT COMMAND...
    local want=$1
    shift
    "$@" >said || return
    printf '%s' "$want" | cmp - said >&2
}
sample() {
    "$SINKLAB" sample "$@"
}

check "train by heart" "$SINKLAB" train alphabet.ini run.dir=run
loss=$(tail -n 1 run/metrics.csv | cut -d, -f3)
check "the loss is that of the first token of a window alone" \
    awk -v loss="$loss" 'BEGIN { exit !(loss > 0 && loss < 0.35) }'
greedy=(--temperature 0)
check "goes on with what it learned" prints $'defghijklm\nabc\n' \
    sample run --prompt def --tokens 11 "${greedy[@]}"
check "the window slides" \
    prints $'lm\nabcdefghijklm\nabcdefghijklm\nabcdefghijklm\nabcdefghijklm\n' \
    sample run --prompt lm --tokens 57 "${greedy[@]}"
check "a prompt may be longer than the window" \
    prints $'abcdefghijklm\nabcdefghijklm\nabc\n' \
    sample run --prompt $'abcdefghijklm\nabcdefghijklm\na' --tokens 2 "${greedy[@]}"
check "a prompt of numbers" prints $'defgh\n' \
    sample run --prompt-ids "100, 101" --tokens 3 "${greedy[@]}"
check "of the most likely token alone, whatever the temperature" \
    prints $'defgh\n' sample run --prompt de --tokens 3 --top-k 1 --temperature 9

two_alike() { # A... -- B...
    local a=()
    while [ "$1" != -- ]; do a+=("$1"); shift; done
    shift
    sample "${a[@]}" >one && sample "$@" >two && cmp one two >&2
}
random=(run --step 0 --tokens 40)
check "a seed is a text" two_alike "${random[@]}" --seed 5 -- "${random[@]}" --seed 5
check_not "another is another" two_alike "${random[@]}" --seed 5 -- "${random[@]}" --seed 6
check "on one thread, too" two_alike "${random[@]}" -- "${random[@]}" train.threads=1
check "the last checkpoint is asked" two_alike run -- run --step 120
check_not "an early one says something else" two_alike run -- run --step 0
cp -r run moved
check "a copy says the same" two_alike run -- moved

check "without a prompt BOS is in front" sample run --tokens 3
check "JSON is one line" eval 'sample run --prompt de --tokens 3 --temperature 0 --json >json &&
    [ "$(wc -l <json)" -eq 1 ]'
check "JSON holds text and tokens" grep -qF \
    '"window":16,"prompt":"de","text":"fgh","prompt_tokens":[100,101],"tokens":[102,103,104]}' json
if command -v python3 >/dev/null; then
    sample "${random[@]}" --json >json
    check "JSON of any bytes is JSON" python3 -c 'import json
x = json.load(open("json", encoding="utf-8"))
assert len(x["tokens"]) == 40 and x["step"] == 0 and x["run"] == "run"'
fi

# --- tokens that are no text ---------------------------------------------------
check "train on bigrams" "$SINKLAB" train alphabet.ini data.source=bigram-backcopy \
    data.path= train.steps=2 run.dir=bigram
check "says numbers behind numbers" eval \
    'sample bigram --prompt "3 5" --tokens 4 | grep -Eqx "3 5( ([0-9]+|<BOS>)){1,4}"'
check "EOS ends it" "$SINKLAB" train alphabet.ini data.eos=yes data.order=packed \
    train.steps=0 run.dir=packed
ends() { # an untrained model gives each of 258 tokens by chance
    local seed
    for seed in {1..20}; do
        sample packed --seed "$seed" --tokens 400 >said || return
        grep -aEq '<(EOS|BOS)>$' said && return
    done
}
check "... with its name" ends
if command -v spm_train >/dev/null; then
    for word in the cat sat on a mat and that dog lay by some other door in town; do
        for other in the cat sat on a mat and that dog lay by some other door in town; do
            echo "$word $other sits" "on $other mats" "while ${word}ed ${other}ing goes"
        done
    done >cats
    check "prepare sub-words" "$SINKLAB" data prepare cats -o cats.d --vocab 310
    check "train on them" "$SINKLAB" train alphabet.ini data.source=tokens \
        data.path=cats.d run.dir=subwords
    check "goes on in sub-words" eval \
        'sample subwords --prompt "cat lay sits" --tokens 4 --temperature 0 >said &&
        grep -q "^cat lay sits on" said'
    check "any character can be spelled" sample subwords --prompt 'é' --tokens 1
    expect_fail 4 '^sinklab: --prompt: byte 2 is no UTF-8, .* \(iconv\)$' \
        sample subwords --prompt $'a\xff'
    without_tools() {
        PATH=/nowhere "$SINKLAB" "$@"
    }
    expect_fail 10 'spm_encode, which makes sub-words, is not found' \
        without_tools sample subwords --prompt cat
fi

# --- what is refused -----------------------------------------------------------
expect_fail 2 'run: no checkpoint of step 41: want one of those there are: 0, 40, 80 and 120$' \
    sample run --step 41
expect_fail 2 'no run' sample alphabet.ini
expect_fail 2 'which run' sample
expect_fail 2 '--top-k does nothing at --temperature 0' sample run --top-k 3 --temperature 0
expect_fail 2 '--seed does nothing at --temperature 0' sample run --seed 3 --temperature 0
expect_fail 2 'say the same: give one' sample run --prompt a --prompt-ids 1
expect_fail 4 "^sinklab: --prompt-ids: got 'x', want numbers of tokens, 0 to 256" \
    sample run --prompt-ids '1 x'
expect_fail 3 'data.bos: cannot be changed' sample run data.bos=no
cp -r run damaged
printf x | dd of=damaged/checkpoints/step-00000120.h5 bs=1 seek=5000 conv=notrunc 2>/dev/null
expect_fail 6 'step-00000120.h5: damaged' sample damaged --prompt a
check "the others are sound" sample damaged --step 80 --prompt a --tokens 1
rm damaged/checkpoints/*
cp -r damaged 'none yet'
expect_fail 4 "none yet has no checkpoints yet: .sinklab train 'none yet'. writes" \
    sample 'none yet'
expect_fail 4 'damaged has no checkpoints yet: `sinklab train damaged` writes them' sample damaged
mv alphabet gone
expect_fail 4 'data.path .*alphabet: ' sample run --prompt a
check "the corpus may lie elsewhere" sample run data.path=gone --prompt a --tokens 1
mv gone alphabet
check "train without BOS" "$SINKLAB" train alphabet.ini data.bos=no train.steps=0 run.dir=no-bos
expect_fail 4 'the model knows no BOS' sample no-bos
check "with a prefix" "$SINKLAB" train alphabet.ini attention.prefix=5 train.steps=0 run.dir=prefix
expect_fail 4 '--prompt: makes 4 tokens, but .* behind 5 ' sample prefix --prompt abc
check "behind it" sample prefix --prompt abcd --tokens 1
finish

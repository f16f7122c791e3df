#!/usr/bin/env bash
# What `sinklab data info` and `data head` say of a corpus and of a config, and
# what of settings that make no sense. That samples are those of docs/FORMATS.md
# is tests/system/samples.sh.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

cat >tiny.ini <<'END'
[model]
layers = 1
width = 8
heads = 2
context = 12
[train]
steps = 5
batch = 2
accumulate = 2
val_tokens = 24
[data]
source = text
path = text
eos = yes
[sink]
tokens = 8
sequences = 6
END
mkdir text
printf 'First line.\n\tTab, caf\303\251 and \001\377 end' >text/a.txt
printf '%0200d' 7 >text/b.txt
cp -r text held
samples() {
    "$SINKLAB" data head tiny.ini "$@"
}

says() { # REGEX COMMAND...: each line of it matches somewhere
    local regexes=$1 regex
    shift
    "$@" >"$T/said" || return
    while read -r regex; do
        grep -Eq -- "$regex" "$T/said" && continue
        echo "no line matches /$regex/:" >&2
        cat "$T/said" >&2
        return 1
    done <<<"$regexes"
}
is_narrow() { # COMMAND...
    "$@" | awk 'length > 80 { print "wide: " $0; bad = 1 } END { exit bad }' >&2
}

# --- info ---------------------------------------------------------------------
check "info of a config tells files, tokens, samples, epochs" says \
    '^corpus +text$
^format +text: bytes; a file is a document$
^files +2, .* from text/a.txt to text/b.txt$
^tokens +234 of 1 byte each, the largest 255$
^documents +2, of 34 to 200 tokens, 117.0 on average$
^text +234 bytes, 1 a token$
^hash +[0-9a-f]{16}, kept nowhere$
^training +212 tokens, held out 23$
^samples +201 different ones, drawn with replacement$
^a run reads +20 samples, 240 tokens: 1.132 epochs$
^vocabulary +258: 0 to 255, BOS 256, EOS 257$
^held out +2 sequences, a validation reads 2$
^sinks +6 sequences of 8 tokens, 8 of them in a probe$' \
    "$SINKLAB" data info tiny.ini
check "info of a path" says '^documents +1$' \
    "$SINKLAB" data info text/a.txt
check "info of an order that ends" says '^samples +17 an epoch, order = epochs$
^a run reads +20 samples, 240 tokens: 1.176 epochs$' \
    "$SINKLAB" data info tiny.ini data.order=epochs
printf '\1\0\2\0\3\0\377\177' >tokens.bin
check "info of token files needs no vocabulary" says \
    '^format +nanogpt:
^tokens +4 of 2 bytes each, the largest 32767$
^documents +the format does not say' \
    "$SINKLAB" data info tokens.bin data.token_bytes=2
expect_fail 4 'data.token_bytes = 2' "$SINKLAB" data info tokens.bin
check "info of a mixture tells of each part" says \
    '^part +1 of 2, 0.75 of all samples$
^a run reads +15 samples, 180 tokens: 0.8491 epochs$
^part +2 of 2, 0.25 of all samples$
^samples +endless, none twice$
^all parts +20 samples in a run, hash [0-9a-f]{16}$' \
    "$SINKLAB" data info tiny.ini data.source=mixture \
    data.mixture='3*text:text, 1*random'

# --- head ---------------------------------------------------------------------
check "head in a pipe, 80 columns" is_narrow samples --count 20
check "head of long sequences, 80 columns" is_narrow samples --count 2 \
    data.source=random data.vocab=60000 model.context=300 data.eos=no
check "bytes of a text that is none are escaped" says \
    '<BOS>First line.\\n\\tTab, caf\\xc3\\xa9 and \\x01\\xff end<EOS>$
^ +37  0000' \
    samples --count 1 model.context=40 data.order=epochs \
    data.unique_tokens=40 data.val_path=held/b.txt
printf 'aab' >aab.txt
table() { # data WORD...
    "$SINKLAB" data "$1" tiny.ini data.source=bigram-backcopy data.path= \
        data.eos=no data.bigram_path=aab.txt data.triggers=1 "${@:2}"
}
check "bigrams of a text are its bytes" says \
    '^ +1  <BOS>b[ab]{11}$' table head --count 1
check "info of them" says '^corpus +bigram-backcopy$
^table +of aab.txt$
^hash +[0-9a-f]{16}$
^vocabulary +3: 0 to 1, BOS 2$' table info
# shellcheck disable=SC2016 # the inner shell's
check "in UTF-8 they are characters" env LC_ALL=C.UTF-8 bash -c \
    '"$SINKLAB" data head tiny.ini --count 1 model.context=40 \
    data.order=epochs data.unique_tokens=40 data.val_path=held | grep -q "caf$(printf "\303\251") and"'
check "edits, and what does not count, are marked" says \
    '^ +1  <BOS>.*<FIXED>
^ +\* +X +>$
, 11 of 12 targets count$
^unit: which piece of the corpus' \
    samples --count 1 data.random_positions=2 data.fixed_position=3 \
    data.fixed_target=no data.task_seed=3
check "replaced targets are told" says \
    "^ +!+$
^ +instead: 2 '.*' for '.*', 3 '" \
    samples --count 1 data.label_noise=1 data.order=epochs data.bos=no \
    data.unique_tokens=13 data.path=text/b.txt
check "padding of a document does not count" says \
    '^train 0, update 1: unit 0, .*, 34 of 60 targets count
^ +36  <26 of padding>$
^ +x$' \
    samples --count 1 model.context=60 data.order=documents data.bos=no \
    data.val_path=held

# --- prepared folders ---------------------------------------------------------
check "a prepared folder of bytes" \
    "$SINKLAB" data prepare text -o bytes --val-fraction 0.3
prepared=(data.source=tokens data.order=epochs model.context=24)
check "... is told with its held-out part" says \
    '^vocabulary +256$
^held out +bytes$
^text +[0-9]+ bytes, 1 a token$' "$SINKLAB" data info bytes
for corpus in "text text" "text text/b.txt" "tokens bytes"; do
    read -r source path <<<"$corpus"
    hash=$("$SINKLAB" data info "$path" "data.source=$source" |
        sed -n 's/^data.hash *//p')
    of=(data.source="$source" data.path="$path" data.eos=no model.context=8)
    check "$path is what info says it is" samples --count 1 "${of[@]}" \
        data.hash="$hash"
    check "a run knows it by the same" grep -qx " *hash *$hash\|data.hash *$hash" \
        <("$SINKLAB" data info tiny.ini "${of[@]}")
    expect_fail 4 'not the corpus' samples --count 1 "${of[@]}" \
        data.hash=0123456789abcdef
done
check "... and read" says '<BOS>First line.\\n\\tTab, caf' samples --count 20 \
    "${prepared[@]}" data.path=bytes
if command -v spm_train >/dev/null; then
    for i in 1 2 3 4 5 6 7 8; do
        echo "the cat and the dog and the rat sat on the mat, said number $i"
    done >cats.txt
    check "a prepared folder of sub-words" \
        "$SINKLAB" data prepare cats.txt -o cats --vocab 300 --lines
    check "... is shown piece by piece" says '[|].*[|] ?t' samples --count 1 \
        "${prepared[@]}" data.path=cats
    check "... in 80 columns" is_narrow samples --count 9 "${prepared[@]}" \
        data.path=cats
else
    echo "# no spm_train: sub-words are not looked at"
fi

json_lines() { # how many, of one object each
    [ "$(wc -l <"$T/json")" -eq "$1" ] &&
        [ "$(grep -c '^{"split":.*}$' "$T/json")" -eq "$1" ]
}
for split in train val sink; do
    samples --split "$split" --from 1 --count 1 --json >"$T/json"
    check "--json of $split: one object a line" json_lines 1
    check "... tells which sample" says \
        "^\\{\"split\":\"$split\",\"index\":1,\"part\":0,\"unit\":[0-9]+," \
        cat "$T/json"
    for name in tokens targets weights offsets documents positions; do
        check "... its $name" says "\"$name\":\\[[-0-9a-z.,]+\\]" cat "$T/json"
    done
done
samples --from 18 --count 99 --json >"$T/json"
check "a count beyond the end gives what there is" json_lines 2
samples --from 7 --count 3 --json | sed -n 2p >seen
samples --from 8 --count 1 --json >"$T/json"
check "a sample is the same, from wherever it is reached" \
    same_bytes seen "$T/json"
check "a run shows what it was trained on" \
    "$SINKLAB" train tiny.ini run.dir=run train.val_every=0
"$SINKLAB" data head run --from 8 --count 1 --json >seen
check "... by its folder" same_bytes seen "$T/json"

# --- what makes no sense ------------------------------------------------------
expect_fail 2 '--from 20 lies past the end: of train a run reads 20 samples' \
    samples --from 20
expect_fail 2 '--from 2 lies past the end: of val a run reads 2 samples' \
    samples --from 2 --split val
expect_fail 2 '--from 8 lies past the end: of sink a run reads 8 samples' \
    samples --from 8 --split sink
expect_fail 2 "--split: got 'trian', want train, val or sink; did you mean train" \
    samples --split trian
expect_fail 2 "--count: got '0', want integer, 1" samples --count 0
expect_fail 2 "--from: got '-1', want integer, 0" samples --from=-1
expect_fail 2 'data: one of info, head is to follow|one of .*info, head is to follow' \
    "$SINKLAB" data
expect_fail 2 "data: no 'haed', did you mean head" "$SINKLAB" data haed tiny.ini
expect_fail 2 'which config' "$SINKLAB" data head
expect_fail 2 'no such file or folder|holds no run|no run' \
    "$SINKLAB" data head text
expect_fail 5 'nothing.ini' "$SINKLAB" data head nothing.ini
expect_fail 4 'data.path is empty|path is empty' samples data.path=
expect_fail 4 'data.path nowhere' samples data.path=nowhere
expect_fail 4 'data.path nowhere' "$SINKLAB" data info nowhere
for setting in optim.lr=3 data.path=text 'data.path = text'; do
    expect_fail 2 "info: $setting does nothing with the path bytes: give" \
        "$SINKLAB" data info bytes "$setting"
done
expect_fail 3 "data.order: got 'sideways'" samples data.order=sideways
expect_fail 4 'fixed_position = 13 lies past' samples data.fixed_position=13
expect_fail 3 'heads' samples model.heads=3
unwritten() { # COMMAND...
    "$@" >/dev/full
}
expect_fail 5 'cannot write to standard output' unwritten samples
expect_fail 5 'cannot write to standard output' \
    unwritten "$SINKLAB" data info tiny.ini

# Accents alone, which take no columns: a line of them is full by its bytes.
printf '\314\201%.0s' {1..8000} >accents.txt
accents() {
    LC_ALL=C.UTF-8 samples data.path=accents.txt model.context=1024 --count 1
}
check "a text of accents is shown" accents
accents >said
check "all of it" test "$(tr -cd '\201' <said | wc -c)" -ge 400
# A file whose name has no room for the endings that formats look for beside it
long=$(printf '%0253d' 7)
cp text/b.txt "$long"
check "is a file as any" samples sink.input=file sink.path="$long" --split sink
finish

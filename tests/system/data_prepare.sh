#!/usr/bin/env bash
# `sinklab data prepare`: texts become tokens, without loss, reproducibly, or not
# at all.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

prepare() {
    "$SINKLAB" data prepare "$@"
}
value() { # folder key
    sed -n "s/^$2 = //p" "$1/manifest.ini" | head -n 1
}
says() { # folder key value
    [ "$(value "$1" "$2")" = "$3" ] && return 0
    echo "$1: $2 is '$(value "$1" "$2")', want '$3'" >&2
    return 1
}
# numbers FILE FROM TYPE - what stands there, one a line.
numbers() {
    od -An -v -w8 -t "$3" -j "$2" "$1" | tr -s ' ' '\n' | sed '/^$/d'
}
as_text() { # file of u16 tokens that are bytes
    od -An -v -w2 -t u2 "$1" | while read -r token; do
        # shellcheck disable=SC2059 # an octal escape
        printf "\\$(printf %03o "$token")"
    done
}

# --- bytes -------------------------------------------------------------------

mkdir texts
printf 'abcdefghij' >texts/1.txt
printf '\000\377\r\n\t  x' >texts/2.bin
printf '%s\n' 'not read' >texts/.hidden
check "two files become a corpus" prepare texts -o bytes --val-fraction 0.25
for fact in 'format megatron' 'tokenizer bytes' 'vocab 256' 'width 2' \
    'documents file' 'held_out tails' 'val_fraction 0.25' 'train_tokens 14' \
    'train_documents 2' 'train_bytes 14' 'val_tokens 4' 'val_bytes 4'; do
    check "the manifest says $fact" says bytes "${fact% *}" "${fact#* }"
done
printf 'abcdefgh\000\377\r\n\t ' >want
as_text bytes/train.bin >got
check "the beginnings are there to train on" same_bytes got want
printf 'ij x' >want
as_text bytes/val.bin >got
check "the ends are held out" same_bytes got want
check "the index has its magic" test "$(head -c 7 bytes/train.idx)" = MMIDIDX
numbers bytes/train.idx 9 u1 >got
{
    numbers <(printf '\1\0\0\0\0\0\0\0\10\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0') 0 u1
    numbers <(printf '\10\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\20\0\0\0\0\0\0\0') 0 u1
    numbers <(printf '\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0') 0 u1
} >want
check "the index tells lengths, places and documents" same_bytes got want

cp -r bytes before
check "the same command finds it done" prepare texts -o bytes --val-fraction 0.25
check "and changes nothing" diff -r -x lock bytes before
expect_fail 7 '--force to replace it' prepare texts -o bytes
check "nor does a refusal" diff -r -x lock bytes before
check "--force replaces it" prepare texts -o bytes --val-fraction 0 --force
check_not "a part that has no text has no file" test -e bytes/val.bin
check "the manifest says so, too" says bytes val_tokens 0
printf 'abcdefghijk' >texts/1.txt
expect_fail 7 'or of other files' prepare texts -o bytes --val-fraction 0

# --- documents ---------------------------------------------------------------

printf 'one\r\n\ntwo\nthree' >lines
check "a line is a document" prepare lines -o by-line --lines --val-fraction 0
check "empty ones and line ends are none" says by-line train_bytes 11
check "three are left" says by-line train_documents 3
printf 'a\nb\n---\n---\nc\n' >parts
check "a line parts documents" prepare parts -o by-part --separator --- \
    --val-fraction 0
check "it is not in them" says by-part train_bytes 6
check "what is empty is none" says by-part train_documents 2
cat >data.jsonl <<'END'
{"text": "caf\u00e9 \ud83d\ude00\n", "meta": {"a": [1, -2.5e3, null, "x\"y"]}}

{"id": 7, "text": ""}
{"id": 8, "text": "b", "score": NaN}
END
check "a JSON object is a document" prepare data.jsonl -o by-json --jsonl \
    --val-fraction 0
printf 'caf\303\251 \360\237\230\200\nb' >want
as_text by-json/train.bin >got
check "its text is what it means" same_bytes got want
expect_fail 4 'data.jsonl:1: byte 1 of the line: nothing of that name' \
    prepare data.jsonl -o none --jsonl --key content
printf '{"text": "a"}\n{"text": "\\ud800"}\n' >half.jsonl
expect_fail 4 'half.jsonl:2: byte 11 of the line: half of a pair' \
    prepare half.jsonl -o none --jsonl
check_not "a failure leaves no folder" test -e none

seq 1 1000 >many
check "of many documents some are held out whole" prepare many -o many-1 --lines
check "as the manifest says" says many-1 held_out documents
cat <(as_text many-1/train.bin) <(as_text many-1/val.bin) | fold -w1 | sort >got
tr -d '\n' <many | fold -w1 | sort >want
check "no byte is lost, none doubled" same_bytes got want
check "about a tenth" test "$(value many-1 val_documents)" -gt 70 -a \
    "$(value many-1 val_documents)" -lt 130
check "another seed draws others" prepare many -o many-2 --lines --seed 1
check_not "with other tokens" same_bytes many-1/val.bin many-2/val.bin

# --- what cannot be ----------------------------------------------------------

mkdir foreign full
echo mine >foreign/train.bin
cp foreign/train.bin full/other
expect_fail 7 'holds files that no' prepare many -o foreign
expect_fail 7 'holds other, which is of no corpus' prepare many -o full
check "nothing is overwritten" grep -q mine foreign/train.bin
check_not "nothing is added" test -e foreign/lock
expect_fail 4 'No such file' prepare nothing -o none
: >empty
expect_fail 4 'all files are empty' prepare empty -o none
printf x >tiny
expect_fail 4 'nothing is held out of 1 documents' prepare tiny -o none
mkdir some
expect_fail 4 'nothing is held out of' prepare tiny -o some/new//one/
check_not "nor leaves it one of those that it made above it" test -e some/new
check "but the one that was there" rmdir some
expect_fail 2 'all files of which are to be read' prepare . -o none
expect_fail 2 'Give -o DIR' prepare many
expect_fail 2 'which texts' prepare -o none
expect_fail 2 'exclude each other' prepare many -o none --lines --jsonl
expect_fail 2 '--key is of --jsonl' prepare many -o none --key k
expect_fail 2 'did you mean prepare' "$SINKLAB" data prepar
expect_fail 2 'line feed' prepare parts -o none --separator $'-\n-'
expect_fail 2 'lines: --seed does nothing where the end of each' \
    prepare lines -o none --lines --seed 5
check_not "none of them leaves a folder" test -e none
check "a word has a help of its own" "$SINKLAB" data prepare --help
check "in two ways" "$SINKLAB" help data prepare

# --- interruptions -----------------------------------------------------------

# Killed before a call that changes a file, it leaves nothing that looks whole,
# and the same command then makes the same bytes. (Each call, and more ways to
# fail: tests/faults/faults.c.)
check "undisturbed" prepare many -o killed --lines
cp -r killed whole
n_calls=0 n_wrong=0
same_corpus() { # folder: the tokens of `whole`
    diff -r -x manifest.ini -x lock "$1" whole
}
for ((call = 2; call < 100; call += 5)); do
    rm -rf killed
    SINKLAB_TEST="data call $call KILL" prepare many -o killed --lines \
        >out 2>err && break
    n_calls=$call
    if [ -e killed/manifest.ini ]; then
        same_corpus killed >out || {
            n_wrong=$((n_wrong + 1))
            note "killed at call $call it looks whole, but: $(cat out)"
        }
    fi
    { prepare many -o killed --lines && same_corpus killed; } >out 2>err || {
        n_wrong=$((n_wrong + 1))
        note "killed at call $call, then again: $(cat out err)"
    }
done
check "it has calls to be killed at" test "$n_calls" -gt 15
check "a killed one is made again, and never looks whole" test "$n_wrong" -eq 0

# --- sub-words ---------------------------------------------------------------

no_pieces() { # without SentencePiece in PATH
    PATH=$T/bare "$SINKLAB" data prepare texts -o none --vocab 400
}
mkdir bare
expect_fail 10 'apt-get install sentencepiece' no_pieces
check_not "which leaves no folder" test -e none

if ! command -v spm_train >/dev/null; then
    n_checks=$((n_checks + 1))
    echo "ok $n_checks - sub-words # SKIP SentencePiece is not installed"
    finish
fi

sed 's/TAB/\t/' >words <<'END'
To be, or not to be, that is the question:
Whether 'tis nobler in the mind to suffer

   The slingsTABand  arrows of outrageous fortune,
Or to take arms against a sea of troubles — café, 你好, 😀
END
for _ in $(seq 200); do cat words; done >speech
# What a model learned on that has never seen, and what its programs treat as
# their own
printf '\357\273\277bom ▁marks▁ a\000nul\r\n<s> </s> <unk> <0x41>\n\n\n  \n' >strange
{
    printf 'é%.0s' {1..5000}
    printf 'longline %.0s' {1..1500}
    printf 'no end'
} >>strange
check "sub-words are learned" prepare speech -o pieces --vocab 400
check "as many as asked for" says pieces vocab 400
check "of fewer tokens than bytes" test "$(value pieces train_tokens)" -lt \
    $(($(value pieces train_bytes) / 2))
check "on bytes that are those of the text" test \
    $(($(value pieces train_bytes) + $(value pieces val_bytes))) -eq \
    "$(wc -c <speech)"
check "strange text takes the same vocabulary" prepare strange -o strange-1 \
    --tokenizer pieces --val-fraction 0

# Text that tokens stand for, by SentencePiece's own list of pieces.
spm_export_vocab --model=pieces/vocabulary.model --output=list
spelt() { # folder
    od -An -v -w2 -t u2 "$1/train.bin" | awk '
        NR == FNR { sub(/\t[^\t]*$/, ""); piece[NR - 1] = $0; next }
        { text = piece[$1 + 0]; gsub(/▁/, " ", text); printf "%s", text }' list - |
        sed 's/</\n</g' | awk '
        function value(c) { return index("0123456789ABCDEF", c) - 1 }
        /^<0x[0-9A-F][0-9A-F]>/ {
            printf "%c", 16 * value(substr($0, 4, 1)) + value(substr($0, 5, 1))
            printf "%s", substr($0, 7)
            next
        }
        { printf "%s", $0 }' | tr -d '\000'
}
spelt strange-1 >got
tr -d '\000' <strange >want
check "and comes back from its tokens" same_bytes got want
# Tokens of ordinary text are spm_encode's, line by line, with a line feed's
# piece behind each.
check "ordinary text, too" prepare speech -o plain --tokenizer pieces/vocabulary.model \
    --val-fraction 0
feed=$(($(grep -n '^<0x0A>' list | cut -d : -f 1) - 1))
spm_encode --model=pieces/vocabulary.model --output_format=id <speech |
    sed "s/\$/ $feed/" | tr -s ' ' '\n' | sed '/^$/d' >want
numbers plain/train.bin 0 u2 >got
check "has the tokens that spm_encode gives" same_bytes got want
for _ in $(seq 500); do echo zq zqzq zqzqzq; done >end
head -c $((9 * $(wc -c <end))) < <(while cat words; do :; done) >begin
cat begin end >learned-on
check "what is held out" prepare learned-on -o learned --vocab 400
spm_export_vocab --model=learned/vocabulary.model --output=learned.list
check_not "teaches no piece" grep -q zq learned.list
cat end begin >learned-on
check "what is trained on" prepare learned-on -o learned --vocab 400 --force
spm_export_vocab --model=learned/vocabulary.model --output=learned.list
check "does" grep -q zq learned.list
check "again makes the same bytes" prepare speech -o pieces-2 --vocab 400
check "whatever they are" diff -r -x manifest.ini -x lock pieces pieces-2

printf 'good\nba\377d\n' >invalid
expect_fail 4 'invalid: byte 8 is no UTF-8' prepare invalid -o none \
    --tokenizer pieces
printf '{"text": "a"}\n{"text": "b\377"}\n' >invalid.jsonl
expect_fail 4 'invalid.jsonl:2: byte 2 of its text is no UTF-8' \
    prepare invalid.jsonl -o none --jsonl --tokenizer pieces
expect_fail 4 '^sinklab: speech: the text allows no 300000 sub-words: want --vocab [0-9]+ at most' \
    prepare speech -o none --vocab 300000
for ((i = 128; i < 192; i++)); do # 64 characters, U+0100 and so on
    # shellcheck disable=SC2059 # the format is made
    printf "\\304\\$(printf %o $i) %.0s" {1..20}
done >characters
expect_fail 4 '^sinklab: characters: the text has more characters than 300 sub-words can be: want --vocab 3[0-9]+ at least' \
    prepare characters -o none --vocab 300
cp texts/2.bin no.model
expect_fail 4 'is no whole model' prepare speech -o none --tokenizer no.model
spm_train --input=speech --model_prefix=lossy --vocab_size=60 --minloglevel=2 2>err
expect_fail 4 'has no piece for a line feed' prepare speech -o none \
    --tokenizer lossy.model
# Normalises: two blanks become one
spm_train --input=speech --model_prefix=nfkc --vocab_size=350 --byte_fallback \
    --model_type=bpe --minloglevel=2 2>err
expect_fail 4 'does not come back' prepare speech -o none --tokenizer nfkc.model
check_not "nothing of them is left" test -e none
spm_train --input=speech --model_prefix=prefix --vocab_size=350 --byte_fallback \
    --remove_extra_whitespaces=false --normalization_rule_name=identity \
    --model_type=bpe --minloglevel=2 2>err
check "a model that puts a blank in front of lines loses nothing" \
    prepare strange -o prefixed --tokenizer prefix.model --val-fraction 0

finish

#!/usr/bin/env bash
# Bigram-Backcopy with the table of a text: a run is tied to the text by its
# hash, wherever that lies, and not to be confused with one whose table is drawn.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1

cat >tiny.ini <<'INI'
[model]
layers = 1
width = 8
heads = 1
context = 12
[train]
steps = 4
batch = 2
val_every = 2
val_tokens = 24
[data]
source = bigram-backcopy
triggers = 2
bigram_path = a.txt
[sink]
probe_every = 0
INI
printf 'the table of a text, the most frequent bytes its triggers' >a.txt
printf 'another text, another table, and another hash' >b.txt
begins() { # NAME SETTINGS...
    local name=$1
    shift
    "$SINKLAB" train tiny.ini run.dir="$name" "$@" >/dev/null
}
has() { # REGEX FILE
    grep -Eq -- "$1" "$2"
}

check "a run has the text's hash, and its whole path" begins run
check "... the path" has "^bigram_path = /.*/a\.txt" run/config.ini
check "... the hash" has '^hash = [0-9a-f]{16}' run/config.ini
check "... and an exact floor" has 'val_excess' run/metrics.csv
check "as source = text it has the same hash" \
    begins text data.source=text data.path=a.txt data.bigram_path= \
    data.triggers=3 data.val_fraction=0.4
hash_of() { # RUN
    sed -n 's/^hash = \([0-9a-f]*\).*/\1/p' "$1/config.ini"
}
check "... of the same tokens" [ "$(hash_of run)" = "$(hash_of text)" ]

expect_fail 4 'data.bigram_path .*b.txt: not the corpus' \
    begins run --resume data.bigram_path=b.txt train.steps=6
expect_fail 3 'other settings' \
    begins run --resume data.bigram_path= train.steps=6
check "a run with a table that is drawn" begins drawn data.bigram_path=
expect_fail 3 'other settings' begins drawn --resume train.steps=6
mkdir moved
mv a.txt moved
check "the text may lie elsewhere" \
    begins run --resume data.bigram_path=moved/a.txt train.steps=6
check "a run and its text hold" "$SINKLAB" verify run
printf x >>moved/a.txt
expect_fail 4 'verify: 1 finding' "$SINKLAB" verify run
rm moved/a.txt
check "a text that is gone is not missed by verify" "$SINKLAB" verify run
expect_fail 4 'data.bigram_path .*moved/a.txt' \
    "$SINKLAB" train run train.steps=8

expect_fail 4 'data.bigram_path nowhere' begins no data.bigram_path=nowhere
: >empty.txt
printf aaaa >moved/one.txt
expect_fail 4 'data.bigram_path .*: the text is empty' \
    begins no data.bigram_path=empty.txt
expect_fail 4 'consists of one byte' begins no data.bigram_path=moved/one.txt
expect_fail 3 'data.vocab = 5 is read only' \
    begins no data.bigram_path=b.txt data.vocab=5
expect_fail 3 'data.task_seed = 5 is read only' \
    begins no data.bigram_path=b.txt data.task_seed=5
check "what fails leaves no folder" [ ! -e no ]

finish

#!/usr/bin/env bash
# Runs on token files: the same as on the text they were made of, their hash
# found once, files that change or are cut under a run.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1
export XDG_CACHE_HOME=$T/cache

# One document of more than 1 MiB, so that its hash is kept.
mkdir text shards
cat "$ROOT"/src/*/*.[ch] "$ROOT"/tests/*.c | head -c 1500000 >text/all.txt
bytes=$(wc -c <text/all.txt)

little() { # number bytes: little-endian
    local n=$1 i
    for ((i = 0; i < $2; i++)); do
        printf '%b' "\\x$(printf %02x $((n & 255)))"
        n=$((n >> 8))
    done
}

# Megatron's index of one document of so many bytes
index() {
    printf 'MMIDIDX\0\0'
    little 1 8
    little 1 1
    little 1 8
    little 2 8
    little "$1" 4
    little 0 8
    little 0 8
    little 1 8
}
cp text/all.txt shards/all.bin
index "$bytes" >shards/all.idx

cat >small.ini <<'END'
[model]
layers = 1
width = 16
heads = 2
context = 32
[data]
val_fraction = 0.1
[train]
steps = 20
batch = 4
log_every = 5
val_every = 10
val_tokens = 128
[sink]
tokens = 32
probe_every = 10
probe_sequences = 2
[checkpoint]
every = 20
resume_every = 5
END

train() { # folder override...
    local dir=$1
    shift
    "$SINKLAB" train small.ini run.dir="$dir" "$@"
}
shards=(data.source=tokens data.vocab=256 data.path=shards)

# --- the same tokens, the same run -------------------------------------------

check "a run on a text" train runs/text data.source=text data.path=text
check "and on the same bytes as tokens" train runs/tokens "${shards[@]}"
# A text knows its bytes, and has a column more for that.
numbers() { # folder: some columns of its log, one after the other
    local name
    for name in step loss grad_norm val_loss sink_1; do
        awk -F, -v name=$name '
            NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
            { print at ? $at : "no such column" }' "runs/$1/metrics.csv"
    done
}
same_numbers() { # folder folder
    [ "$(numbers "$1" | grep -c '[0-9]')" -ge 20 ] &&
        ! numbers "$1" | grep 'no such' && diff <(numbers "$1") <(numbers "$2")
}
check "they are the same" same_numbers text tokens
check "with the same hash" test \
    "$(grep '^hash' runs/text/config.ini)" = "$(grep '^hash' runs/tokens/config.ini)"

# --- hashed once -------------------------------------------------------------

# The clock says that all this was written long ago. A process that hashes again
# is killed there.
later='train hash 1 value 99999999999'
never='train hash 1 KILL'
rm -f shards/.sinklab-*
check "who hashes is seen" killed_at "$never" train runs/hashing "${shards[@]}"
SINKLAB_TEST=$later check "the first run of many hashes" train runs/first \
    "${shards[@]}"
check "and leaves a note" test -f shards/.sinklab-*
SINKLAB_TEST=$never check "the second one reads that" train runs/second \
    "${shards[@]}"
{
    cat small.ini
    printf '[data]\nsource = tokens\nvocab = 256\npath = %s\n' "$T/shards"
    printf '[axes]\nrun.seed = 1 to 4\n'
} >sweep.ini
SINKLAB_TEST=$never check "so do all runs of a sweep" "$SINKLAB" sweep \
    sweep.ini run.dir=runs/sweep
check "they are done" test "$(cat runs/sweep/*/status | grep -c '^done')" = 4
printf '#' | dd of=shards/all.bin bs=1 seek=700000 conv=notrunc status=none
check "a byte that was changed is seen" killed_at "$never" train runs/changed \
    "${shards[@]}"

# --- a corpus that changes ---------------------------------------------------

SINKLAB_TEST='train step 12 KILL' expect_status 137 "a run that is killed" train \
    runs/killed "${shards[@]}"
cp shards/all.bin kept
printf '#' | dd of=shards/all.bin bs=1 seek=710000 conv=notrunc status=none
expect_fail 4 'data.hash' "$SINKLAB" train runs/killed
cp kept shards/all.bin
check "with the right tokens it goes on" "$SINKLAB" train runs/killed

mkfifo first second third fourth
head -c 200000 /dev/zero >wide.bin
SINKLAB_TEST='train step 2 wait third; train step 2 wait fourth' \
    train runs/overwritten data.source=tokens data.path=wide.bin \
    data.token_bytes=2 data.vocab=4 >over.out 2>over.err &
process=$!
meet third
head -c 200000 /dev/zero | tr '\0' '\377' |
    dd of=wide.bin conv=notrunc status=none
meet fourth
wait $process
check "a corpus that is overwritten under a run ends it" test $? = 4
check "with a sentence" grep -q 'was changed while it was read' over.err
# As well where all that stands there now are tokens, too: nothing is saved of it.
mkfifo fifth sixth seventh eighth
head -c 200000 /dev/zero >wide.bin
touch -d '1 hour ago' wide.bin
cp -p wide.bin wide.kept
overwrite() { # in place, by other tokens of the vocabulary
    head -c 200000 /dev/zero | tr '\0' '\3' | sed 's/\x03\x03/\x03\x00/g' |
        dd of=wide.bin conv=notrunc status=none
}
wide=(data.source=tokens data.path=wide.bin data.token_bytes=2 data.vocab=4
    checkpoint.every=2 checkpoint.resume_every=2)
SINKLAB_TEST='train step 2 wait fifth; train step 2 wait sixth' \
    train runs/valid "${wide[@]}" >valid.out 2>valid.err &
process=$!
meet fifth
overwrite
meet sixth
wait $process
check "one that is overwritten by tokens ends it as well" test $? = 4
check "before anything is saved" grep -q 'wide.bin: was changed while it was read' valid.err
check "no checkpoint after that of step 2" \
    test "$(basename -a runs/valid/checkpoints/step-* | tail -n 1 | tr -dc 1-9)" = 25
cp -p wide.kept wide.bin
check "with the right ones it goes on" "$SINKLAB" train runs/valid
check "to the end of one that nobody disturbed" train runs/calm "${wide[@]}"
check "bit for bit" cmp <(cut -d, -f1-4 runs/valid/metrics.csv) <(cut -d, -f1-4 runs/calm/metrics.csv)
mkfifo touch-1 touch-2
SINKLAB_TEST='train step 2 wait touch-1; train step 2 wait touch-2' \
    train runs/touched "${wide[@]}" >touched.out 2>touched.err &
process=$!
meet touch-1
touch wide.bin
meet touch-2
wait $process
check "one that is touched alone does not" test $? = 0
check "and changes nothing" cmp <(cut -d, -f1-4 runs/touched/metrics.csv) <(cut -d, -f1-4 runs/calm/metrics.csv)
cp -p wide.kept wide.bin
SINKLAB_TEST='analyze checkpoint 1 wait seventh; analyze checkpoint 1 wait eighth' \
    "$SINKLAB" analyze runs/valid >valid.out 2>valid.err &
process=$!
meet seventh
overwrite
meet eighth
wait $process
check "an analysis ends, too" test $? = 4
check "and writes nothing" test ! -e runs/valid/analysis.h5
cp -p wide.kept wide.bin
SINKLAB_TEST='train step 2 wait first; train step 2 wait second' \
    train runs/cut "${shards[@]}" checkpoint.resume_every=1 >cut.out 2>cut.err &
process=$!
meet first
truncate -s 100 shards/all.bin
meet second
wait $process
status=$?
cp cut.err err
check "a file that is cut under a run ends it with 4" test $status = 4
check "one sentence names it" grep -Eq \
    '^sinklab: data.path .*shards/all.bin: was shortened' cut.err
check "and no other" test "$(wc -l <cut.err)" = 1
expect_fail 4 'shards/all.(bin|idx)' "$SINKLAB" train runs/cut
cp kept shards/all.bin
check "with the whole file it goes on" "$SINKLAB" train runs/cut
check "to the same end" same_bytes runs/killed/metrics.csv runs/cut/metrics.csv

# --- documents of a byte -----------------------------------------------------

mkdir bytes
for i in $(seq 40); do printf x >"bytes/$i"; done
check "where no target counts, training goes on" \
    eval 'train runs/bytes data.source=text data.path=bytes data.order=documents \
        data.bos=no >bytes.out'
check "says so" grep -q 'step 20/20  no target counts' bytes.out
check "and logs no loss" test \
    "$(cut -d, -f3,6,7 runs/bytes/metrics.csv | sort -u | tr '\n' ' ')" = \
    ",, loss,val_loss,val_loss_se "
check "such a run goes on" "$SINKLAB" train runs/bytes train.steps=30
check "is analyzed" "$SINKLAB" analyze runs/bytes
check "compared" "$SINKLAB" compare runs/bytes
check "and sound" "$SINKLAB" verify runs/bytes

# --- refused -----------------------------------------------------------------

before=$(ls runs)
expect_fail 4 'token [0-9]+ is 1[0-9][0-9], but' train runs/no data.source=tokens \
    data.path=shards data.vocab=100
expect_fail 4 'data.token_bytes' train runs/no data.source=tokens \
    data.path=text/all.txt
expect_fail 4 'No such file' train runs/no data.source=tokens data.path=nowhere
expect_fail 3 'val_fraction = 0.2 is .*without data.val_path' train runs/no \
    data.source=text data.path=text data.val_path=bytes data.val_fraction=0.2
expect_fail 4 'no NAME.bin' train runs/no data.source=tokens data.path=text
check "no run folder is left behind" test "$(ls runs)" = "$before"
finish

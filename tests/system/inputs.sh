#!/usr/bin/env bash
# What sinks are measured on: other inputs for runs that are done, what they
# were told from when runs are compared, and what is refused.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1

cat >base.ini <<'END'
[model]
width = 16
heads = 2
context = 16
[train]
steps = 4
batch = 2
val_tokens = 32
[data]
source = text
path = text.txt
[sink]
tokens = 16
sequences = 4
val_tokens = 32
probe_sequences = 2
probe_every = 2
[checkpoint]
every = 4
END
yes 'the quick brown fox jumps over the lazy dog, 0123456789 times' |
    head -n 200 >text.txt
head -c 64 text.txt >four.txt # of 16 tokens without BOS
printf 'the quick brown fox' >short.txt

note_of() { # attribute of a/analysis.h5
    h5dump -a "/$1" a/analysis.h5 | sed -n 's/.*(0): "\(.*\)"/\1/p'
}
is_note() { # attribute text
    [ "$(note_of "$1")" = "$2" ]
}
# tells TEXT COMMAND... - it succeeds and says so, in one of its two outputs.
tells() {
    local text=$1
    shift
    "$@" >said 2>&1 </dev/null || return
    grep -Fq -- "$text" said
}

check "a run" "$SINKLAB" train base.ini run.dir=a
check "and another" "$SINKLAB" train base.ini run.dir=b run.seed=2
head -n 1 a/metrics.csv >header
check "a text has bits a byte" grep -q ',val_bits_per_byte,' header
check "an analysis has them" "$SINKLAB" analyze a
check "of the data" is_note input data
data=$(note_of sequences) made=$(note_of made_from)

# --- side by side -------------------------------------------------------------

cp -r a named
cp named/analysis.csv named/analysis.h5 .
check "an analysis of its own" "$SINKLAB" analyze named --as random sink.input=random
check "leaves the usual one" eval 'cmp analysis.csv named/analysis.csv && cmp analysis.h5 named/analysis.h5'
check "goes on with what it has" tells 'checkpoints were measured before' \
    "$SINKLAB" analyze named --as random sink.input=random
check "is compared by its name" tells 'is of analysis-random.csv, in all runs' \
    "$SINKLAB" compare named --by run.seed --analysis random
check "and not else" tells 'is of analysis.csv, in all runs' "$SINKLAB" compare named --by run.seed
exported() {
    "$SINKLAB" export named "$@" --jsonl - | grep '"file":"analysis"' | cksum
}
check "is exported by its name" test "$(exported --analysis random)" != "$(exported)"
expect_fail 4 'no analysis-repeat.csv: .sinklab analyze named --as repeat. measures one' \
    "$SINKLAB" compare named --analysis repeat
expect_fail 4 'no analysis-repeat.csv' "$SINKLAB" export named --analysis repeat --jsonl x
expect_fail 2 "got '../x', want a name of letters" "$SINKLAB" analyze named --as ../x
expect_fail 2 "got 'a b', want a name" "$SINKLAB" compare named --analysis 'a b'
expect_fail 7 'analysis-random.csv bears the name of a file' "$SINKLAB" compare named --csv named/analysis-random.csv
check "is sound" "$SINKLAB" verify named
sed -i '2s/,[0-9]*,/,7,/' named/analysis-random.csv
"$SINKLAB" verify named >said 2>&1
check "is found where it is damaged" grep -q 'analysis-random.csv' said
check "as nothing else is" test "$(grep -c '^named' said)" -eq 1
expect_fail 4 'analysis-random.csv' "$SINKLAB" compare named --analysis random
check "many at once, too" "$SINKLAB" analyze named b --as random sink.input=random
check "... and are up to date then" tells '0 analyzed, 2 up to date' \
    "$SINKLAB" analyze named b --as random sink.input=random

for input in random repeat copy unigram; do
    check "$input tokens" "$SINKLAB" analyze a sink.input=$input
    check "... are written down" is_note input $input
    check "... and are others" [ "$(note_of sequences)" != "$data" ]
    check "... which the analysis is made from" [ "$(note_of made_from)" != "$made" ]
done
check "unigram is told" is_note measured_on \
    "analysis, 4 sequences of 16 random tokens by frequency, eps 0.3"
of_text=$(note_of sequences)
check "tokens that the text has" eval '"$SINKLAB" data head a --split sink --count 4 --json sink.input=unigram >heads &&
    ! grep -o "\"tokens\":\[[^]]*" heads | tr -cs 0-9 "\n" | grep -vxE "|256|32|10|44|4[89]|5[0-7]|9[7-9]|1[01][0-9]|12[0-2]"'
check "no BOS" tells 'sinks are not of the data as training has them, but: analysis, 4 sequences of 16 times one token without BOS' \
    "$SINKLAB" analyze a sink.input=repeat sink.bos=no
check "... is told" is_note measured_on \
    "analysis, 4 sequences of 16 times one token without BOS, eps 0.3"
check "a file" "$SINKLAB" analyze a sink.input=file sink.path=four.txt sink.bos=no
check "... by its hash" grep -Eq '^analysis, 4 sequences of 16 tokens of file [0-9a-f]{16} without' \
    <(note_of measured_on)
h5dump -d /sequence_offset a/analysis.h5 >offsets
check "... with what lies where" grep -q '(0): 0, 16, 32, 48' offsets
file=$(note_of made_from)
cp four.txt moved.txt
check "the same file elsewhere" "$SINKLAB" analyze a sink.input=file sink.path=moved.txt sink.bos=no
check "... is the same" is_note made_from "$file"
tr a-z b-za <four.txt >moved.txt
check "another file" "$SINKLAB" analyze a sink.input=file sink.path=moved.txt sink.bos=no
check "... is another" [ "$(note_of made_from)" != "$file" ]
check "data again" "$SINKLAB" analyze a
check_not "... which needs no word" tells 'sinks are not' "$SINKLAB" analyze a
check "... is as at first" is_note made_from "$made"

# How frequent tokens are is of what a run's own data hold out
tr a-z b-za <text.txt >other.txt
check "a run of other text" "$SINKLAB" train base.ini run.dir=d data.path=other.txt
check "... by its frequencies" "$SINKLAB" analyze d --as unigram sink.input=unigram
h5dump -a /sequences d/analysis-unigram.h5 | sed -n 's/.*(0): "\(.*\)"/\1/p' >sequences
check "... which are others" eval '[ -s sequences ] && ! grep -qxF "$of_text" sequences'
check "... goes on, by its name" tells 'checkpoints were measured before' \
    "$SINKLAB" analyze d --as unigram sink.input=unigram
check "... more of it" "$SINKLAB" train d train.steps=8
check "... one checkpoint more" tells '2 of 3 checkpoints were measured before' \
    "$SINKLAB" analyze d --as unigram sink.input=unigram
check "a run that probes it" "$SINKLAB" train base.ini run.dir=e sink.input=unigram optim.schedule=constant
check "... goes on" "$SINKLAB" train e train.steps=8
check "... and one at once, on two threads" "$SINKLAB" train base.ini run.dir=f sink.input=unigram \
    optim.schedule=constant train.steps=8 train.threads=2
probes() { # but for what it validates on the way, and seals
    tail -n +2 "$1/metrics.csv" | cut -d, -f1-5,9-22
}
check "... finds the same" eval '[ "$(probes e | wc -l)" -eq 5 ] && [ "$(probes e)" = "$(probes f)" ]'
check "inputs has its columns" eval '"$SINKLAB" inputs e sink.tokens=16 --csv table.csv --columns sink_1 >said &&
    head -n 1 table.csv | grep -qx "name,step,metric,data,random,unigram,repeat,data_no_bos,random_no_bos,unigram_no_bos,repeat_no_bos" &&
    grep -qE "^e,8,sink_1(,[^,]+){8}\$" table.csv'
rows_of() { # run
    wc -l <"$1/analysis-random.csv"
}
check "... of the last checkpoint alone" eval '"$SINKLAB" inputs f sink.tokens=16 --last 1 --csv last.csv --columns sink_1 >said &&
    sed s/^f/e/ last.csv | cmp - table.csv && [ "$(rows_of f)" -eq 2 ]'
check "... which replaces no analysis of all" eval 'cp e/analysis-random.csv all.csv &&
    "$SINKLAB" inputs e sink.tokens=16 --last 1 --columns sink_1 >said && cmp all.csv e/analysis-random.csv'
check "... and is none" eval '"$SINKLAB" inputs f sink.tokens=16 --columns sink_1 >said && [ "$(rows_of f)" -eq "$(rows_of e)" ]'
check "... as analyses" test -s e/analysis-unigram.csv -a -s e/analysis-unigram-no-bos.csv

# Up to date or not, as one of many
mkdir many
cp -r a many/a
check "one of many" tells '1 analyzed, 0 up to date' "$SINKLAB" analyze many sink.input=random
check "... is up to date" tells '0 analyzed, 1 up to date' "$SINKLAB" analyze many sink.input=random
check "... but not on other tokens" tells '1 analyzed, 0 up to date' "$SINKLAB" analyze many

# Side by side, and on average
check "b on random tokens" "$SINKLAB" analyze b sink.input=random
check "compare names both" tells \
    'measured differently in a (analysis, 4 sequences of 16 tokens, eps 0.3) and in b (analysis, 4 sequences of 16 random tokens, eps 0.3)' \
    "$SINKLAB" compare a b
if command -v gnuplot >/dev/null; then
    check "a figure of both" "$SINKLAB" compare a b -o unlike.svg
    check "says it of the first alone" grep -q 'eps = 0.3 in one run, otherwise in others' unlike.svg
fi
mkdir both
cp -r a b both
expect_fail 4 'measured differently' "$SINKLAB" compare both
check "b on the data" "$SINKLAB" analyze both/b
check "both alike" "$SINKLAB" compare both
check "whole" "$SINKLAB" verify a b both

# A run's own probe
check "a run that probes a file" "$SINKLAB" train base.ini run.dir=c sink.input=file \
    sink.path=four.txt
check "... keeps its hash" grep -Eq '^hash = [0-9a-f]{16} ' <(sed -n '/^\[sink\]/,$p' c/config.ini)
check "compare names the file" tells 'tokens of file' "$SINKLAB" compare c a
expect_fail 3 'sink.input: metrics.csv of c was begun with file' \
    "$SINKLAB" train c sink.input=data train.steps=6
cp four.txt kept.txt
tr a-z b-za <kept.txt >four.txt
expect_fail 4 'not the tokens that sink.hash names' "$SINKLAB" train c train.steps=6
check "an analysis takes the file as it is" "$SINKLAB" analyze c sink.sequences=3
cp kept.txt four.txt
check "the run goes on with its own" "$SINKLAB" train c train.steps=6

# What cannot be
expect_fail 4 'path is empty' "$SINKLAB" analyze a sink.input=file
expect_fail 4 'No such file' "$SINKLAB" analyze a sink.input=file sink.path=none.txt
expect_fail 4 '1 sequences of sink.tokens = 16, but sink.sequences = 4' \
    "$SINKLAB" analyze a sink.input=file sink.path=short.txt
expect_fail 3 'read only with sink.input = file' "$SINKLAB" analyze a sink.path=four.txt
expect_fail 3 'sink.input' "$SINKLAB" analyze a sink.input=nonsense
check "a is as it was" is_note made_from "$made"
expect_fail 4 'No such file' "$SINKLAB" train base.ini --dry-run sink.input=file sink.path=none.txt
check "samples of an input are shown" "$SINKLAB" data head a --split sink \
    sink.input=file sink.path=four.txt
finish

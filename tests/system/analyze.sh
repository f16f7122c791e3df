#!/usr/bin/env bash
# Analyses: of one run and of many, again only where something has changed, and
# what they were made from.
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
vocab = 16
[sink]
tokens = 16
sequences = 4
val_tokens = 32
probe_every = 0
[checkpoint]
every = 2
END
cat >sweep.ini <<'END'
include = base.ini
[axes]
attention.weights = softmax, relu
run.seed = 1, 2
END
yes 'the quick brown fox jumps over the lazy dog, 0123456789 times' |
    head -n 200 >text.txt

check "a sweep" "$SINKLAB" sweep sweep.ini run.dir=s
check "a run on text" "$SINKLAB" train base.ini run.dir=text data.source=text \
    data.path=text.txt
cp -r s/0000-softmax-seed1 s/0004-later
printf 'preempted\nstep 3, 2026-01-31T12:00:00Z\n' >s/0004-later/status

# --- many -------------------------------------------------------------------

says() { # regex command...: it succeeds, and prints this
    local regex=$1
    shift
    "$@" >"$T/said" 2>&1 && grep -Eq -- "$regex" "$T/said" && return
    cat "$T/said"
    return 1
}
hashes() {
    cat s/*/analysis.csv s/*/analysis.h5 | cksum
}
check "all finished runs of a sweep are analyzed, others are told" \
    says '^4 analyzed, 0 up to date, 1 not finished and left out$' \
    "$SINKLAB" analyze s
check "nothing is written for the unfinished one" test ! -e s/0004-later/analysis.csv
hashes >once.txt
touch -d 2001-01-01 s/*/analysis.*
check "again there is nothing to do" says '^0 analyzed, 4 up to date' \
    "$SINKLAB" analyze s
check "no file was touched" \
    test -z "$(find s -name 'analysis.*' -newermt 2002-01-01)"
check "unless it is asked for" says '^4 analyzed' "$SINKLAB" analyze s --again --jobs 1
check "as many at once as memory holds" says \
    '^4 runs to analyze, 0 up to date; 1 at once, ' env SINKLAB_TEST='analyze memory 1 value 1' \
    "$SINKLAB" analyze s --again
[ "$(nproc)" -eq 1 ] ||
    check "which is told" grep -Eq \
        '^note: 1 run at once instead of [0-9]+: the largest takes [1-9][0-9]* MiB of memory, and 0 MiB are free \(--jobs' \
        "$T/said"
check "unless it is said how many" says '; 4 at once, ' \
    env SINKLAB_TEST='analyze memory 1 value 1' "$SINKLAB" analyze s --again --jobs 4
hashes >twice.txt
check "which gives the same bytes" same_bytes once.txt twice.txt

rm s/0001-softmax-seed2/analysis.csv
check "what was lost is made again, nothing else" \
    says '^1 analyzed, 3 up to date' "$SINKLAB" analyze s
check "other settings make all of them again" \
    says '^4 analyzed, 0 up to date' "$SINKLAB" analyze s sink.eps=0.2
check "and it says what is gone" grep -Eq \
    '^note: 4 of them take the place of an analysis with other settings \(.*, eps 0.3; sink.eps 0.3, now 0.2\): --as NAME writes' "$T/said"
check "threads do not" says '^0 analyzed, 4 up to date' \
    "$SINKLAB" analyze s sink.eps=0.2 train.threads=2
rm s/0002-relu-seed1/checkpoints/step-00000002.h5
check "a checkpoint less makes that run again" \
    says '^1 analyzed, 3 up to date' "$SINKLAB" analyze s sink.eps=0.2
check "several folders, each run once" \
    says '^6 analyzed, 0 up to date' "$SINKLAB" analyze text s/0004-later s s/
check "of a run that is named itself only what is missing is measured" \
    says '^3 of 3 checkpoints were measured before' "$SINKLAB" analyze text
check "it says when sink_1 emerged, and what it is at last" \
    grep -Eq '^sink_1 (at no step above 10 %|above 10 % from step [0-9]+), last [0-9.]+ %( \(below again\))?$' "$T/said"
check "and when a head formed a strong sink, or that none did" \
    grep -q '^no single head has formed a strong sink: none has first_mass of 50 %' "$T/said"
for_training="train.val_every=3 train.val_tokens=64 train.log_every=3 sink.probe_every=2 sink.probe_sequences=2"
# shellcheck disable=SC2086 # words
{
    check "what training alone reads measures nothing again" \
        says '^3 of 3 checkpoints were measured before' "$SINKLAB" analyze text $for_training
    check_not "nor is it told" says 'other settings' "$SINKLAB" analyze text
    check "of several runs neither" says '^0 analyzed, 4 up to date' \
        "$SINKLAB" analyze s $for_training
}
check "a run with a held-out text of its own" eval 'tac text.txt | head -n 50 | tr a-z b-za >held.txt &&
    "$SINKLAB" train base.ini run.dir=apart data.source=text data.path=text.txt data.val_path=held.txt &&
    "$SINKLAB" analyze apart && mkdir elsewhere && mv held.txt elsewhere/'
check "which may lie elsewhere, too" says '^3 of 3 checkpoints were measured before' \
    "$SINKLAB" analyze apart data.val_path=elsewhere/held.txt
rm -r apart
cp -r text under_way && rm "under_way/checkpoints/$(ls under_way/checkpoints | grep step | tail -n 1)"
check "so far, where the run is not at its end" \
    says "up to step [0-9]* of the run's 4$" "$SINKLAB" analyze under_way train.steps=90
cat text/analysis.csv text/analysis.h5 >kept.bin
check "all anew gives the same bytes" eval \
    '! says "measured before" "$SINKLAB" analyze text --again &&
    cat text/analysis.csv text/analysis.h5 | cmp - kept.bin'
more="default, entropy, key_norm, sink_1_at_0.2"
check_not "a metric more is measured" says 'measured before' \
    "$SINKLAB" analyze text "metrics.names=$more" metrics.eps=0.2
cat text/analysis.csv text/analysis.h5 >kept.bin
check "beside what was kept, with the same bytes as all anew" eval \
    '"$SINKLAB" analyze text "metrics.names=$more" metrics.eps=0.2 --again &&
    cat text/analysis.csv text/analysis.h5 | cmp - kept.bin'
check "a metric less needs no checkpoint" says '^3 of 3 .* before' "$SINKLAB" analyze text
check "columns that no row has are not in its table, and it says why" \
    grep -q '^not shown, as no row has them: sink_bias, bias_mass (the model has no' "$T/said"
check_not "so no cell of it is empty" grep -Eq '^ .* -( |$)' "$T/said"
check "they are in the file" grep -q ',sink_bias,.*,bias_mass,' text/analysis.csv
check "where columns are explained is told" grep -q 'sinklab list metric' "$T/said"
"$SINKLAB" train base.ini run.dir=short model.context=1 sink.tokens=2 data.source=random \
    train.steps=2 >said.log 2>&1
check "of sequences of one token it says why, too" \
    says '^not shown, as no row has them: value_ratio \(too few tokens in a sequence, or no such' \
    "$SINKLAB" analyze short
check "a run with an extra column" "$SINKLAB" train base.ini run.dir=extra attention.bias=key_value
check_not "has all columns in its table" says 'not shown| -( |$)' "$SINKLAB" analyze extra
check "sinks at other thresholds are in the table, too" says '^ +step .* sink_1 +at_0.1 +at_0.5 ' \
    "$SINKLAB" analyze text metrics.eps=0.1,0.5
costs="default, cost_stream, cost_zero_head, grad_value_ratio"
check_not "what interventions cost is measured" says 'measured before' \
    "$SINKLAB" analyze text "metrics.names=$costs" metrics.cache=5
check "and has its columns" grep -q \
    ',grad_value_ratio,cost_zero_head,cost_stream,' text/analysis.csv
gradients() { # of the last row
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "grad_value_ratio") at = i }
        { last = $at } END { exit !(last > 0) }' text/analysis.csv
}
check "gradients are there" gradients
check "once" says '^3 of 3 .* before' \
    "$SINKLAB" analyze text "metrics.names=$costs" metrics.cache=5
check_not "with another cache, anew" says 'measured before' \
    "$SINKLAB" analyze text "metrics.names=$costs" metrics.cache=6
expect_fail 3 'metrics.cache.* is read only where metrics.names asks for cost_window' \
    "$SINKLAB" analyze text metrics.cache=6
expect_fail 3 'metrics.sink_key = 1000: sequences have model.context = ' \
    "$SINKLAB" analyze text metrics.names=cost_no_sink metrics.sink_key=1000
expect_fail 3 'metrics.cache = 1000: sequences have model.context = .* nothing would be forgotten' \
    "$SINKLAB" analyze text metrics.names=cost_window metrics.cache=1000
expect_fail 9 'ask for fewer metrics.loss_tokens' \
    "$SINKLAB" analyze text metrics.names=cost_w8 metrics.loss_tokens=1000000000000
check "what an analysis takes away is told" \
    says '^[0-9]+ columns of the analysis before are not in this one \(sink_2, .*--as NAME' \
    "$SINKLAB" analyze text metrics.names=sink_1
check "and how many columns its table leaves out" grep -q '^2 more columns in analysis.csv$' "$T/said"
check_not "once" says 'analysis before' "$SINKLAB" analyze text metrics.names=sink_1
check_not "one beside it takes nothing away" says 'analysis before|takes the place' \
    "$SINKLAB" analyze text sink.input=repeat metrics.names=sink_1 --as repeat
check "settings that differ are named" \
    says 'takes the place .* eps [0-9.]+; sink.val_tokens [0-9]+, now 64\): --as' \
    "$SINKLAB" analyze text sink.input=repeat sink.val_tokens=64 metrics.names=sink_1 --as repeat
check "other settings are told" \
    says '^this analysis takes the place of one with other settings \(analysis, .* times one token.*--as NAME' \
    "$SINKLAB" analyze text metrics.names=sink_2 --as repeat
check "to programs, too" says '"columns_gone":\["sink_1".*"settings_gone":"analysis, .*times one token' \
    eval '"$SINKLAB" analyze text sink.input=repeat metrics.names=sink_1 --as again >/dev/null &&
    "$SINKLAB" analyze text metrics.names=sink_2 --as again --json'
rm text/analysis-*

# The newest checkpoints alone, beside the analysis of all.
expect_fail 2 '--last 1 measures some checkpoints, .* without a name is of all.*--as NAME' \
    "$SINKLAB" analyze text --last 1
check "two of them" "$SINKLAB" analyze text --last 2 --as end
check "which is whole" says 'all holds' "$SINKLAB" verify text
newest=$(cut -d, -f1 text/analysis.csv | tail -n 2 | paste -s -d ' ')
check "are the newest two" [ "$(cut -d, -f1 text/analysis-end.csv | paste -s -d ' ')" = "step $newest" ]
check "more than there are is all" "$SINKLAB" analyze text --last 1000 --as end
check "the same numbers" [ "$(cut -d, -f1-6 text/analysis.csv)" = "$(cut -d, -f1-6 text/analysis-end.csv)" ]
check "of several runs" says '^next: .* --analysis end$' "$SINKLAB" analyze . --last 1 --as end
check "named one by one, too" says '^next: sinklab compare text/ \./text --analysis end$' \
    "$SINKLAB" analyze text/ ./text --last 1 --as end
check "the same again is up to date" says '^0 analyzed, ' "$SINKLAB" analyze . --last 1 --as end
check "one row" [ "$(wc -l <text/analysis-end.csv)" = 2 ]
rm ./*/analysis-end.*
expect_fail 2 'analyze of several runs: 2 processes were started together' \
    env OMPI_COMM_WORLD_SIZE=2 "$SINKLAB" analyze text text
expect_fail 2 'sweep: 2 processes were started together' \
    env SLURM_STEP_NUM_TASKS=2 "$SINKLAB" sweep sweep.ini run.dir=s
check "back to what there was" "$SINKLAB" analyze text
check_not "other settings keep nothing" says 'measured before' \
    "$SINKLAB" analyze text sink.eps=0.25
cp -r text again
rm again/checkpoints/step-00000004.h5
check "a checkpoint less" says '^2 of 2 .* before' "$SINKLAB" analyze again sink.eps=0.25
cp text/checkpoints/step-00000004.h5 again/checkpoints/
check "one more is measured alone" says '^2 of 3 .* before' \
    "$SINKLAB" analyze again sink.eps=0.25
truncate -s 3000 again/checkpoints/step-00000002.h5
expect_fail 6 '1 of 3 checkpoints could not be measured, the others are: .*step-00000002.h5' \
    "$SINKLAB" analyze again sink.eps=0.25
cp "$T/out" damaged.txt
rm again/checkpoints/step-00000002.h5
mkfifo again/checkpoints/step-00000002.h5
expect_fail 6 'step-00000002.h5' timeout 60 "$SINKLAB" analyze again sink.eps=0.25
expect_fail 5 'step-00000002.h5: got a device or pipe' \
    timeout 60 "$SINKLAB" attention again --step 2 --text a
check "a damaged checkpoint is told in its place" \
    grep -Eq '^ +2  not measured: .*step-00000002.h5' damaged.txt
check "the others are in the file" test "$(cut -d, -f1 again/analysis.csv | xargs)" = "step 0 4"
check "a run that is named itself is always written" \
    says '^wrote analysis.csv' "$SINKLAB" analyze text
check "its table has the names of analysis.csv" \
    grep -Eq '^ +step +val_loss +loss_se +sink_1 +raw +mass +mass_raw +row_sum +ratio$' \
    "$T/said"
check "a text may lie elsewhere" eval 'mkdir moved && mv text.txt moved/ &&
    "$SINKLAB" analyze text data.path=moved/text.txt'

check_not "a CSV on standard output comes alone" eval '"$SINKLAB" compare s \
    --where status=done --csv - 2>/dev/null | grep -v ,'
check_not "and no file bears that name" test -e ./-
expect_fail 3 'optim.lr: cannot be changed: what the run computed so far was' \
    "$SINKLAB" analyze text optim.lr=1
expect_fail 2 'holds no run' "$SINKLAB" analyze s/0000-softmax-seed1/checkpoints
mkdir -p above && cp -r s above/s
deeper='above holds no run itself, but there are runs in above/s: give that folder, or others like it$'
for command in analyze compare inputs; do
    expect_fail 2 "$deeper" "$SINKLAB" $command above
done
mkdir -p odd/inside/it && echo 'hello' >odd/inside/it/status
expect_fail 2 'odd holds no run: give' "$SINKLAB" compare odd
expect_fail 5 'there is no folder nowhere: make it' "$SINKLAB" compare s -o nowhere/a.svg
check "before a table is printed" test ! -s out
ln -s nothing dangling
expect_fail 5 'no folder dangling, but a symbolic link that leads nowhere' \
    "$SINKLAB" compare s -o dangling/a.svg
expect_fail 2 'nowhere: no such file or folder' "$SINKLAB" compare nowhere -o nowhere/a.svg
expect_fail 2 'nowhere: no such file or folder: give' "$SINKLAB" analyze s nowhere
expect_fail 2 '--jobs: got .none., want integer, 1 to' "$SINKLAB" analyze s --jobs none
expect_fail 2 'unknown option --all' "$SINKLAB" analyze s --all

# --- stopped ----------------------------------------------------------------

# Each run stands still after its first checkpoint
mkfifo gate
SINKLAB_TEST="analyze checkpoint 1 wait gate" "$SINKLAB" analyze s --again \
    --jobs 2 >"$T/out" 2>"$T/err" &
process=$!
has_children() { # so many
    [ "$(wc -w <"/proc/$process/task/$process/children")" -eq "$1" ]
}
await_that has_children 2
kill -TERM "$process"
open_gate gate
wait "$process"
stopped=$?
check "a signal stops it with 75" test "$stopped" -eq 75
check "the files are as they were" says '^0 analyzed, 4 up to date' "$SINKLAB" analyze s

# One run, alone: what was measured is kept, unless an analysis is there that has more
one=s/0000-softmax-seed1
cp -r $one whole
stopped_at() { SINKLAB_TEST="analyze checkpoint $1 INT" "$SINKLAB" analyze "${@:2}"; }
expect_fail 75 'with 2 of 3 checkpoints measured, which are not kept: the analysis that was there' \
    stopped_at 2 $one --again
check "its files are as they were" diff -r $one whole
rm $one/analysis.*
expect_fail 75 'with 1 of 3 checkpoints measured, which are kept' stopped_at 1 $one
expect_fail 75 'with 2 of 3 checkpoints measured, which are kept' stopped_at 2 $one
check "they are" test "$(wc -l <$one/analysis.csv)" -eq 3
check "the same command goes on" says '^1 analyzed, 3 up to date' "$SINKLAB" analyze s
check "to what it would have been" cmp $one/analysis.csv whole/analysis.csv
check "arrays, too" cmp $one/analysis.h5 whole/analysis.h5
cp -r whole hurt
rm hurt/analysis.*
printf '\377\377\377' | dd of=hurt/checkpoints/step-00000000.h5 bs=1 seek=3000 conv=notrunc 2>/dev/null
expect_fail 75 'with 1 of 3 checkpoints measured, which are kept; 1 could not be' \
    stopped_at 2 hurt

# --- measured on something else ---------------------------------------------

check "one run on fewer sequences" "$SINKLAB" analyze s/0001-softmax-seed2 \
    sink.sequences=2
expect_fail 4 'sink_1 of .*softmax .*4 sequences.*2 sequences.*not averaged' \
    "$SINKLAB" compare s --where 'status=done'
check "analyze finds the one that differs" says '^1 analyzed, 3 up to date' \
    "$SINKLAB" analyze s
check "then they are averaged, and it says on what" \
    says 'sink_1 is of analysis.csv, in all runs: analysis, 4 sequences of 16 tokens, eps 0.3' \
    "$SINKLAB" compare s --where 'status=done'
rm s/0003-relu-seed2/analysis.csv
check "without all analyses the probe's numbers are used for all" \
    says 'for want of analysis.csv in 1 of 4 runs: `sinklab analyze s/0003-relu-seed2`' "$SINKLAB" compare s \
    --where 'status=done' --metric val_loss
check "analyze brings it back" "$SINKLAB" analyze s

# --- what cannot be analyzed ------------------------------------------------

cp -r s broken
truncate -s 3000 broken/0001-softmax-seed2/checkpoints/step-00000002.h5
# as an older version wrote it: without a seal
sed -i 's/^weights = .*/weights = softplus/; /^; seal/d' \
    broken/0003-relu-seed2/config.ini
expect_fail 11 '2 of 4 runs could not be analyzed' "$SINKLAB" analyze broken --again
cp "$T/out" broken.txt
check "each is named at the end, with its reason" test "$(tail -n 2 broken.txt |
    grep -Ec '^  broken/000[13].*: status [36]: ')" -eq 2
check "the others are done" grep -Eq '^2 analyzed, 0 up to date' broken.txt

expect_fail 3 'config.ini: attention.weights is softplus, but relu in .*undo' \
    "$SINKLAB" analyze broken/0003-relu-seed2
cp -r s/0000-softmax-seed1 cosmetic
sed -i '/^\[sink\]/,/^\[metrics\]/ s/^eps = .*/eps = 0.1/; s/^log_every = .*/log_every = 7/; /^; seal/d' cosmetic/config.ini
check "what changes no number may be changed" "$SINKLAB" analyze cosmetic

# --- two files, one truth ---------------------------------------------------

cp s/0000-softmax-seed1/analysis.h5 cosmetic/analysis.h5
expect_fail 4 'analysis.csv: not made from the analysis.h5 beside it: run .sinklab analyze cosmetic. again' \
    "$SINKLAB" compare cosmetic
rm cosmetic/analysis.h5
expect_fail 4 'analysis.csv: the analysis.h5 that was written with it is not there: run .sinklab analyze cosmetic. again' \
    "$SINKLAB" compare cosmetic
check "analyze puts it right" "$SINKLAB" analyze cosmetic
check "compare takes it then" "$SINKLAB" compare cosmetic
check_not "every row says what it was made from" grep -Ev \
    ",($(tail -c 17 cosmetic/analysis.h5)|analysis),[0-9a-z_]+\$" \
    cosmetic/analysis.csv
sed -i '3s/,0/,1/' cosmetic/analysis.csv
expect_fail 4 'analysis.csv:3: damaged' "$SINKLAB" compare cosmetic

finish

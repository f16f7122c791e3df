#!/usr/bin/env bash
# samples.csv: what a model says at each validation is what `sinklab sample`
# says of the same step, and the same bytes however often the run was
# interrupted.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2

write_cats cats.ini '
[train]
steps = 30
val_every = 10
sample_tokens = 12
sample_prompt = the "cat", and
[checkpoint]
resume_every = 5'
train() {
    "$SINKLAB" train cats.ini "$@"
}

check "train" train run.dir=run
check "a row for each validation" eval '[ "$(cut -d, -f1 run/samples.csv | tr "\n" " ")" = "step 0 10 20 30 " ]'
# shellcheck disable=SC2016 # eval's
said() { # STEP...: each row has the tokens and the text of `sinklab sample`
    local step want row
    for step in "$@"; do
        want=$("$SINKLAB" sample run --step "$step" --prompt 'the "cat", and' --tokens 12 --json |
            sed 's/.*"tokens":\[\(.*\)\].*/\1/; s/,/ /g')
        row=$(grep -a "^$step," run/samples.csv)
        [[ $row == "$step,$want,\"the \"\"cat\"\", and"* ]] && continue
        echo "step $step: $row, want $want" >&2
        return 1
    done
}
check "it is what sample says" said 0 10 20 30
if command -v python3 >/dev/null; then
    check "it is CSV" python3 -c 'import csv
rows = list(csv.DictReader(open("run/samples.csv", encoding="utf-8", newline="")))
assert len(rows) == 4 and all(r["text"].startswith("the \"cat\", and") for r in rows)
assert all(len(r["tokens"].split()) == 12 and len(r["row_hash"]) == 16 for r in rows)'
fi
check "verify finds nothing" "$SINKLAB" verify run
check "training is the same without" train run.dir=without train.sample_tokens=0 train.sample_prompt=
check "... to the last bit" same_bytes run/metrics.csv without/metrics.csv
check_not "... where there is no such file" test -e without/samples.csv

for rule in 'train step 3 KILL' 'train step 17 KILL' 'train step 23 KILL'; do
    rm -rf killed
    check "killed: $rule" killed_at "$rule" "$SINKLAB" train cats.ini run.dir=killed
    check "goes on" "$SINKLAB" train cats.ini --resume run.dir=killed train.threads=1
    check "the samples are those of an unbroken run" same_bytes run/samples.csv killed/samples.csv
done
check "made longer" "$SINKLAB" train killed train.steps=40
check "... it has one more row" has_line killed/samples.csv '^40,'
check "computed again" "$SINKLAB" train killed --restart
check "... it has them all" eval '[ "$(grep -c "^[0-9]" killed/samples.csv)" -eq 5 ]'

check "switched on later" "$SINKLAB" train without train.steps=40 train.sample_tokens=3 train.sample_temperature=0
check "... rows begin there" eval '[ "$(cut -d, -f1 without/samples.csv | tr "\n" " ")" = "step 40 " ]'
cp -r run off
check "switched off" "$SINKLAB" train off train.steps=40 train.sample_tokens=0
check "... what was said stays" same_bytes run/samples.csv off/samples.csv

cp -r run damaged
sed -i 's/^20,[0-9]*/20,1/' damaged/samples.csv
expect_fail 4 'listed above' "$SINKLAB" verify damaged
check "... with file and line" eval '"$SINKLAB" verify damaged 2>&1 |
    grep -q "damaged/samples.csv:4: damaged"'
check "a run goes on all the same" eval '"$SINKLAB" train damaged train.steps=40 >said &&
    grep -q "samples.csv:4: damaged: the samples from there to step 30 are dropped" said'

check "of numbers" train run.dir=numbers data.source=bigram-backcopy data.path= \
    train.sample_prompt='3 4' train.steps=10
check "... they are numbers" grep -Eq '^10,[0-9 ]+,"3 4 ([0-9 ]|<BOS>)+",' numbers/samples.csv

# --- what is refused, before there is a folder -----------------------------------
expect_fail 3 'train.sample_prompt = x is read only with train.sample_tokens != 0' \
    train run.dir=none train.sample_tokens=0 train.sample_prompt=x
expect_fail 3 'train.sample_tokens = 12 is read only with train.val_every != 0' eval \
    'sed "/val_every/d; /val_tokens/d" cats.ini >b.ini; "$SINKLAB" train b.ini run.dir=none train.val_every=0 train.sample_tokens=12'
expect_fail 3 'train.sample_top_k = 3 is read only with' \
    train run.dir=none train.sample_temperature=0 train.sample_top_k=3
expect_fail 4 "train.sample_prompt: got 'the \"cat\", and', want numbers of tokens" \
    train run.dir=none data.source=bigram-backcopy data.path=
expect_fail 4 'train.sample_prompt: is empty, and the model knows no BOS' \
    train run.dir=none data.bos=no train.sample_prompt=
check_not "no folder was made" test -e none
cp -r run lost
rm lost/samples.csv
expect_fail 4 'listed above' "$SINKLAB" verify lost
check "a lost file is found" eval '"$SINKLAB" verify lost 2>&1 |
    grep -q "lost/samples.csv: lost, though"'
check "and told where the run goes on" eval '"$SINKLAB" train lost train.steps=40 |
    grep -q "note: lost/samples.csv is lost, or was not asked for before: it begins behind step 30"'

finish

#!/usr/bin/env bash
# The same bits whatever the threads, the probe, the interruptions; and what
# the checkpoint schedule keeps.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

cat >small.ini <<'END'
[model]
layers = 2
width = 32
heads = 4
context = 40
[attention]
bias = key
[train]
steps = 50
batch = 3
accumulate = 2
log_every = 5
val_every = 25
val_tokens = 120
[optim]
lr = 3e-3
[sink]
tokens = 40
probe_every = 10
probe_sequences = 2
[checkpoint]
every = 0
dense_until = 16
steps = 3, 20
resume_every = 10
END
last=checkpoints/step-00000050.h5

train() { # folder override...
    local dir=$1
    shift
    "$SINKLAB" train small.ini run.dir="$dir" "$@"
}

check "1 thread" train runs/1 train.threads=1
for preset in gpt2 llama; do
    check "$preset, 1 thread" train "runs/$preset-1" model.preset=$preset \
        train.threads=1
    for threads in $(is_long && echo 2) 4; do
        check "$preset, $threads threads" train "runs/$preset-$threads" \
            model.preset=$preset train.threads=$threads
        check "$preset: $threads threads give the bits of one" h5diff \
            "runs/$preset-1/$last" "runs/$preset-$threads/$last" /param
        check "$preset: $threads threads give the metrics of one" same_bytes \
            "runs/$preset-1/metrics.csv" "runs/$preset-$threads/metrics.csv"
    done
done

check "no probe" train runs/blind train.threads=2 sink.probe_every=0
check "the probe changes no bit" h5diff runs/1/$last runs/blind/$last /param

check "another data seed" train runs/data train.threads=2 run.data_seed=2
check_not "another data seed gives other weights" h5diff -q \
    runs/1/$last runs/data/$last /param
check "the data seed leaves the initial weights alone" h5diff \
    runs/1/checkpoints/step-00000000.h5 runs/data/checkpoints/step-00000000.h5 \
    /param

kept() { # folder: steps of the weights files, on one line
    (cd "$1/checkpoints" && echo step-*.h5 |
        sed 's/step-0*\([0-9]\)/\1/g; s/\.h5//g')
}
check "the schedule keeps 0, powers of two, the list and the last" \
    test "$(kept runs/1)" = "0 1 2 3 4 8 16 20 50"

# --- more steps than planned at first ---------------------------------------

check "20 steps" train runs/longer train.steps=20
check "extended to 50" "$SINKLAB" train runs/longer train.steps=50
check "an extended run ends with the same weights" h5diff \
    runs/1/$last runs/longer/$last /param
says() { # text command...
    local text=$1
    shift
    "$@" | grep -F -- "$text"
}
check "asking again trains nothing, and says so" \
    says 'done already' "$SINKLAB" train runs/longer
check "train --resume with the config goes on, too" \
    train runs/longer --resume train.steps=50
expect_fail 3 'other settings' "$SINKLAB" train small.ini --resume \
    run.dir=runs/longer optim.lr=1
expect_fail 3 'model.width' "$SINKLAB" train runs/longer model.width=64
expect_fail 3 'may be made longer' "$SINKLAB" train runs/longer train.steps=40
expect_fail 3 'cannot move the run' "$SINKLAB" train runs/longer run.dir=other
expect_fail 3 'sink.positions: metrics.csv' "$SINKLAB" train runs/longer train.steps=60 \
    sink.positions=2
check "a refused resume leaves the run as it was" \
    first_line_is runs/longer/status "done"

# --- killed at any moment ----------------------------------------------------

check "the run to be matched" train runs/whole train.steps=200 train.threads=1
go_on() { # threads
    "$SINKLAB" train small.ini --resume run.dir=runs/killed train.steps=200 \
        train.threads="$1"
}
# In steps that save, do not, and do nothing at all; and within what is written
# to start, to log and to save
moments=("call 12" "step 37" "call 101" "step 170")
is_long && moments=("call 3" "call 12" "step 0" "step 1" "call 60" "step 37"
    "call 101" "call 102" "step 110" "call 149" "step 170" "call 7" "step 199")
for moment in "${moments[@]}"; do
    check "killed at $moment" killed_at "train $moment KILL" go_on 2
done
check "killed so often, it still ends" go_on 1
check "it is done" first_line_is runs/killed/status "done"
check "with the same metrics" same_bytes runs/whole/metrics.csv \
    runs/killed/metrics.csv
check "and the same weights" h5diff runs/whole/checkpoints/step-00000200.h5 \
    runs/killed/checkpoints/step-00000200.h5 /param

is_long || finish

# --- every optimizer ----------------------------------------------------------

# On one thread, and, killed where a preconditioner is due and behind it, on
# more. Schedule-free trains at other numbers than it keeps.
for optimizer in $("$SINKLAB" list optimizer --names); do
    settings=(optim.name="$optimizer" optim.lr=1e-3 train.steps=24
        model.preset=llama checkpoint.dense_until=0)
    check "$optimizer: the run to be matched" train "runs/$optimizer" \
        "${settings[@]}" train.threads=1
    check "$optimizer: killed at step 11" killed_at "train step 11 KILL" \
        train "runs/$optimizer-cut" "${settings[@]}" train.threads=4
    check "$optimizer: killed at step 20" killed_at "train step 20 KILL" \
        train "runs/$optimizer-cut" --resume "${settings[@]}" train.threads=2
    check "$optimizer: it goes on" train "runs/$optimizer-cut" --resume \
        "${settings[@]}" train.threads=4
    check "$optimizer: with the same metrics" same_bytes \
        "runs/$optimizer/metrics.csv" "runs/$optimizer-cut/metrics.csv"
    check "$optimizer: and the same state" h5diff \
        "runs/$optimizer/checkpoints/resume.h5" \
        "runs/$optimizer-cut/checkpoints/resume.h5" /optim
done
expect_fail 3 'other settings' train runs/adamw --resume optim.name=lion \
    optim.lr=1e-3 train.steps=24 model.preset=llama checkpoint.dense_until=0

# --- a longer run, and the schedule ------------------------------------------

for schedule in constant inverse_sqrt wsd; do
    check "$schedule: 30 steps" train "runs/$schedule" train.steps=30 \
        optim.schedule=$schedule
done
check "$schedule: 20 steps of 30, killed" killed_at "train step 20 KILL" \
    train runs/wsd-longer train.steps=30 optim.schedule=wsd
check "$schedule: as of 50 from the first" train runs/wsd-50 \
    optim.schedule=wsd
check "$schedule: on to 50" "$SINKLAB" train runs/wsd-longer train.steps=50
check "$schedule: with the same metrics" same_bytes runs/wsd-50/metrics.csv \
    runs/wsd-longer/metrics.csv
check "$schedule: a run that came to its end jumps, and says so" \
    says 'the learning rate goes from 0 to 0.003' "$SINKLAB" train runs/wsd \
    train.steps=50
says_not() { ! says "$@"; }
check "inverse_sqrt does not" says_not 'the learning rate goes' "$SINKLAB" \
    train runs/inverse_sqrt train.steps=50

# --- a loss that changes on the way --------------------------------------------

turns='0 until 23, 1e-2'
terms() { # folder option...
    local dir=$1
    shift
    train "$dir" loss.z="$turns" loss.label_smoothing=0.1 loss.l2=1e-4 \
        loss.activation='1e-2 until 37, 0' loss.entropy='0.1 until 41, -0.1' \
        loss.head_balance=0.1 loss.from=3 loss.to=38 "$@"
}
check "terms of the loss" terms runs/terms train.threads=1
check "a factor is kept as it was given" \
    has_line runs/terms/config.ini "^z = 0 until 23, 0.01 "
check "terms have columns" has_line runs/terms/metrics.csv \
    '^step,tokens,loss,objective,loss_label_smoothing,loss_z,'
for moment in "step 21" "step 24" "step 36" "step 42"; do
    check "killed at $moment, around where factors change" \
        killed_at "train $moment KILL" terms runs/changed --resume \
        train.threads=2
done
check "and it ends" terms runs/changed --resume train.threads=3
check "with the metrics of one that was left alone" same_bytes \
    runs/terms/metrics.csv runs/changed/metrics.csv
check "and its weights" h5diff runs/terms/$last runs/changed/$last /param
check "a term that is switched on late" train runs/late loss.z="$turns" \
    train.threads=2
check "leaves no trace before" h5diff runs/1/checkpoints/step-00000020.h5 \
    runs/late/checkpoints/step-00000020.h5 /param
check_not "and some behind" h5diff -q runs/1/$last runs/late/$last /param
expect_fail 3 'other settings' train runs/late --resume loss.z=1e-2
expect_fail 3 'is read only' train runs/none attention.operation=flow \
    attention.bias=none loss.first_mass=1
expect_fail 3 'steps that rise' train runs/none \
    loss.z='0 until 9, 1 until 5, 0'

# --- what a resume refuses ----------------------------------------------------

mkdir "my #1"
yes 'to be or not to be, that is the question' | head -n 60 >"my #1/t.txt"
cp "my #1/t.txt" my1.txt
tr o a <my1.txt >other.txt
in_odd_folder() {
    (cd "my #1" && "$SINKLAB" train ../small.ini data.source=text \
        data.path=t.txt)
}
expect_fail 3 'data.path' in_odd_folder
check "a run on text" "$SINKLAB" train small.ini run.dir=runs/words \
    data.source=text data.path=my1.txt train.steps=20
check "--resume with its config finds the same run, whose hash it learns" \
    says 'done already' "$SINKLAB" train small.ini --resume \
    run.dir=runs/words data.source=text data.path=my1.txt train.steps=20
expect_fail 4 'not the corpus' "$SINKLAB" train small.ini --resume \
    run.dir=runs/words data.source=text data.path=other.txt train.steps=20
mkdir moved
mv my1.txt moved/
expect_fail 4 'my1.txt' "$SINKLAB" train runs/words train.steps=30
check "the text may move" "$SINKLAB" train runs/words train.steps=30 \
    data.path=moved/my1.txt
echo more >>moved/my1.txt
expect_fail 4 'not the corpus' "$SINKLAB" train runs/words train.steps=40
expect_fail 3 'holds the run folder' "$SINKLAB" train small.ini \
    data.source=text data.path="$T"

cp -r runs/1 runs/edited
sed -i 's/^lr = .*/lr = 0.5/' runs/edited/config.ini
expect_fail 3 'config.ini: was changed' "$SINKLAB" train runs/edited \
    train.steps=60
cp -r runs/1 runs/lost
rm runs/lost/checkpoints/resume.h5
expect_fail 6 'resume.h5' "$SINKLAB" train runs/lost train.steps=60
check "a refused resume keeps the metrics" same_bytes runs/1/metrics.csv \
    runs/lost/metrics.csv

mkdir -p runs/early/checkpoints
printf 'pending\n' >runs/early/status
check "--resume starts what was killed before it began" \
    train runs/early --resume train.steps=5

# --- a run that is in use, diverges, or fills the disk ------------------------

mkfifo gate
SINKLAB_TEST="train step 7 wait gate" "$SINKLAB" train small.ini \
    run.dir=runs/busy >/dev/null 2>&1 &
process=$!
await_that has_line runs/busy/metrics.csv '^5,'
expect_fail 7 'in use by process' "$SINKLAB" train runs/busy
kill -TERM $process
open_gate gate
wait $process
check "a stopped run ends with 75" test $? -eq 75

expect_fail 8 'diverged at step' "$SINKLAB" train small.ini run.dir=runs/bad \
    optim.lr=1000 optim.clip=0 optim.name=sgd model.init=framework
check "its status is diverged" first_line_is runs/bad/status diverged
expect_fail 8 'diverged' "$SINKLAB" train small.ini run.dir=runs/worse \
    train.steps=2 optim.lr=1000 optim.weight_decay=1000 train.accumulate=1
check "weights that give no finite loss are never saved as the state" \
    test ! -e runs/worse/checkpoints/resume.h5
check "its last good checkpoint is whole" \
    h5dump -H runs/bad/checkpoints/step-00000000.h5

# A file size limit stands in for a full disk: the write fails half-way.
full() {
    (
        ulimit -f 64
        "$SINKLAB" "$@"
    )
}
check "a run before the disk fills" train runs/full train.steps=20
cp -r runs/full runs/full.before
expect_fail 5 'full|large' full train runs/full train.steps=50
check "its status is failed" first_line_is runs/full/status failed
check "the state saved before is intact" same_bytes \
    runs/full/checkpoints/resume.h5 runs/full.before/checkpoints/resume.h5
check "no temporary file is left" \
    test -z "$(find runs/full -name '.tmp*')"
check "with room again it goes on" "$SINKLAB" train runs/full train.steps=50
check "to the same end" h5diff runs/1/$last runs/full/$last /param

finish

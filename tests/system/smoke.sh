#!/usr/bin/env bash
# The whole way once, small: train, stop, go on, analyze, compare, and what
# happens to bad input. Also run under the sanitizers (make asan).
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2

cat >tiny.ini <<'END'
[model]
layers = 2
width = 16
heads = 2
context = 16
[train]
steps = 240
batch = 2
log_every = 10
val_every = 60
val_tokens = 64
[data]
source = bigram-backcopy
vocab = 16
[sink]
tokens = 16
sequences = 4
val_tokens = 64
probe_every = 60
probe_sequences = 2
[checkpoint]
every = 60
resume_every = 60
END

# --- help and version ------------------------------------------------------

prints() { # REGEX COMMAND...
    local regex=$1
    shift
    "$@" | grep -Eq -- "$regex"
}
for command in train sweep analyze compare runs data verify bench list export; do
    check "$command -h is help $command" \
        prints "sinklab $command" "$SINKLAB" "$command" -h
done
check "help stands behind other words, too" \
    prints 'sinklab sweep status' "$SINKLAB" sweep status --help
for word in -h --help --version; do
    expect_fail 2 'nowhere: no such' "$SINKLAB" sample nowhere --prompt "$word"
done
check "a version names the commit" \
    prints '^sinklab [0-9.]+ \(commit ' "$SINKLAB" --version
check "and the MPI, if any" prints '^MPI: ' "$SINKLAB" --version

# Output of any length: what a full disk refuses may be all, the last, or what
# stands before the last.
unwritten() { # COMMAND...
    is_status 5 "$@" 2>"$T/why" >/dev/full &&
        grep -q 'cannot write to standard output' "$T/why"
}
for words in --version help "help train" "help config" "help attention" list \
    "list attention" "list position" "list --names" "help sweep"; do
    # shellcheck disable=SC2086 # words
    check "a full disk loses no word of $words unsaid" unwritten "$SINKLAB" $words
done
expect_fail 2 'did you mean train' "$SINKLAB" help trian
expect_fail 2 'unexpected argument x' "$SINKLAB" --version x

# --- train, stop, go on ----------------------------------------------------

expect_fail 7 "sinklab train \\./--odd" bash -c \
    "'$SINKLAB' train tiny.ini train.steps=1 run.dir=--odd >/dev/null &&
    '$SINKLAB' train tiny.ini train.steps=1 run.dir=--odd"
check "a dry run succeeds" "$SINKLAB" train tiny.ini --dry-run run.dir=runs/dry
expect_status 1 "a dry run makes no folder" test -e runs/dry

check "train runs to its end" "$SINKLAB" train tiny.ini run.dir=runs/whole
check "its status is done" first_line_is runs/whole/status "done"
for name in config.ini manifest.ini metrics.csv checkpoints/step-00000000.h5 \
    checkpoints/step-00000240.h5 checkpoints/resume.h5; do
    check "it leaves $name" test -s "runs/whole/$name"
done
expect_fail 7 'already holds a run \(done at step 240\)' \
    "$SINKLAB" train tiny.ini run.dir=runs/whole

# Stop a run with a signal, between two of the states that it saves.
stop_midway() { # status signal folder
    SINKLAB_TEST="train step 101 $2" is_status "$1" \
        "$SINKLAB" train tiny.ini run.dir="$3"
}

goes_on_to_the_same_end() { # folder
    check "it goes on" "$SINKLAB" train "$1"
    check "its status is done" first_line_is "$1/status" done
    check "its metrics are those of a run never stopped" \
        same_bytes runs/whole/metrics.csv "$1/metrics.csv"
    check "its weights are, too" h5diff runs/whole/checkpoints/step-00000240.h5 \
        "$1/checkpoints/step-00000240.h5" /param
}

check "a stopped run ends with status 75" stop_midway 75 TERM "runs/stopped run"
check "its status is preempted" first_line_is "runs/stopped run/status" preempted
goes_on_to_the_same_end "runs/stopped run"

check "a run is killed" stop_midway 137 KILL runs/killed
check "a killed run leaves status running" first_line_is runs/killed/status running
goes_on_to_the_same_end runs/killed

check "a checkpoint is readable with h5dump" \
    h5dump -H runs/whole/checkpoints/step-00000240.h5

# --- every attention, both presets, text -----------------------------------

yes 'the quick brown fox jumps over the lazy dog, 0123456789 times' |
    head -n 200 >text.txt
for setting in "weights=softmax" "weights=sigmoid" "weights=relu" "bias=key"; do
    for preset in gpt2 llama; do
        check "a few steps of $preset, attention.$setting, on text" \
            "$SINKLAB" train tiny.ini run.dir="runs/$preset-$setting" \
            model.preset="$preset" attention."$setting" train.steps=3 \
            data.source=text data.path=text.txt
    done
done

# --- analyze, compare, say -------------------------------------------------

check "analyze" "$SINKLAB" analyze runs/whole
check "it leaves analysis.csv" test -s runs/whole/analysis.csv
check "it leaves analysis.h5" h5dump -H runs/whole/analysis.h5
columns='val_loss,val_loss_se,val_excess,sink_1,'
check "metrics.csv has the loss, its error and the excess" \
    grep -q "^step,tokens,loss,grad_norm,lr,$columns" runs/whole/metrics.csv
check "so has analysis.csv" \
    grep -q "^step,tokens,$columns" runs/whole/analysis.csv
check "so has analysis.h5" \
    h5dump -d /val_loss_se -d /val_excess runs/whole/analysis.h5
check "analyze a second run" "$SINKLAB" analyze runs/killed
check "compare" "$SINKLAB" compare runs/whole runs/killed
check "list" "$SINKLAB" list
check "help" "$SINKLAB" help
check "help config" "$SINKLAB" help config

# --- bad input -------------------------------------------------------------

bad() { # code regex arguments of train
    local code=$1 regex=$2
    shift 2
    expect_fail "$code" "$regex" "$SINKLAB" train "$@" run.dir=runs/bad
}
expect_fail 2 'fly' "$SINKLAB" fly
printf '\nFirst Citizen:\nBefore we proceed any further, hear me speak.\n' >"a play"
expect_fail 3 "a play:2: got 'First Citizen:', want .* .sinklab train configs/text.ini data.path='a play'" \
    "$SINKLAB" train 'a play'
cp "$ROOT/tests/system/tiny.ini" named-otherwise
sed '/^;/d; s/^steps = /steps : /' named-otherwise >with-colons
check "and have colons" "$SINKLAB" train with-colons --dry-run --rate 1000
check "a config may bear any name" "$SINKLAB" train named-otherwise --dry-run --rate 1000
expect_fail 5 'tiny.ini: cannot create .*: File exists; .* is something else: ' \
    "$SINKLAB" train tiny.ini run.dir=tiny.ini
expect_fail 5 'tiny.ini/x.ini: .*: Not a directory; a part of this path is no' \
    "$SINKLAB" train tiny.ini/x.ini
bad 3 'modle.*model' tiny.ini modle.layers=2
bad 3 'layrs.*layers' tiny.ini model.layrs=2
bad 3 'layers.*two' tiny.ini model.layers=two
bad 3 'layers' tiny.ini model.layers=-1
bad 3 'width.*heads|heads.*width' tiny.ini model.heads=3
printf '[model]\nlayers = 1\nlayers = 2\n' >twice.ini
bad 3 'twice.ini:3' twice.ini
printf '[model]\nlay\0ers = 1\n' >nul.ini
bad 3 'nul.ini:2' nul.ini
bad 5 'missing.ini' missing.ini
: >empty.txt
bad 4 'empty.txt' tiny.ini data.source=text data.path=empty.txt
printf 'short' >short.txt
bad 4 'short.txt' tiny.ini data.source=text data.path=short.txt
bad 4 'nowhere.txt' tiny.ini data.source=text data.path=nowhere.txt

cp -r runs/whole runs/damaged
truncate -s 6000 runs/damaged/checkpoints/resume.h5
expect_fail 6 'resume.h5' "$SINKLAB" train runs/damaged train.steps=241
truncate -s 3000 runs/damaged/checkpoints/step-00000060.h5
expect_fail 6 'step-00000060.h5' "$SINKLAB" analyze runs/damaged
expect_fail 2 'runs/nothing' "$SINKLAB" analyze runs/nothing

# Nothing that is said gets into a file, though files are opened first
said_nowhere() {
    "$SINKLAB" train "$ROOT/configs/quick.ini" train.steps=2 run.dir=closed \
        <&- >&- 2>&-
}
expect_status 5 "a run with all its standard files closed" said_nowhere
check "is done all the same" grep -qx done closed/status
check "its lock holds one line" test "$(wc -l <closed/lock)" -eq 1

finish

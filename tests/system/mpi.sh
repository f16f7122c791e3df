#!/usr/bin/env bash
# One run on many processes: the bits of one process, for any number of
# processes and threads, stopped, killed and gone on with on another number.
# Skipped where there is no MPI (tools/deps.sh --mpi gets one).
#
# SINKLAB_MPI is the program built with MPI, as `make test` gives it.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
mpi=${SINKLAB_MPI-}

# Each MPI has an mpirun of its own, and Debian names both
case $(ldd "$mpi" 2>/dev/null) in
*libmpich*) maker=mpich ;;
*) maker=openmpi ;;
esac
mpirun=$(command -v mpirun.$maker || command -v mpirun)
if [ ! -x "$mpi" ] || [ -z "$mpirun" ]; then
    note "NO MPI HERE: training on many processes IS NOT TESTED"
    echo "ok 1 - MPI # SKIP not installed: tools/deps.sh --mpi"
    echo "1..1"
    exit 0
fi

# Processes of tests share few cores; root is the only user of a container
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none
# MPICH's memory between processes is no file, whose size a test limits; and no
# TCP, over which two were seen to wait for each other in MPI_Finalize
export UCX_TLS=self,sysv
# What mpirun ends with where one was killed
killed=137
[ $maker = mpich ] && killed=9

cat >small.ini <<'END'
[model]
layers = 2
width = 16
heads = 2
context = 16
[train]
steps = 50
batch = 2
accumulate = 4
log_every = 5
val_every = 25
val_tokens = 64
[sink]
tokens = 16
probe_every = 25
probe_sequences = 2
[checkpoint]
every = 25
resume_every = 20
END

# mpirun, whose own words go: what the program says on stderr is left.
job() { # arguments...
    local status
    "$mpirun" "$@" 2>"$T/said" </dev/null
    status=$?
    grep '^sinklab: ' "$T/said" >&2
    return $status
}
on() { # processes arguments of the program...
    local n=$1
    shift
    job -n "$n" "$mpi" "$@"
}
# The same with a command in front of one of the processes.
with() { # processes which command -- arguments...
    local n=$1 which=$2 command=() args=() i
    shift 2
    while [ "$1" != -- ]; do
        command+=("$1")
        shift
    done
    shift
    for ((i = 0; i < n; i++)); do
        args+=(: -n 1)
        [ "$i" = "$which" ] && args+=("${command[@]}")
        args+=("$mpi" "$@")
    done
    job "${args[@]:1}"
}
last=checkpoints/step-00000050.h5
same_run() { # folder folder
    same_bytes "$1/metrics.csv" "$2/metrics.csv" &&
        { [ ! -e "$1/samples.csv" ] ||
            same_bytes "$1/samples.csv" "$2/samples.csv"; } &&
        h5diff "$1/$last" "$2/$last" /param &&
        h5diff "$1/checkpoints/resume.h5" "$2/checkpoints/resume.h5" /param &&
        h5diff "$1/checkpoints/resume.h5" "$2/checkpoints/resume.h5" /optim
}
once() {
    [ "$(grep -c '^sinklab: ' said)" = 1 ]
}

# --- the same bits ------------------------------------------------------------

compare() { # name override...
    local name=$1
    shift
    check "$name: a process by itself, without MPI" "$SINKLAB" train small.ini \
        run.dir="runs/$name" train.threads=1 "$@"
    spread "$name" "$name" "$@"
}
# Runs of many processes, held against that of one.
spread() { # run-of-one name override...
    local one=$1 name=$2 n threads form
    shift 2
    for form in "${forms[@]}"; do
        n=${form%x*} threads=${form#*x}
        check "$name: $n processes of $threads threads" on "$n" train \
            small.ini run.dir="runs/$name-$form" train.threads="$threads" "$@"
        check "the same bits" same_run "runs/$one" "runs/$name-$form"
    done
}
gpt2=(optim.clip=0.5 attention.registers=2 optim.name=muon)
forms=(1x1 1x2 2x1 2x2 4x1)
compare gpt2 "${gpt2[@]}"
llama=(model.preset=llama optim.clip=0.5 attention.weights=affine
    train.sample_tokens=8 metrics.names="default, optimizer, cost_no_sink")
compare llama "${llama[@]}"
check "llama: a part of the optimizer's state each" on 4 train small.ini \
    run.dir=runs/llama-shards train.shard_state=yes train.threads=1 \
    "${llama[@]}"
check "the same bits" same_run runs/llama runs/llama-shards
check "of Muon, too" on 2 train small.ini run.dir=runs/gpt2-shards \
    train.shard_state=yes train.threads=2 "${gpt2[@]}"
check "the same bits" same_run runs/gpt2 runs/gpt2-shards
forms=(3x1 6x1)
compare six train.accumulate=6 sink.probe_sequences=700 train.val_tokens=400 loss.z=1e-2 optim.name=schedule-free
forms=(3x2)
compare odd train.accumulate=3 optim.name=soap
check_not "these runs are not all alike" h5diff -q runs/six/$last \
    runs/odd/$last /param

# Parts larger than what is exchanged at a time, and that than a message
last=checkpoints/step-00000002.h5
forms=(2x1 4x1)
large=(model.layers=3 model.width=512 train.steps=2)
compare large "${large[@]}"
spread large large-shards "${large[@]}" train.shard_state=yes
last=checkpoints/step-00000050.h5

# mpirun gives its processes a terminal, and a file what they write to it
says_plainly() {
    TERM=xterm on 2 train small.ini run.dir=runs/plain train.steps=2 >plain &&
        grep -q '^done: ' plain && ! grep -q $'[\033\r].*[^\r]' plain
}
check "what several print has no bars and colours" says_plainly

# --- analysis -------------------------------------------------------------------

# More sequences, validation and targets of costs than a pass has, and no
# multiple of it for any number of processes
few=(sink.sequences=300 sink.val_tokens=400 metrics.loss_tokens=300)
names="default, grad_key, induction_score, cost_no_sink, cost_no_sink_se"
all=("${few[@]}" metrics.names="$names, cost_hide_sink_head, cost_no_sink_raw")
for n in 2 3 kept some killed; do
    cp -r runs/llama "runs/by-$n"
done
same_analysis() { # folder folder
    same_bytes "$1/analysis.csv" "$2/analysis.csv" &&
        same_bytes "$1/analysis.h5" "$2/analysis.h5"
}
analyze() { # processes arguments...
    local n=$1
    shift
    on "$n" analyze "$@" train.threads=1
}
check "a process by itself analyzes" "$SINKLAB" analyze runs/llama "${all[@]}"
for n in 2 3; do
    check "$n processes do" analyze $n runs/by-$n "${all[@]}"
    check "the same bytes" same_analysis runs/llama runs/by-$n
done
check "some metrics" "$SINKLAB" analyze runs/by-kept "${few[@]}"
check "two processes add others" analyze 2 runs/by-kept "${all[@]}"
check "to the same bytes" same_analysis runs/llama runs/by-kept
check "three have nothing left to do" analyze 3 runs/by-kept "${all[@]}"
check "and change nothing" same_analysis runs/llama runs/by-kept

cp -r runs/by-some runs/some
for dir in runs/some runs/by-some; do
    printf 'x' >>$dir/checkpoints/step-00000025.h5
done
expect_fail 6 '1 of 3 checkpoints' "$SINKLAB" analyze runs/some "${few[@]}"
expect_fail 6 '1 of 3 checkpoints' analyze 2 runs/by-some "${few[@]}"
check "it is told once" once
check "the others are there" same_analysis runs/some runs/by-some
rm runs/by-some/checkpoints/*
expect_fail 4 'no checkpoints' analyze 2 runs/by-some "${few[@]}"
check "it is told once" once

# The eighth meeting is of the first checkpoint, the tenth of the last.
kill_one() { # which rule
    with 2 "$1" env SINKLAB_TEST="analyze $2" -- analyze runs/by-killed \
        "${all[@]}"
}
no_analysis() {
    [ -z "$(find runs/by-killed -name '*analysis*')" ]
}
expect_status $killed "the second of two is killed" kill_one 1 "meeting 9 KILL"
check "no analysis is there" no_analysis
expect_status $killed "the first is" kill_one 0 "meeting 10 KILL"
check "no analysis is there" no_analysis
mkfifo never
hung_analysis() { # meeting
    job -n 1 env SINKLAB_TEST="analyze meeting $1 value 2" "$mpi" analyze \
        runs/by-killed "${all[@]}" : \
        -n 1 env SINKLAB_TEST="analyze meeting $1 wait never" "$mpi" analyze \
        runs/by-killed "${all[@]}"
}
for meeting in 1 9; do # the first is before a config is read
    expect_fail 5 'process 1 .* does not answer process 0 .* for 2 s' \
        hung_analysis $meeting
    check "no analysis is there" no_analysis
done
expect_fail 5 'full|large' with 2 0 bash -c 'ulimit -f 24; exec "$@"' - -- \
    analyze runs/by-killed "${all[@]}"
check "it is told once" once
check "no analysis is there" no_analysis
check "two processes begin again" analyze 2 runs/by-killed "${all[@]}"
check "to the same bytes" same_analysis runs/llama runs/by-killed
expect_status $killed "one is killed over an analysis that is there" with 2 1 env \
    SINKLAB_TEST="analyze meeting 10 KILL" -- analyze runs/by-killed --again \
    "${few[@]}"
check "it stays" same_analysis runs/llama runs/by-killed

expect_fail 2 'analyze of several runs: 2 processes' analyze 2 runs/llama \
    runs/by-2
expect_fail 2 'runs holds no run of its own, and 2 processes' analyze 2 runs
check "it is told once" once
expect_fail 2 'none: no such file or folder' analyze 2 runs/none
expect_fail 3 "no metric or group 'nix'" analyze 2 runs/by-2 metrics.names=nix
check "it is told once" once
cp "$mpi" other && printf 'x' >>other
expect_fail 3 "program's hash is" job -n 1 "$mpi" analyze runs/by-2 : \
    -n 1 ./other analyze runs/by-2

# --- which numbers of processes -------------------------------------------------

expect_fail 2 'one micro-batch, which 2 .* halve train.batch' on 2 train small.ini \
    run.dir=runs/one train.accumulate=1
expect_fail 2 'verify: 2 processes were started together' on 2 verify runs
expect_fail 2 'train --dry-run: 2 processes were started together' on 2 train \
    small.ini --dry-run --rate=1
expect_fail 2 'among 1, 2 or 4 processes, not 3' on 3 train small.ini \
    run.dir=runs/none
check "it is told once" once
expect_fail 2 'among 1, 3 or 6 processes, not 2' on 2 train small.ini \
    run.dir=runs/none train.accumulate=6
check "nothing was made" test ! -e runs/none
if [ "$SINKLAB" != "$mpi" ]; then
    expect_fail 10 'built without MPI' job -n 2 "$SINKLAB" train small.ini \
        run.dir=runs/none
fi

# --- stopped, killed, gone on with ----------------------------------------------

rule() { # processes which rule [override...]: the same run on and on
    local n=$1 which=$2 rule=$3
    shift 3
    with "$n" "$which" env SINKLAB_TEST="$rule" -- train small.ini --resume \
        run.dir=runs/again "${gpt2[@]}" "$@"
}
expect_status $killed "four processes, one of which is killed" \
    rule 4 2 "train step 16 KILL" checkpoint.resume_every=7
check "its status is what it was" first_line_is runs/again/status running
expect_status 75 "two go on, and the second gets a signal" \
    rule 2 1 "train step 29 USR1" train.shard_state=yes
check "all is saved" first_line_is runs/again/status preempted
check "behind the step in which it came" grep -q '^step 30,' runs/again/status
check "by its name" grep -q 'stopped by SIGUSR1' runs/again/status
expect_status 75 "a signal while two start" with 2 1 env \
    SINKLAB_TEST="train meeting 1 TERM" -- train small.ini run.dir=runs/early
check "is obeyed once there is what goes on" \
    first_line_is runs/early/status preempted
expect_status $killed "the first of two is killed" rule 2 0 "train step 41 KILL"
check "one process ends it" "$SINKLAB" train runs/again
check "with the bits of a run that was left alone" same_run runs/gpt2 runs/again
check "asked again, all know that it is done" on 2 train runs/again
check "four make it longer" on 4 train runs/again train.steps=60
check "and so does one" "$SINKLAB" train runs/gpt2 train.steps=60
check "to the same bits" same_bytes runs/gpt2/metrics.csv \
    runs/again/metrics.csv

check "a rule that process 0 judges ends all" on 2 train small.ini \
    run.dir=runs/rule train.stop_loss=0.1 train.stop_loss_from=10 \
    train.shard_state=yes
check "its status is stopped" first_line_is runs/rule/status stopped
check "four go on without it, each with a part of the state" on 4 train \
    runs/rule train.stop_loss=0 train.shard_state=yes
check "a run that was left alone" "$SINKLAB" train small.ini run.dir=runs/left
check "has the same bits" same_run runs/left runs/rule
check "one process goes on with what a signal met at its start" "$SINKLAB" \
    train runs/early
check "to the same bits" same_run runs/left runs/early
# All know of a signal in the step before, and process 0 alone of the rule
both() { # signalled-process override...
    local which=$1
    shift
    with 2 "$which" env SINKLAB_TEST="train step 9 TERM" -- train small.ini \
        run.dir="runs/both-$which" train.stop_loss=0.1 train.stop_loss_from=10 "$@"
}
for which in 0 1; do
    shards=$([ $which = 1 ] && echo yes || echo no)
    expect_status 75 "a signal to process $which where a rule ends it, too" \
        both $which train.shard_state="$shards"
    check "all is saved" first_line_is runs/both-$which/status preempted
    check "without the rule it goes on" "$SINKLAB" train runs/both-$which \
        train.stop_loss=0
    check "to the same bits" same_run runs/left runs/both-$which
done
expect_fail 8 'diverged' on 2 train small.ini run.dir=runs/bad \
    optim.lr=1000 optim.clip=0 optim.name=sgd model.init=framework
check "it is told once" once
check "its status is diverged" first_line_is runs/bad/status diverged
# The first update succeeds, but multiplies all weights by -1e18: all validate
# that, and the process that saves finds it
huge=(optim.lr=1000 optim.lr_matrices=1e6 optim.lr_embedding=1e6
    optim.weight_decay=1000 optim.decay_matrices=1e6 optim.decay_embedding=1e6
    optim.clip=0 optim.warmup_steps=0 train.threads=1)
for n in 1 2 4; do
    expect_fail 8 'diverged at step 1: ' on $n train small.ini \
        run.dir=runs/bad-$n "${huge[@]}" train.val_every=1 train.log_every=1 \
        checkpoint.every=1
    check "it is told once" once
    check "its status is diverged" first_line_is runs/bad-$n/status diverged
    check "the validation before it is logged" same_bytes \
        runs/bad-1/metrics.csv runs/bad-$n/metrics.csv
done
check "which is not finite" grep -q '^1,128,.*,nan,' runs/bad-1/metrics.csv
expect_fail 8 'diverged at step 1: ' on 2 train small.ini run.dir=runs/bad-end \
    "${huge[@]}" train.steps=1
check "found at the end, it is told once" once

# --- what differs ---------------------------------------------------------------

two() { # argument of the one, of the other
    job -n 1 "$mpi" train "$1" run.dir=runs/two : \
        -n 1 "$mpi" train "$2" run.dir=runs/two
}
sed 's/^batch = 2$/batch = 4/' small.ini >larger.ini
expect_fail 3 'process 1 .*: train.batch is 4 here, but 2 in process 0' \
    two small.ini larger.ini
check "it is told once" once
expect_fail 3 'process 1 .*: train.batch is 4 here, but 2 in process 0' \
    job -n 1 "$mpi" bench small.ini --seconds=0.1 : \
    -n 1 "$mpi" bench larger.ini --seconds=0.1
yes 'to be or not to be, that is the question' | head -n 60 >one.txt
tr o a <one.txt >other.txt
cp one.txt third.txt
for i in one other third; do
    sed "s/^\[train\]/[data]\nsource = text\npath = $i.txt\n&/" small.ini >$i.ini
done
expect_fail 3 "corpus's hash is" two one.ini other.ini
check "nothing was made" test ! -e runs/two
check "the same text elsewhere will do" two one.ini third.ini
cp "$mpi" changed && printf 'x' >>changed
expect_fail 3 "program's hash is" job -n 1 "$mpi" train small.ini \
    run.dir=runs/programs : -n 1 ./changed train small.ini run.dir=runs/programs
if [ "$(uname -m)" = x86_64 ]; then
    expect_fail 3 'processor that the BLAS computes for' \
        with 2 1 env OPENBLAS_CORETYPE=Nehalem -- train small.ini \
        run.dir=runs/cores
fi
if command -v cc >/dev/null; then
    cc -x c -shared -fPIC -o libc.so - <<'END'
#include <stdio.h>
size_t confstr(int name, char *to, size_t n)
{
    (void)name;
    return (size_t)snprintf(to, n, "glibc 1.0") + 1;
}
END
    expect_fail 3 'process 1 .*: the C library is glibc 1\.0 here, but' with 2 1 \
        env LD_PRELOAD="$PWD/libc.so" -- train small.ini run.dir=runs/libcs
fi
sed 's/^batch = 2$/&\nthreads = 2/' small.ini >threads.ini
rm -rf runs/two
check "threads may differ" two small.ini threads.ini

if command -v taskset >/dev/null; then
    core=$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//')
    says_bound() {
        with 2 0 taskset -c "$core" -- train small.ini run.dir=runs/bound \
            train.steps=1 train.threads=2 |
            grep 'note: 2 threads of 1 process share 1 core: '
    }
    check "threads that fight for a core are told" says_bound
fi

# --- one that does not answer, a disk that is full ------------------------------

mkfifo gate
# Both rules are of one meeting, whichever step it is of; no other has a limit
# that a slow machine reaches
hung() { # which of two processes hangs, run
    local rules=("train meeting 15 value 2" "train meeting 15 value 2")
    rules[$1]="train meeting 15 wait gate"
    job -n 1 env SINKLAB_TEST="${rules[0]}" "$mpi" train small.ini run.dir="$2" : \
        -n 1 env SINKLAB_TEST="${rules[1]}" "$mpi" train small.ini run.dir="$2"
}
expect_fail 5 'process 1 .* does not answer process 0 .* for 2 s' hung 1 runs/hung
check "its status says so" first_line_is runs/hung/status failed
check "one process goes on with it" "$SINKLAB" train runs/hung
check "to the bits of a run that was left alone" same_run runs/left runs/hung

# Process 0 hangs: the other one tells, and nobody blames it in the status.
expect_fail 5 'process 0 .* does not answer process 1 .* for 3 s' hung 0 runs/first
check "it is told once" once
check "its status is as it was" first_line_is runs/first/status running
check "two processes go on with it" on 2 train runs/first
check "to the bits of a run that was left alone" same_run runs/left runs/first

# A job that is suspended, here by years at its first look for a message, has
# not waited meanwhile.
check "a suspended job goes on" job -n 2 env \
    SINKLAB_TEST="train poll 1 value 1e9" "$mpi" train small.ini \
    run.dir=runs/suspended
check "to the bits of a run that was left alone" \
    same_run runs/left runs/suspended

# Processes that may use the same cores share them.
says() { # regex command...
    local regex=$1
    shift
    "$@" | grep -Eq -- "$regex"
}
check "two share the cores" env -u OMP_NUM_THREADS "$mpirun" -n 2 "$mpi" train \
    small.ini run.dir=runs/sharing
cores=$(env -u OMP_NUM_THREADS nproc)
check "half for each" has_line runs/sharing/manifest.ini \
    "^threads = $((cores > 1 ? cores / 2 : 1))$"
check "the manifest says how many" has_line runs/sharing/manifest.ini '^processes = 2$'
check "too many threads are told" says 'note: [0-9]+ threads of 2 processes share' \
    on 2 train small.ini run.dir=runs/many train.steps=1 train.threads=$((2 * cores))
check "the program says its MPI" says '^MPI: (Open MPI|MPICH) [0-9]' "$mpi" --version

# They are to do different things.
expect_fail 2 'process 1 .* is to .analyze., process 0 .* to .train.: ' \
    job -n 1 "$mpi" train small.ini run.dir=runs/apart : \
    -n 1 "$mpi" analyze runs/left
check "it is told once" once
check "and makes no folder" eval '! test -e runs/apart'
expect_fail 2 'process 1 .* is to .train --restart., process 0 .* to .train.: ' \
    job -n 1 "$mpi" train runs/left : -n 1 "$mpi" train runs/left --restart

expect_fail 5 'full|large' with 2 0 bash -c 'ulimit -f 24; exec "$@"' - -- \
    train small.ini run.dir=runs/full
check "it is told once" once
mkfifo busy
SINKLAB_TEST="train step 7 wait busy" "$SINKLAB" train small.ini \
    run.dir=runs/busy >/dev/null 2>&1 &
process=$!
await_that has_line runs/busy/metrics.csv '^5,'
expect_fail 7 'in use by process' on 2 train runs/busy
kill -KILL "$process"

finish

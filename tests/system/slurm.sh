#!/usr/bin/env bash
# Sweeps on a real Slurm, started here for the purpose: concurrency limit,
# preemption, time limit, loss of the node, cancelling, submitting twice. The
# runs end with the bytes that the local launcher gives. Skipped where Slurm is
# not installed.
#
#   SLURM_FULL=1   also waits for a real time limit, more than a minute
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

cluster=$ROOT/tests/slurm/cluster.sh
if ! why=$("$cluster" start "$T/cluster" 2>/dev/null); then
    echo "ok 1 - Slurm # SKIP $why"
    echo "1..1"
    exit 0
fi
trap '"$cluster" stop "$T/cluster"; clean_up' EXIT
# shellcheck disable=SC1091
. "$T/cluster/environment"

cat >short.ini <<'END'
[model]
layers = 1
width = 16
heads = 2
context = 16
[train]
steps = 100
batch = 2
log_every = 10
val_every = 0
[sink]
probe_every = 0
[checkpoint]
every = 0
resume_every = 1000
[sweep]
jobs = 2
slurm_time = 5
[axes]
run.seed = 1, 2, 3, 4, 5
END
sed 's/^steps = .*/steps = 20000/; s/^run.seed = .*/run.seed = 1, 2/' short.ini \
    >long.ini

submit() { # name override...
    local name=$1
    shift
    "$SINKLAB" sweep "$name.ini" run.dir="$name" --slurm "$@"
}
says() { # text command...
    local text=$1
    shift
    "$@" | grep -F -- "$text"
}
state_is() { # folder state
    first_line_is "$1/status" "$2" 2>/dev/null
}
all_are() { # state folder...
    local state=$1 dir
    shift
    for dir in "$@"; do state_is "$dir" "$state" || return 1; done
}
# So many tasks in the queue, of those that further words of squeue choose.
queue_has() { # number word...
    local n=$1
    shift
    [ "$(squeue -h -r "$@" | wc -l)" = "$n" ]
}
is_training() { # folder...
    local dir
    for dir in "$@"; do
        [ "$(tail -n 1 "$dir/metrics.csv" | cut -d , -f 1)" -gt 20 ] || return 1
    done
}
# What was queued again waits for two minutes, so that its former credential
# ends; not here. One that was too fast is held, and is let go.
hurry() { # number of tasks
    await_that queue_has "$1" -t PENDING
    await hurried
}
# Asked again until nothing waits: an order that comes too early is forgotten.
hurried() {
    local job
    for job in $(squeue -h -r -t PENDING -o %i); do
        scontrol update job="$job" StartTime=now
        squeue -h -r -j "$job" -o %r | grep -q held && scontrol release "$job"
    done
    queue_has 0 -t PENDING
}
hurried_on() { # until one trains: others wait for their turn
    hurried
    queue_has 1 -t RUNNING
}
# A node that comes back while steps of its jobs still end there, and is given
# the same jobs, is drained for good. Each step has a socket.
no_steps_left() {
    [ -z "$(find "$T/cluster/spool" -type s)" ]
}
same_runs() { # sweep sweep last-step
    local dir name
    for dir in "$1"/0*; do
        name=${dir##*/}
        same_bytes "$dir/metrics.csv" "$2/$name/metrics.csv" || return 1
        h5diff "$dir/checkpoints/$3" "$2/$name/checkpoints/$3" /param ||
            return 1
    done
}

# --- to the end, two at a time -----------------------------------------------

# Its runs stand in step 50 until all that may be there are
mkfifo gate
export SINKLAB_TEST="sweep step 50 wait $T/gate"
check "a sweep is submitted" submit short
unset SINKLAB_TEST
check "once" says '5 runs are in the queue already' submit short
check "as one array" queue_has 5
check "its status names the queue" says 'pending' \
    "$SINKLAB" sweep status short
check "two run at once" await queue_has 2 -t RUNNING
both_stand() {
    has_line short/0000-seed1/metrics.csv '^50,' &&
        has_line short/0001-seed2/metrics.csv '^50,'
}
await_that both_stand
check "but not three" queue_has 3 -t PENDING
open_gate gate
await all_are "done" short/000{0-seed1,1-seed2,2-seed3,3-seed4,4-seed5}
check "all its runs are done" all_are "done" short/0*
check "here the same sweep gives" "$SINKLAB" sweep short.ini run.dir=local
check "the same bytes" same_runs local short step-00000100.h5
await_that queue_has 0
check "nothing is left to submit" says 'all 5 runs are finished' submit short
check "the journal knows the job" grep -q 'submitted.*job [0-9]*: 5 runs' \
    short/journal

# --- preempted, warned of the time limit, lost with the node, cancelled ------

check "a longer one" submit long
check "is trained" await is_training long/0000-seed1 long/0001-seed2
mkfifo urgent
sbatch -p high -c 4 --parsable -o /dev/null --wrap "cat '$T/urgent'" >/dev/null
check "a more urgent job makes its runs save their state" await \
    all_are preempted long/0000-seed1 long/0001-seed2
check "by Slurm's warning" grep -q 'stopped by SIGUSR1' long/0000-seed1/status
check "they are queued again" await queue_has 2 -p low -t PENDING
check "submitting again starts nothing" says '2 runs are in the queue already' \
    submit long
meet urgent # and it ends
await_that queue_has 0 -p high
hurry 2
check "they go on" await all_are running long/0000-seed1 long/0001-seed2
check "from where they were" await grep -q '^\[start 2\]' \
    long/0001-seed2/manifest.ini
scontrol update nodename="$(hostname -s)" state=down reason=test
check "lost with their node, they wait again" await \
    says PENDING squeue -h -r -o %T
check "the status says so" await says 'interrupted' \
    "$SINKLAB" sweep status long
await_that no_steps_left
scontrol update nodename="$(hostname -s)" state=resume 2>/dev/null
await_that says idle sinfo -h -o %T
hurry 2
check "and go on" await grep -q '^\[start 3\]' long/0001-seed2/manifest.ini
check "to their end" await all_are "done" long/0000-seed1 long/0001-seed2
check "here the same runs give" "$SINKLAB" sweep long.ini run.dir=whole
check "the same bytes" same_runs whole long step-00020000.h5

# --- one run, two processes ----------------------------------------------------

# Slurm and MPI must have been built for each other
mpi=${SINKLAB_MPI-}
if [ ! -x "$mpi" ] || ! srun --mpi=list 2>&1 | grep -q pmix; then
    note "NO MPI HERE, OR NONE FOR SLURM: sweep.slurm_ranks IS NOT TESTED"
else
    sed 's/^batch = .*/&\naccumulate = 4/; s/^run.seed = .*/run.seed = 1, 2/
        s/^jobs = .*/jobs = 1\nslurm_ranks = 2/; s/^steps = .*/steps = 1500/' long.ini >two.ini
    together() {
        "$mpi" sweep two.ini run.dir=two --slurm
    }
    check "a sweep whose runs have two processes each" together
    await_that is_training two/0000-seed1
    check "two train it" grep -q '2 processes of 1 thread' two/slurm/*_0.out
    mkfifo second
    sbatch -p high -c 4 --parsable -o /dev/null --wrap "cat '$T/second'" \
        >/dev/null
    check "a more urgent job makes them save their state" await \
        state_is two/0000-seed1 preempted
    meet second
    await_that queue_has 0 -p high
    await hurried_on
    check "they go on to their end, and so does the next" await \
        all_are "done" two/0000-seed1 two/0001-seed2
    check "here, by one process, the same runs give" "$SINKLAB" sweep two.ini \
        run.dir=one
    check "the same bytes" same_runs one two step-00001500.h5
    await_that queue_has 0
fi

sed 's/^steps = .*/steps = 1000000/' long.ini >cancel.ini
check "one that is to be cancelled" submit cancel
await_that is_training cancel/0000-seed1 cancel/0001-seed2
scancel --name "$(squeue -h -o %j | head -n 1)"
check "saves its state" await all_are preempted cancel/0000-seed1 \
    cancel/0001-seed2
check "and is not queued again" await queue_has 0

if [ "${SLURM_FULL:-}" = 1 ]; then
    # A minute is the shortest limit; the warning may come a minute early
    check "one with a time limit" submit cancel sweep.slurm_time=1 \
        sweep.slurm_warning_s=30
    await_that all_are running cancel/0000-seed1 cancel/0001-seed2
    check "saves its state before the limit" await \
        all_are preempted cancel/0000-seed1 cancel/0001-seed2
    check "by Slurm's warning" grep -q 'stopped by SIGUSR1' \
        cancel/0000-seed1/status
    check "is queued again" await says PENDING squeue -h -r -o %T
    scancel --user=root
fi

without_slurm() {
    PATH=/nonexistent "$SINKLAB" sweep short.ini run.dir=none --slurm
}
expect_fail 10 'no Slurm' without_slurm

finish

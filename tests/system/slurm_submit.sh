#!/usr/bin/env bash
# What a sweep asks of Slurm, with commands in its place that only write down
# what they are given: tests/system/slurm.sh has the real ones.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

cat >sweep.ini <<'END'
[model]
layers = 1
width = 16
heads = 2
context = 16
[train]
steps = 10
batch = 2
val_every = 0
[sink]
probe_every = 0
[checkpoint]
every = 0
[sweep]
threads = 2
slurm_warning_s = 77
[axes]
run.seed = 1 to 12
END

# The queue is the file `queue`; sbatch answers with `job`, or fails.
mkdir bin
cat >bin/squeue <<'END'
#!/bin/sh
[ ! -e "$FAKE/queue" ] || cat "$FAKE/queue"
END
cat >bin/sbatch <<'END'
#!/bin/sh
[ -e "$FAKE/refuse" ] && { echo "sbatch: error: Invalid partition" >&2; exit 1; }
echo submitted >>"$FAKE/submitted"
bash -n "$2" && echo "4711;cluster"
END
cat >bin/scontrol <<'END'
#!/bin/sh
echo "MaxArraySize            = $(cat "$FAKE/size")"
END
cat >bin/sacct <<'END'
#!/bin/sh
echo "Slurm accounting storage is disabled" >&2
exit 1
END
chmod +x bin/*
export FAKE=$T PATH="$T/bin:$PATH"
echo 1001 >size

submit() { # override...
    "$SINKLAB" sweep sweep.ini --slurm "$@"
}
script=runs/sweep/slurm/job-0.sh
has() { # line
    grep -qxF -- "$1" $script && return
    grep '^#SBATCH' $script >&2
    return 1
}
says() { # text command...
    local text=$1
    shift
    "$@" | grep -F -- "$text"
}

check "runs are submitted" says '12 runs submitted as job 4711' submit
check "all of them" has '#SBATCH --array=0-11'
check "with their threads" has '#SBATCH --cpus-per-task=2'
check "their memory" grep -q '^#SBATCH --mem=[1-9][0-9]*M$' $script
check "the warning" has '#SBATCH --signal=USR1@77'
check "to be queued again" has '#SBATCH --requeue'
check "with logs that go on" has '#SBATCH --open-mode=append'
check "in the sweep's folder" has \
    "#SBATCH --output=\"$(realpath runs/sweep)/slurm/%A_%a.out\""
check_not "and without what is empty" grep -q 'time=\|partition=' $script
check "the journal says so" grep -q 'submitted.*job 4711: 12 runs' \
    runs/sweep/journal

check "the keys of [sweep] come along" submit sweep.jobs=3 \
    sweep.slurm_time=01:00:00 sweep.slurm_partition=long sweep.slurm_mem=2G \
    'sweep.slurm_extra=--account=me --qos=low'
check "so many at once" has '#SBATCH --array=0-11%3'
check "one process a run" grep -q 'srun --ntasks=1 --cpus-per-task=2 [^-]' $script
check "time" has '#SBATCH --time=01:00:00'
check "partition" has '#SBATCH --partition=long'
check "memory" has '#SBATCH --mem=2G'
check "with several processes a run" submit sweep.slurm_ranks=4 \
    sweep.slurm_extra=--account=me\ --qos=low
check "they are asked for" has '#SBATCH --ntasks=4'
check "and started together" grep -q \
    'srun --ntasks=4 --cpus-per-task=2 --mpi=.*pmix.* --kill-on-bad-exit=1 ' \
    $script
check "and anything else" has '#SBATCH --account=me --qos=low'

# --- what is finished or queued is left out ----------------------------------

for index in 0 3 11; do
    "$SINKLAB" sweep sweep.ini --index $index >/dev/null 2>&1
done
check "what is finished is not submitted" says '9 runs submitted' submit
check "which the array shows" has '#SBATCH --array=1-2,4-10'
name=$(sed -n 's/^#SBATCH --job-name=//p' $script)
cat >queue <<END
8_2|RUNNING|None|$name
8_7|PENDING|Resources|$name
8_9|PENDING|Resources|other-$name
9|RUNNING|None|$name
END
check "nor what is in the queue" says '7 runs submitted' submit
check "which is told" says '2 runs are in the queue already' submit
check "and no other job counts" has '#SBATCH --array=1,4-6,8-10'
check "the status names its state" says '8_7 pending: Resources' \
    "$SINKLAB" sweep status sweep.ini
seq 0 11 | sed "s/.*/8_&|PENDING|Priority|$name/" >queue
rm submitted
check "all in the queue" says '9 runs are in the queue already' submit
check_not "nothing is submitted" test -e submitted
rm queue

# --- arrays end early --------------------------------------------------------

echo 5 >size
check "a short array makes several" submit
check "three" test "$(wc -l <submitted)" = 3
check "the first" has '#SBATCH --array=1-2,4'
script=runs/sweep/slurm/job-5.sh
check "the second" has '#SBATCH --array=0-4'
check "which counts from its first run" grep -q 'ARRAY_TASK_ID + 5' $script
check "its name says so" has "#SBATCH --job-name=$name+5"
script=runs/sweep/slurm/job-10.sh
check "the last" has '#SBATCH --array=0'
echo "9_1|RUNNING|None|$name+5" >queue
check "the queue is read likewise" says '0006-seed7' \
    says '9_1 running' "$SINKLAB" sweep status sweep.ini

# --- refusals ----------------------------------------------------------------

touch refuse
expect_fail 10 'sbatch failed.*Invalid partition' submit
rm refuse
echo 0 >size
expect_fail 10 'no array jobs' submit
without_slurm() {
    PATH=/nonexistent "$SINKLAB" sweep sweep.ini --slurm
}
expect_fail 10 'not found.*no Slurm' without_slurm
expect_fail 2 'exclude each other' submit --dry-run

finish

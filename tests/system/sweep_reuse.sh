#!/usr/bin/env bash
# Runs that another sweep has finished are taken instead of trained
# (sweep.reuse): only those that training would give again, whole or not at all,
# and what becomes of the one touches the other no more.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

{
    cat "$ROOT/tests/system/tiny.ini"
    printf '[sweep]\njobs = 2\n[axes]\nrun.seed = 1, 2\noptim.lr = 1e-3, 2e-3\n'
} >first.ini
sed 's/^optim.lr = .*/optim.lr = 1e-3, 4e-3/' first.ini >other.ini

sweep() { # file folder override...
    local file=$1 dir=$2
    shift 2
    "$SINKLAB" sweep "$file" run.dir="$dir" "$@"
}
taken() { # want folder: so many of its runs are from elsewhere, and all are done
    local found
    found=$(grep -c $'\ttaken\t' "$2/journal")
    [ "$found" = "$1" ] || {
        echo "$2: $found runs were taken, want $1" >&2
        return 1
    }
    [ -z "$("$SINKLAB" sweep --list "$2")" ]
}
same_numbers() { # run run
    local file
    same_bytes "$1/metrics.csv" "$2/metrics.csv" || return 1
    for file in "$1"/checkpoints/step-*.h5; do
        h5diff "$file" "$2/checkpoints/${file##*/}" /param || return 1
    done
}

check "a sweep" sweep first.ini runs/first
check "it is analyzed" "$SINKLAB" analyze runs/first
check "the same runs trained, to compare with" sweep other.ini trained

# --- what is taken ------------------------------------------------------------

sweep other.ini runs/other sweep.reuse=runs >other.txt 2>&1
check "another that shares two of its four runs" test $? -eq 0
check "it says how many are taken" grep -qx \
    "runs/other: 2 of 4 runs to do taken from runs" other.txt
check "two are" taken 2 runs/other
for run in 0000-lr0.001-seed1 0001-lr0.004-seed1 0002-lr0.001-seed2; do
    check "$run has the numbers of training" same_numbers "runs/other/$run" "trained/$run"
done
check "what was measured of it is not" test ! -e runs/other/0000-lr0.001-seed1/analysis.csv
check "all of it holds" "$SINKLAB" verify runs
"$SINKLAB" sweep status runs/other >status.txt
check "its status says where from" grep -q \
    "^0000-lr0.001-seed1  done .* taken from runs/first/0000-lr0.001-seed1$" status.txt
check "it is analyzed, too" "$SINKLAB" analyze runs/other
"$SINKLAB" compare runs/first runs/other >both.txt
check "compared, a shared run counts once" grep -q '^note: 2 copies of runs, ' both.txt
check "... and two runs have its rate" grep -Eq '^0.001  2 ' both.txt
check "the same command again takes nothing more" sweep other.ini runs/other sweep.reuse=runs
check "..." taken 2 runs/other
check "those that are there already" sweep first.ini trained-first
check "... are not taken" sweep first.ini trained-first sweep.reuse=runs
check "..." taken 0 trained-first

# --- what is not ---------------------------------------------------------------

offered() { # want folder override...: of the four of `first`
    local want=$1 dir=$2
    shift 2
    sweep first.ini "$dir" sweep.reuse=runs/first "$@" >"$dir.txt" 2>&1 &&
        taken "$want" "$dir"
}
check "the same settings" offered 4 same
check "... elsewhere, with other threads" offered 4 threads sweep.threads=2
check "other weights files" offered 0 files checkpoint.every=20
check "other rows of the log" offered 0 rows train.log_every=5
check "another setting" offered 0 setting model.norm_eps=2e-5
check "what multiplies is decided otherwise" offered 0 products train.products=auto
core=$(sed -n 's/^blas_core = //p' same/0000-lr0.001-seed1/manifest.ini)
other=Sandybridge
[ "${core,,}" = sandybridge ] && other=Nehalem
kernels() {
    OPENBLAS_CORETYPE=$other offered 0 kernels
}
check "the BLAS has kernels of another processor" kernels

# Each of these folders offers the one run, and something else is wrong with it.
lone() { # folder: the first run of first.ini, whole in files of its own
    mkdir -p "$1"
    cp -r same/0000-lr0.001-seed1 "$1/run"
}
lone done
check "one alone, in a folder" offered 1 single sweep.reuse=done
lone damaged
printf 'x' >>damaged/run/config.ini
check "one whose settings are damaged" offered 0 hurt sweep.reuse=damaged
lone another
sed 's/^program = ./program = x/' done/run/manifest.ini | grep -v '^; seal' >another/run/manifest.ini
check "one by another program, or changed by hand" offered 0 program sweep.reuse=another
check "... which is told" grep -q '^program: 0 of 4 runs to do taken from another; of 1 it has such by another program' program.txt
lone pruned
rm pruned/run/checkpoints/step-00000020.h5
check "one without some of its weights" offered 0 less sweep.reuse=pruned
lone short
truncate -s 1000 short/run/checkpoints/step-00000030.h5
check "one with weights cut off" offered 0 cut sweep.reuse=short
check "... which is told" grep -q '^cut: 0 of 4 runs to do taken from short; of 1 it has such that are damaged or in use$' cut.txt
lone rows
sed -i 3d rows/run/metrics.csv
check "one that has lost a row" offered 0 row sweep.reuse=rows
lone pipe
rm pipe/run/timing.csv
mkfifo pipe/run/timing.csv
check "one with a pipe for a file" offered 0 piped sweep.reuse=pipe
mkdir beside
cp -r pruned/run beside/a
cp -r done/run beside/b
check "a whole one beside one that is not" offered 1 whole sweep.reuse=beside
lone odd
mkdir odd/run/checkpoints/old
echo words >odd/run/notes
check "what is no run's is left where it is" offered 1 oddly sweep.reuse=odd
check "..." test ! -e oddly/0000-lr0.001-seed1/notes
lone linked
mv linked/run/checkpoints/step-00000030.h5 archived.h5
ln -s ../../../archived.h5 linked/run/checkpoints/step-00000030.h5
check "weights that are symbolic links" offered 1 links sweep.reuse=linked
check "... are taken as files" test ! -L links/0000-lr0.001-seed1/checkpoints/step-00000030.h5
check "... which hold" "$SINKLAB" verify links/0000-lr0.001-seed1
mkdir twice
stopped_once() {
    SINKLAB_TEST='train step 30 TERM' is_status 75 "$SINKLAB" train \
        same/configs/0000-lr0.001-seed1.ini run.dir=twice/run
}
check "one that was stopped" stopped_once
check "... is not done" offered 0 stopped sweep.reuse=twice
check "... and goes on" "$SINKLAB" train twice/run
check "... but may have had other settings before" offered 0 goes sweep.reuse=twice

# --- nothing of it is lost, nothing is shared that changes ------------------------

cp -r runs/first/0000-lr0.001-seed1 before
check "the taken run goes on" "$SINKLAB" train runs/other/0000-lr0.001-seed1 train.steps=80
check "... and the other is as it was" diff -r before runs/first/0000-lr0.001-seed1
check "the other is removed" rm -r runs/first
check "... and the taken one is analyzed" "$SINKLAB" analyze runs/other
check "... and holds" "$SINKLAB" verify runs/other

SINKLAB_TEST="sweep taken 2 INT" expect_fail 75 \
    '^sinklab: halted: stopped by SIGINT; 2 of 4 runs to do were taken from trained: the same command goes on$' \
    "$SINKLAB" sweep other.ini run.dir=halted sweep.reuse=trained
SINKLAB_TEST="sweep taken 1 HUP" expect_fail 75 \
    '^sinklab: hung-up: stopped by SIGHUP; 1 of 4 runs to do were taken from trained: ' \
    sweep first.ini hung-up sweep.reuse=trained
check "the one at hand is in place" test -e halted/0001-lr0.004-seed1/status
check "... and none behind it" test "$(ls -d halted/0* | wc -l)" = 2
check "the same command" sweep other.ini halted sweep.reuse=trained
check "... takes the others" taken 4 halted

check "killed when one is copied and not in place" killed_at "sweep taken 2 KILL" \
    sweep other.ini killed sweep.reuse=trained
check "... one is there" test -e killed/0000-lr0.001-seed1/status
check "... the second is not" test ! -e killed/0001-lr0.004-seed1
check "the same again" sweep other.ini killed sweep.reuse=trained
check "... takes the others" test "$(ls -d killed/0* | wc -l)" = 4
check "... and leaves nothing lying about" test -z "$(ls -A killed | grep '^\.')"
check "... all of it holds" "$SINKLAB" verify killed

# --- texts, which may lie elsewhere -------------------------------------------------

mkdir here there
seq 1 4000 | tee here/text.txt >there/text.txt
sed -e 's/^source = .*/source = text/; /^vocab/d' -e '/^optim.lr = .*,/d' first.ini >text.ini
on_text() { # folder text override...
    local dir=$1 text=$2
    shift 2
    sweep text.ini "$dir" data.path="$text" "$@"
}
check "a sweep on a text" on_text texts/here here/text.txt
check "one on the same text elsewhere" on_text texts/there there/text.txt sweep.reuse=texts/here
check "... takes its runs" taken 2 texts/there
rm -r here
check "... which know where theirs lies" "$SINKLAB" analyze texts/there
sed -i 's/^1$/2/' there/text.txt
check "of another text under the same name" on_text texts/other there/text.txt sweep.reuse=texts/there
check "... none is taken" taken 0 texts/other

# --- what the other commands say -----------------------------------------------------

check "two sweeps, one of them analyzed" sweep first.ini runs/beside sweep.reuse=same
check "..." "$SINKLAB" analyze same
"$SINKLAB" compare same runs/beside >both.txt
check "... have the runs of one" grep -q '^note: 4 copies of runs, ' both.txt
rm -r runs/beside/0001-*
expect_status 4 "verify misses a run that was taken" "$SINKLAB" verify runs/beside
cp -r same gone-tomorrow
check "taken from what is gone tomorrow" sweep first.ini from-gone sweep.reuse=gone-tomorrow
rm -r gone-tomorrow from-gone/0002-*
check "... the folder alone goes on all the same" "$SINKLAB" sweep from-gone
check "killed when one is copied" killed_at "sweep taken 1 KILL" sweep first.ini halfway sweep.reuse=same
check "... it lies there" test -d halfway/.taken
check "... until the next start, whatever that looks for" sweep first.ini halfway
check "..." test ! -e halfway/.taken

# --- mistakes ---------------------------------------------------------------------

expect_fail 3 'sweep.reuse = nowhere: there is no such folder' \
    sweep other.ini none sweep.reuse=nowhere
check "... and nothing is begun" test ! -e none
expect_fail 3 'sweep.reuse = nowhere: there is no such folder' \
    sweep other.ini none sweep.reuse=nowhere --dry-run
check "nothing finished in it" sweep other.ini alone sweep.reuse="$ROOT/tests"
check "... takes nothing" taken 0 alone

finish

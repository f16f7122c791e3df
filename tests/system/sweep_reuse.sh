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
    "runs/other: 2 of 4 runs were taken from runs, where this program has trained them already" other.txt
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
core=$("$SINKLAB" bench first.ini --seconds 0.1 --json 2>/dev/null | sed -n 's/.*"blas_core":"\([^"]*\)".*/\1/p')
other=Sandybridge
[ "${core,,}" = sandybridge ] && other=Nehalem
kernels() {
    OPENBLAS_CORETYPE=$other offered 0 kernels
}
check "the BLAS has kernels of another processor" kernels

# Each of these folders offers the one run, and something else is wrong with it.
lone() { # folder: the first run of first.ini
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

check "killed when one is copied and not in place" killed_at "sweep taken 2 KILL" \
    sweep other.ini killed sweep.reuse=trained
check "... one is there" test -e killed/0000-lr0.001-seed1/status
check "... the second is not" test ! -e killed/0001-lr0.004-seed1
check "the same again" sweep other.ini killed sweep.reuse=trained
check "... takes the others" test "$(ls -d killed/0* | wc -l)" = 4
check "... and leaves nothing lying about" test -z "$(ls -A killed | grep '^\.')"
check "... all of it holds" "$SINKLAB" verify killed

# --- mistakes ---------------------------------------------------------------------

expect_fail 3 'sweep.reuse = nowhere: there is no such folder' \
    sweep other.ini none sweep.reuse=nowhere
check "nothing finished in it" sweep other.ini alone sweep.reuse="$ROOT/tests"
check "... takes nothing" taken 0 alone

finish

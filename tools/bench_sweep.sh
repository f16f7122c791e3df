#!/usr/bin/env bash
# tools/bench_sweep.sh - what the launcher of sweeps costs and gains.
#
# The same runs of about RUN_S seconds, one thread each: one after another by
# `sinklab train`, by a sweep with one job, by a sweep with two. All three in
# turn, REPEATS times; medians. Prints a row for docs/SWEEPS.md:
#
#     | runs | seconds a run | overhead | two jobs |
#
# overhead: wall time of the sweep with one job beyond that of the runs alone;
# two jobs: runs an hour with two jobs over runs an hour with one.
#
#   RUNS=4 RUN_S=10 REPEATS=3   SINKLAB=./sinklab
set -eu
cd "$(dirname "$0")/.."
SINKLAB=$(realpath "${SINKLAB:-./sinklab}")
runs=${RUNS:-4} run_s=${RUN_S:-10} repeats=${REPEATS:-3}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sinklab-bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
cd "$scratch"
export OMP_NUM_THREADS=1

write_configs() { # steps
    cat >one.ini <<END
[model]
layers = 2
width = 64
heads = 4
context = 64
[train]
steps = $1
batch = 8
threads = 1
END
    cat one.ini - >sweep.ini <<END
[axes]
run.seed = $(seq -s ', ' "$runs")
END
}

wall_s() { # command...
    local start=$EPOCHREALTIME
    "$@" >log.txt 2>&1 || { tail -n 5 log.txt >&2; return 1; }
    awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'
}

alone() {
    local i
    rm -rf alone
    for i in $(seq "$runs"); do
        "$SINKLAB" train one.ini run.seed="$i" run.dir="alone/$i"
    done
}

sweep() { # jobs
    rm -rf sweep
    "$SINKLAB" sweep sweep.ini run.dir=sweep sweep.jobs="$1"
}

median() { # file
    sort -g "$1" | awk '{ v[NR] = $1 }
        END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# How many steps take run_s seconds
write_configs 300
probe_s=$(wall_s "$SINKLAB" train one.ini run.dir=probe)
steps=$(awk -v s="$probe_s" -v want="$run_s" \
    'BEGIN { printf "%d", 300 * want / s + 1 }')
write_configs "$steps"

for repeat in $(seq "$repeats"); do
    wall_s alone >>alone.s
    wall_s sweep 1 >>one.s
    wall_s sweep 2 >>two.s
    echo "repetition $repeat: alone $(tail -n 1 alone.s) s, one job" \
        "$(tail -n 1 one.s) s, two jobs $(tail -n 1 two.s) s" >&2
done
awk -v a="$(median alone.s)" -v b="$(median one.s)" -v c="$(median two.s)" \
    -v runs="$runs" 'BEGIN {
    printf "| %d | %.1f | %.2f %% | %.2f x |\n", runs, a / runs,
        100 * (b - a) / a, b / c }'

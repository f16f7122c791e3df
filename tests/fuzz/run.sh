#!/usr/bin/env bash
# tests/fuzz/run.sh FOLDER TARGET... - libFuzzer on each target (`make fuzz`).
#
# Corpora are kept in FOLDER/corpus, so a later call goes on; findings are put
# into FOLDER/found, and FOLDER/spent.tsv gets a line a target and call: its
# name, processors' seconds, executions. FUZZ_S seconds a target (default 60),
# FUZZ_JOBS at once (1). Last line: "N passed, N failed"; the status is 0 if none
# failed.
set -u
if [ $# -lt 2 ]; then
    echo "usage: SINKLAB=PROGRAM tests/fuzz/run.sh FOLDER TARGET..." >&2
    exit 2
fi
export LC_ALL=C OMP_NUM_THREADS=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
# Targets that fork copy the tables of all freed memory that is kept back, at each
# fork: with 16 MB, not 256, and shorter stacks they take a third less.
export ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=8:${ASAN_OPTIONS-}
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift
mkdir -p "$folder/corpus" "$folder/found" "$folder/seeds"
SINKLAB=${SINKLAB:?} "$here/seeds.sh" "$folder/seeds" || exit 1

fuzz() { # target: a line, and more of one that failed
    local name status runs covered TIMEFORMAT='%U %S'
    local options=(-rss_limit_mb=4096 -timeout=300 -max_len=65536
        -print_final_stats=1 -max_total_time="${FUZZ_S:-60}")
    name=$(basename "$1")
    name=${name#fuzz_}
    mkdir -p "$folder/corpus/$name"
    { time "$1" "${options[@]}" -artifact_prefix="$folder/found/$name-" \
        "$folder/corpus/$name" "$folder/seeds/$name" >"$folder/$name.log" \
        2>&1; } 2>"$folder/$name.time"
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$name.log")
    covered=$(grep -o 'cov: [0-9]*' "$folder/$name.log" | tail -n 1)
    awk -v name="$name" -v runs="${runs:-0}" \
        '{ printf "%s\t%.0f\t%d\n", name, $1 + $2, runs }' \
        "$folder/$name.time" >>"$folder/spent.tsv"
    if [ "$status" -eq 0 ]; then
        printf '  %-14s ok, %s executions, %s\n' "$name" "$runs" "$covered"
    else
        printf '  %-14s FAILED, status %d; see %s/%s.log\n' "$name" "$status" \
            "$folder" "$name"
        tail -n 30 "$folder/$name.log" | sed 's/^/      /'
    fi
}
export -f fuzz
export folder

printf '%s\0' "$@" |
    xargs -0 -n 1 -P "${FUZZ_JOBS:-1}" bash -c 'fuzz "$1"' fuzz |
    tee "$folder/summary"
passed=$(grep -c '^  [a-z_]* *ok, ' "$folder/summary")
echo "$passed passed, $(($# - passed)) failed"
[ "$passed" -eq $# ]

#!/usr/bin/env bash
# tests/fuzz/run.sh FOLDER TARGET... - libFuzzer on each target (`make fuzz`).
#
# Corpora are kept in FOLDER/corpus, so a later call goes on; findings are put
# into FOLDER/found. FUZZ_S seconds a target (default 60). Last line:
# "N passed, N failed"; the status is 0 if none failed.
set -u
export LC_ALL=C OMP_NUM_THREADS=1
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift
passed=0 failed=0
mkdir -p "$folder/corpus" "$folder/found" "$folder/seeds"
SINKLAB=${SINKLAB:?} "$here/seeds.sh" "$folder/seeds" || exit 1

options=(-rss_limit_mb=4096 -timeout=30 -max_len=65536 -print_final_stats=1)
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

for target in "$@"; do
    name=$(basename "$target")
    name=${name#fuzz_}
    mkdir -p "$folder/corpus/$name"
    "$target" "${options[@]}" -max_total_time="${FUZZ_S:-60}" \
        -artifact_prefix="$folder/found/$name-" \
        "$folder/corpus/$name" "$folder/seeds/$name" >"$folder/$name.log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$name.log")
    covered=$(grep -o 'cov: [0-9]*' "$folder/$name.log" | tail -n 1)
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        printf '  %-14s ok, %s executions, %s\n' "$name" "$runs" "$covered"
    else
        failed=$((failed + 1))
        printf '  %-14s FAILED, status %d; see %s/%s.log\n' "$name" "$status" \
            "$folder" "$name"
        tail -n 30 "$folder/$name.log" | sed 's/^/      /'
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

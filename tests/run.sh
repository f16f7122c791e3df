#!/usr/bin/env bash
# tests/run.sh FILE... - run tests, say what failed, count.
#
# A FILE is a unit test's binary (cmocka) or a system test's script; both print
# TAP. One line a file: name, counts, seconds; below it all that a failing file
# printed. A file that crashes, stops early or prints no result counts as one
# failure more. Last line: "N passed, N failed"; the status is 0 if none failed.
#
#   TEST_LIMIT_S=900  after so many seconds a file is stopped and has failed
set -u
export LC_ALL=C CMOCKA_MESSAGE_OUTPUT=TAP
limit_s=${TEST_LIMIT_S:-900}
passed=0 failed=0
log=$(mktemp "${TMPDIR:-/tmp}/sinklab-run.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT

now_ms() {
    local us=${EPOCHREALTIME:-$(date +%s).000000} # bash before 5: whole seconds
    echo $((${us/./} / 1000))
}

run_limited() {
    if command -v timeout >/dev/null; then
        timeout -k 10 "$limit_s" "$@"
    else
        "$@"
    fi
}

# Sets ok, bad, skipped, planned from the TAP lines of $log.
count() {
    read -r ok bad skipped planned < <(awk '
        /^(not )?ok [0-9]*.*# [Ss][Kk][Ii][Pp]/ { skipped++; next }
        /^ok [0-9]/ { ok++ }
        /^not ok [0-9]/ { bad++ }
        /^1\.\.[0-9]+$/ { planned += substr($0, 4) }
        END { print ok + 0, bad + 0, skipped + 0, planned + 0 }' "$log")
}

why_broken() { # status
    if [ "$1" -eq 124 ] || [ "$1" -eq 137 ]; then
        echo "stopped after $limit_s s or killed"
    elif [ "$1" -gt 128 ]; then
        echo "crashed: signal $(($1 - 128))"
    elif [ $((ok + bad + skipped)) -eq 0 ]; then
        echo "printed no result, status $1"
    elif [ $((ok + bad + skipped)) -lt "$planned" ]; then
        echo "stopped after $((ok + bad + skipped)) of $planned tests, status $1"
    elif [ "$1" -ne 0 ] && [ "$bad" -eq 0 ]; then
        echo "status $1 though no test failed"
    fi
}

run_file() { # path
    local name status start broken shown
    name=$(basename "$1" .sh)
    start=$(now_ms)
    run_limited "$1" >"$log" 2>&1 </dev/null
    status=$?
    count
    broken=$(why_broken "$status")
    [ -n "$broken" ] && bad=$((bad + 1))
    shown="$ok passed"
    [ "$bad" -gt 0 ] && shown+=", $bad FAILED"
    [ "$skipped" -gt 0 ] && shown+=", $skipped skipped"
    printf '  %-24s %-32s %5d ms\n' "$name" "$shown" \
        $(($(now_ms) - start))
    if [ "$bad" -gt 0 ]; then
        grep -Ev '^(ok |1\.\.|# ok - )|run.sh: line ' "$log" | sed 's/^/      /'
        [ -n "$broken" ] && echo "      $name: $broken"
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
}

for file in "$@"; do
    run_file "$file"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

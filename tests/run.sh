#!/usr/bin/env bash
# tests/run.sh FILE... - run tests, say what failed, count.
#
# A FILE is a unit test's binary (cmocka) or a system test's script; both print
# TAP. One line a file: name, counts, milliseconds, and those of processors;
# below it all that a failing file printed. Several run at once, long ones
# first, and their lines come in the order of the files. A file that crashes, stops early or prints no result
# counts as one failure more. What was skipped is told with its reason. Last
# line: "N passed, N failed"; the status is 0 if none failed.
#
#   TEST_LIMIT_S=900  after so many seconds a file is stopped and has failed
#   TEST_FORM=short   what asks for it does less: `make test`
#   TEST_JOBS=2       so many at once; as many as there are processors
set -u
export LC_ALL=C CMOCKA_MESSAGE_OUTPUT=TAP
# Tests share the processor: who waits must not keep it from the others
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-PASSIVE}
limit_s=${TEST_LIMIT_S:-900}
at_once=${TEST_JOBS:-$(nproc 2>/dev/null || echo 2)}
passed=0 failed=0 n_skipped=0 why_skipped=
work=$(mktemp -d "${TMPDIR:-/tmp}/sinklab-run.XXXXXX") || exit 1
end_all() {
    local left
    left=$(jobs -p)
    # shellcheck disable=SC2086 # a list
    [ -n "$left" ] && kill $left 2>/dev/null
    rm -rf "$work"
}
trap end_all EXIT
trap 'exit 130' INT TERM

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

# Of what `times` printed, the last line: processes that were waited for, as
# 1m2.345s of the program and the same of the system.
spent_ms() { # file
    awk -F '[m s]+' 'END { printf "%d", ($1 + $3) * 60000 + ($2 + $4) * 1000 }' "$1"
}

run_file() { # number path, in a process of its own
    local start status
    start=$(now_ms)
    run_limited "$2" >"$work/$1.log" 2>&1 </dev/null
    status=$?
    times >"$work/$1.spent"
    echo "$status $(($(now_ms) - start)) $(spent_ms "$work/$1.spent")" >"$work/$1.end.new"
    mv "$work/$1.end.new" "$work/$1.end"
}

show() { # number path
    local name status ms spent broken line
    name=$(basename "$2" .sh)
    log=$work/$1.log
    read -r status ms spent <"$work/$1.end"
    count
    broken=$(why_broken "$status")
    [ -n "$broken" ] && bad=$((bad + 1))
    line="$ok passed"
    [ "$bad" -gt 0 ] && line+=", $bad FAILED"
    [ "$skipped" -gt 0 ] && line+=", $skipped skipped"
    printf '  %-24s %-32s %5d ms %6d ms of processors\n' "$name" "$line" "$ms" "$spent"
    if [ "$bad" -gt 0 ]; then
        grep -Ev '^(ok |1\.\.|# ok - )|run.sh: line ' "$log" | sed 's/^/      /'
        [ -n "$broken" ] && echo "      $name: $broken"
    fi
    if [ "$skipped" -gt 0 ]; then
        n_skipped=$((n_skipped + skipped))
        why_skipped+=$(sed -nE "s/^(not )?ok .*# SKIP[A-Za-z]*:? +(.+)/  $name: \2/Ip; t
            s/^(not )?ok [0-9]+ (- )?(.*) # SKIP.*/  $name: \3/Ip" "$log")$'\n'
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
}

# Those that have ended, as far as all before them have.
shown=0
show_ended() { # file...
    while [ -e "$work/$shown.end" ]; do
        shown=$((shown + 1))
        show $((shown - 1)) "${!shown}"
    done
}

# Only a hint: with the long ones started last, one processor would wait for
# the other at the end.
long=" mpi experiments products faults exact test_config_when report experiment memory models
 samples sweep_kill bench json python emergence sweep_run analyze data_prepare stop smoke sweep
 golden test_verify test_metric_slow test_attention_map test_meter "
order=() others=()
for ((number = 0; number < $#; number++)); do
    at=$((number + 1))
    name=$(basename "${!at}" .sh)
    case ${long//[[:space:]]/ } in
    *" $name "*) order+=("$number") ;;
    *) others+=("$number") ;;
    esac
done

started=0
for number in ${order[@]+"${order[@]}"} ${others[@]+"${others[@]}"}; do
    if [ "$started" -ge "$at_once" ]; then
        wait -n
        show_ended "$@"
    fi
    at=$((number + 1))
    run_file "$number" "${!at}" &
    started=$((started + 1))
done
wait
show_ended "$@"
failed=$((failed + $# - shown)) # of those whose end nobody wrote down: none
if [ "$n_skipped" -gt 0 ]; then
    echo "skipped: $n_skipped, for what this machine lacks or this form leaves out"
    printf '%s' "$why_skipped" | sort -u
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

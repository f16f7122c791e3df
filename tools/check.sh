#!/usr/bin/env bash
# tools/check.sh MAKE FOLDER - all checks, one after the other (`make check`).
#
# MAKE is the command to run make with, FOLDER where objects go. Each part ends
# with "N passed, N failed"; a part that does not, or fails without a count, is
# one failure. The last line adds them up.
set -u
read -r -a make <<<"$1"
make+=("WERROR=1")
folder=$2
passed=0 failed=0 summary=
log=$(mktemp "${TMPDIR:-/tmp}/sinklab-check.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT

part() { # name command...
    local name=$1 status start=$SECONDS last
    shift
    echo "== $name"
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    last=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
    add "$name" "$status" $((SECONDS - start)) "${last:-0 passed, 0 failed}"
}

add() { # name status seconds "N passed, N failed"
    local p f
    read -r p _ f _ <<<"$4"
    [ "$2" -ne 0 ] && [ "$f" -eq 0 ] && f=1
    passed=$((passed + p))
    failed=$((failed + f))
    summary+=$(printf '  %-24s %5d passed %4d failed %5d s' "$1" "$p" "$f" "$3")
    summary+=$'\n'
}

# A build that must come out without a warning: one passed or one failed.
build() { # make arguments
    if "${make[@]}" "$@"; then
        echo "1 passed, 0 failed"
    else
        echo "0 passed, 1 failed"
        return 1
    fi
}

part "build, gcc" build B="$folder" all tests
part "tests" "${make[@]}" B="$folder" test
part "gradients in double" "${make[@]}" B="$folder" double
part "sanitizers" "${make[@]}" B="$folder" asan
if command -v clang >/dev/null; then
    part "build, clang" build CC=clang B="$folder-clang" all tests
    part "unit tests, clang" "${make[@]}" CC=clang B="$folder-clang" unit
else
    echo "== clang is not installed: its build is skipped"
fi
part "lint" "${make[@]}" B="$folder" lint

echo
echo "== total"
printf '%s' "$summary"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

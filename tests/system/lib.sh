# shellcheck shell=bash
# tests/system/lib.sh - what a system test's script begins with:
#
#   . "$(dirname "$0")/lib.sh"
#
# Gives a fresh folder $T (removed at the end), the program's absolute path
# $SINKLAB, the repository's $ROOT, and the checks below, which print TAP. Each
# goes on after a failure. The script ends with `finish`; whatever it has left
# running ends with it.
#
# A test that needs the program in a certain step, or killed there, says so in
# SINKLAB_TEST (src/base/moment.h); `killed_at`, `meet` and `open_gate` are for
# that, `await` for what others write. No other waiting: docs/STYLE.md.
set -u
export LC_ALL=C
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SINKLAB=${SINKLAB:-$ROOT/sinklab}
case $SINKLAB in /*) ;; *) SINKLAB=$PWD/$SINKLAB ;; esac
export SINKLAB
unset SINKLAB_TEST
# shellcheck source=tests/await.sh
. "$ROOT/tests/await.sh"
T=$(mktemp -d "${TMPDIR:-/tmp}/sinklab-system.XXXXXX") || exit 1
clean_up() {
    local left
    left=$(jobs -p)
    # shellcheck disable=SC2086 # a list
    [ -n "$left" ] && kill -KILL $left 2>/dev/null
    chmod -R u+w "$T" 2>/dev/null
    rm -rf "$T"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

n_checks=0 n_bad=0

# report STATUS DESCRIPTION - one TAP line; what $T/out and $T/err hold follows
# a failure as comments.
report() {
    n_checks=$((n_checks + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n_checks - $2"
        return 0
    fi
    n_bad=$((n_bad + 1))
    echo "not ok $n_checks - $2"
    note_file stdout "$T/out"
    note_file stderr "$T/err"
    return 1
}

# write_cats FILE WORDS - a config on a small text, cats: tests/system/cats.ini,
# and these lines of INI.
write_cats() {
    local _
    printf 'include = %s/tests/system/cats.ini\n%s\n' "$ROOT" "$2" >"$1"
    for _ in {1..30}; do
        echo 'the cat sat on the mat, and the dog lay by the door'
    done >cats
}

note() {
    sed 's/^/# /' <<<"$*"
}

note_file() { # label file
    [ -s "$2" ] && tail -n 40 "$2" | sed "s/^/# $1: /"
    return 0
}

# Is all to be looked at, and not only what `make test` has a minute for?
is_long() {
    [ "${TEST_FORM:-long}" = long ]
}

# check DESCRIPTION COMMAND... - the command succeeds. Its output is in $T/out
# and $T/err until the next check.
check() {
    local what=$1 status
    shift
    "$@" >"$T/out" 2>"$T/err" </dev/null
    status=$?
    report "$status" "$what" && return 0
    note "status $status from: $*"
    return 1
}

# check_not DESCRIPTION COMMAND... - the command says no: status 1.
check_not() {
    local what=$1
    shift
    check "$what" is_status 1 "$@"
}

is_status() { # STATUS COMMAND...
    local want=$1 got
    shift
    "$@"
    got=$?
    [ "$got" -eq "$want" ] && return 0
    echo "got status $got, want $want" >&2
    return 1
}

# expect_status STATUS DESCRIPTION COMMAND...
expect_status() {
    local want=$1 what=$2
    shift 2
    check "$what" is_status "$want" "$@"
}

# expect_fail STATUS REGEX COMMAND... - the command ends with that status and
# says why on stderr: one line, or a few, that match the extended regex, begin
# with the program's name and hold no trace of a crash; stdout holds no error.
expect_fail() {
    local want=$1 regex=$2 status
    shift 2
    "$@" >"$T/out" 2>"$T/err" </dev/null
    status=$?
    if [ "$status" -ne "$want" ]; then
        report 1 "status $want, got $status: ${*##*/}"
    elif ! grep -Eq -- "$regex" "$T/err"; then
        report 1 "stderr matches /$regex/: ${*##*/}"
    elif ! is_clear_error "$T/err"; then
        report 1 "one clear sentence: ${*##*/}"
    else
        report 0 "refused with status $want, /$regex/"
    fi
}

# At most a few lines, the first from us; no sanitizer, no HDF5 error stack, no
# bare system text without a place, nothing of a library's own.
is_clear_error() { # file
    [ "$(wc -l <"$1")" -ge 1 ] && [ "$(wc -l <"$1")" -le 8 ] &&
        head -n 1 "$1" | grep -Eq '^sinklab: .{8,}' &&
        ! grep -Eq 'Sanitizer|runtime error|HDF5-DIAG|internal error' "$1"
}

# --- moments ------------------------------------------------------------------

# await_that COMMAND... - a failed check if it never succeeds.
await_that() {
    await "$@" && return
    report 1 "waited $AWAIT_S s for: $*"
}

# killed_at RULE COMMAND... - the command is killed where the rule says.
killed_at() {
    local at=$1 # not `rule`: the command may be a function that sees it
    shift
    SINKLAB_TEST=$at is_status 137 "$@"
}

# meet FIFO - until a process stands at it (the action `wait`), which then goes
# on. Each meeting has a FIFO of its own: it may still be closing the last one.
meet() {
    # shellcheck disable=SC2016 # the inner shell's
    timeout "$AWAIT_S" bash -c ': >"$1"' - "$1" && return
    report 1 "nobody came to $1 within $AWAIT_S s"
}

# open_gate FIFO - all processes that stand at it go on, and those that come
# later do not stop.
open_gate() {
    # shellcheck disable=SC2034 # stays open until the script ends
    exec {opened}<>"$1"
}

has_line() { # file regex [so many]
    [ "$(grep -c -- "$2" "$1")" -ge "${3:-1}" ]
}
is_stopped() { # process...: by SIGSTOP, all of them
    local process
    for process in "$@"; do
        grep -q '^State:[[:space:]]*T' "/proc/$process/status" || return 1
    done
}
# Has it taken the signals that were sent to it?
has_no_signal() { # process
    grep -q '^ShdPnd:[[:space:]]*0*$' "/proc/$1/status" &&
        grep -q '^SigPnd:[[:space:]]*0*$' "/proc/$1/status"
}

same_bytes() { # file file
    cmp "$1" "$2" >&2
}

first_line_is() { # file text
    [ "$(head -n 1 "$1")" = "$2" ] && return 0
    echo "$1: first line is '$(head -n 1 "$1")', want '$2'" >&2
    return 1
}

finish() {
    echo "1..$n_checks"
    [ "$n_bad" -eq 0 ]
    exit
}

#!/usr/bin/env bash
# tests/asan.sh FILE... - tests/run.sh with the sanitizers' options: stop at the
# first finding, and look for leaks where this system can (not under a tracer,
# not on macOS). tests/lsan.supp names the leaks of libraries.
set -u
here=$(cd "$(dirname "$0")" && pwd) # clang takes it from where the program is
options=abort_on_error=0:halt_on_error=1:strict_string_checks=1
options+=:detect_stack_use_after_return=1:check_initialization_order=1

can_find_leaks() {
    local probe status
    probe=$(mktemp "${TMPDIR:-/tmp}/sinklab-probe.XXXXXX") || return 1
    echo 'int main(void) { return 0; }' |
        "${CC:-cc}" -fsanitize=address -x c -o "$probe" - &&
        ASAN_OPTIONS=detect_leaks=1 "$probe"
    status=$?
    rm -f "$probe"
    return "$status"
}

if can_find_leaks >/dev/null 2>&1; then
    options+=:detect_leaks=1
else
    options+=:detect_leaks=0
    echo "  (this system cannot look for leaks)"
fi
export ASAN_OPTIONS=$options${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export LSAN_OPTIONS=suppressions=$here/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
exec "$here/run.sh" "$@"

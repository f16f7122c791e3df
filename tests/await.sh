# shellcheck shell=bash
# tests/await.sh - waiting for what has to happen: the one place of the tests'
# scripts that sleeps. Nothing may depend on how long it takes; the limit is
# there so that a test which waits in vain fails instead of standing still.
AWAIT_S=${AWAIT_S:-300}

# await COMMAND... - until the command succeeds.
await() {
    local end=$((SECONDS + AWAIT_S))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.02
    done
}

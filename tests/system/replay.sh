#!/usr/bin/env bash
# What `make fuzz` begins with, given to its targets without libFuzzer
# (tests/fuzz/replay.c, $REPLAY), and what lies near it.
. "$(dirname "$0")/lib.sh"
export OMP_NUM_THREADS=1
check "a corpus for each target is made" env TMPDIR="$T" "$ROOT/tests/fuzz/seeds.sh" "$T/seeds"
for target in "$ROOT"/tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    name=${name#fuzz_}
    check "$name takes it" "${REPLAY:?}" "$name" "$T/seeds/$name"/*
done
finish

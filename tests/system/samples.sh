#!/usr/bin/env bash
# Samples are what docs/FORMATS.md says: computed from that page in Python, for
# every corpus, order, split and edit, and for token files that Python wrote.
# Skipped where there is no Python.
. "$(dirname "$0")/lib.sh"
if ! command -v python3 >/dev/null; then
    echo "ok 1 - samples are those of docs/FORMATS.md # SKIP no python3"
    echo 1..1
    exit 0
fi
mkdir "$T/samples"
python3 "$ROOT/tests/samples.py" "$SINKLAB" "$T/samples"

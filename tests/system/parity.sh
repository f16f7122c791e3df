#!/usr/bin/env bash
# Logits, loss and gradients of a few models are PyTorch's (tools/parity has
# them all). Skipped where PyTorch is missing.
. "$(dirname "$0")/lib.sh"
variants=(gpt2 many differential flow documents_packed loss_terms)
what="logits and gradients are PyTorch's: ${variants[*]}"

if [ ! -x "${DUMP:-}" ]; then
    echo "ok 1 - $what # SKIP DUMP does not name the program of tools/parity"
    echo 1..1
    exit 0
fi
check "$what" "$ROOT/tools/parity/run.sh" "${variants[@]}" >"$T/tap"
if grep -q '^parity: .*skipped' "$T/out"; then
    echo "ok 1 - $what # SKIP $(cat "$T/out")"
else
    cat "$T/tap"
fi
finish

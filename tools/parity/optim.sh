#!/usr/bin/env bash
# optim.sh - 20 updates of a small model by each optimizer, held against
# PyTorch's or against the papers (optim.py).
#
#   tools/parity/optim.sh [VARIANT...]      `make parity` builds what it needs
#
# OPTIM names the program of optim.c, PYTHON a Python with PyTorch 2.9 or
# newer (for Muon). Exit status: 0 if all agree, or with a sentence where PyTorch
# is missing.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../.."
OPTIM=${OPTIM:-$PWD/build/float/tools/parity/optim}
PYTHON=${PYTHON:-python3}
STEPS=20

# NAME KEY=VALUE...; keys are of [optim].
variants() {
    cat <<'END_OF_VARIANTS'
adamw name=adamw
adam name=adam
sgd name=sgd lr=1e-2
nesterov name=sgd lr=1e-2 nesterov=yes
lion name=lion lr=1e-3
signum name=signum lr=1e-3
adafactor name=adafactor lr=1e-2
muon name=muon
muon_plain name=muon muon_nesterov=no rest=sgd
orthoadam name=orthoadam
schedule_free name=schedule-free schedule=constant min_lr=0
soap name=soap precondition_every=4
soap_short name=soap precondition_every=4 precondition_max=32
shampoo name=shampoo precondition_every=4 rest=lion
shampoo_short name=shampoo precondition_every=4 precondition_max=32
END_OF_VARIANTS
}

if ! "$PYTHON" -c 'import numpy, torch; torch.optim.Muon' 2>/dev/null; then
    echo "parity: $PYTHON has no PyTorch with Muon, or no NumPy; skipped"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/tiny.ini" <<END
[model]
layers = 2
width = 32
heads = 4
context = 40
ffn = swiglu
tied_head = no
[attention]
bias = key
gate = input
[train]
steps = $STEPS
batch = 8
threads = 2
[optim]
lr = 3e-3
weight_decay = 0.1
clip = 1
schedule = cosine
warmup_steps = 4
min_lr = 0.1
[data]
vocab = 20
END

. tools/parity/wanted.sh

dumps=()
while read -r name keys; do
    is_wanted "$name" "$@" || continue
    overrides=()
    for key in $keys; do
        overrides+=("optim.$key")
    done
    "$OPTIM" "$work/tiny.ini" $STEPS "$work/$name" "${overrides[@]}"
    dumps+=("$name=$work/$name")
done < <(variants)
if [ ${#dumps[@]} -eq 0 ]; then
    echo "parity: no variant is called $*" >&2
    exit 2
fi
"$PYTHON" -B tools/parity/optim.py "${dumps[@]}"

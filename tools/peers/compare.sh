#!/usr/bin/env bash
# compare.sh - tokens a second of sinklab and its peers, in turns, on one config.
#
#   tools/peers/compare.sh [CONFIG.ini] [THREADS] [ROUNDS]
#
# Ours are made as train.products = auto has it, and in the precision of whom they
# are held against. PYTHON names a Python with PyTorch (default python3); peers that are missing
# are skipped with a sentence. Prints a markdown table of medians and the ratio
# of each round.
set -eu
cd "$(dirname "$0")/../.."
SINKLAB=${SINKLAB:-$PWD/sinklab}
PYTHON=${PYTHON:-python3}
config=${1:-configs/bench-small.ini}
threads=${2:-$(nproc)}
rounds=${3:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tokens() { # file: the figure of its last JSON line
    sed -n 's/.*"tokens_per_s": *\([0-9.]*\).*/\1/p' "$1" | tail -n 1
}
ours() { # precision
    "$SINKLAB" bench "$config" train.threads="$threads" train.products=auto \
        train.precision="$1" --json --seconds 5 >"$work/out" && tokens "$work/out"
}
torch() { # options
    "$PYTHON" tools/peers/pytorch.py "$config" --threads "$threads" \
        --seconds 8 "$@" >"$work/out" 2>"$work/err" && tokens "$work/out"
}
median() {
    sort -g | awk '{ v[NR] = $1 } END {
        if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# mode: options of tools/peers/pytorch.py
modes=("eager:" "compiled:--compile" "eager bfloat16:--bfloat16"
    "compiled bfloat16:--compile --bfloat16")
for ((round = 1; round <= rounds; round++)); do
    for i in "${!modes[@]}"; do
        # Ours before each of theirs: a pair lies close in time
        precision=float32
        [[ ${modes[i]} != *--bfloat16 ]] || precision=bfloat16
        us=$(ours $precision)
        # shellcheck disable=SC2086
        them=$(torch ${modes[i]#*:}) || them=
        if [ -z "$them" ]; then
            [ $round -gt 1 ] ||
                echo "PyTorch ${modes[i]%%:*}: $(tail -n 1 "$work/err")" >&2
            continue
        fi
        echo "$us" >>"$work/sinklab-$precision"
        echo "$them" >>"$work/tokens-$i"
        awk -v a="$us" -v b="$them" 'BEGIN { print a / b }' >>"$work/ratio-$i"
    done
done
[ -s "$work/sinklab-float32" ] || exit 3

least_most() { # file: smallest and largest
    sort -g "$1" | awk '{ v[NR] = $1 } END { printf "%.2f to %.2f", v[1], v[NR] }'
}
echo "| $(basename "$config" .ini), $threads threads, $rounds rounds | tokens/s, median | sinklab is faster by, median | smallest and largest |"
echo "|---|---|---|---|"
for precision in float32 bfloat16; do
    [ -s "$work/sinklab-$precision" ] || continue
    printf '| sinklab %s | %.0f | | |\n' $precision \
        "$(median <"$work/sinklab-$precision")"
done
for i in "${!modes[@]}"; do
    [ -s "$work/tokens-$i" ] || continue
    printf '| PyTorch %s | %.0f | %.2f x | %s |\n' "${modes[i]%%:*}" \
        "$(median <"$work/tokens-$i")" "$(median <"$work/ratio-$i")" \
        "$(least_most "$work/ratio-$i")"
done

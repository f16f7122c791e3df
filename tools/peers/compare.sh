#!/usr/bin/env bash
# compare.sh - tokens a second of sinklab and its peers, in turns, on one config.
#
#   tools/peers/compare.sh [CONFIG.ini] [THREADS] [ROUNDS]
#
# PYTHON names a Python with PyTorch (default python3); peers that are missing
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
    sed -n 's/.*"tokens_per_s": \([0-9.]*\).*/\1/p' "$1" | tail -n 1
}
ours() {
    "$SINKLAB" bench "$config" train.threads="$threads" --json --seconds 5 \
        >"$work/out" && tokens "$work/out"
}
torch() { # options
    "$PYTHON" tools/peers/pytorch.py "$config" --threads "$threads" \
        --seconds 8 "$@" >"$work/out" 2>"$work/err" && tokens "$work/out"
}
median() {
    sort -g | awk '{ v[NR] = $1 } END {
        if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

for ((round = 1; round <= rounds; round++)); do
    us=$(ours)
    echo "$us" >>"$work/sinklab"
    for mode in eager compiled; do
        if [ $mode = compiled ]; then them=$(torch --compile) || them=
        else them=$(torch) || them=; fi
        if [ -z "$them" ]; then
            [ $round -gt 1 ] || echo "PyTorch $mode: $(tail -n 1 "$work/err")" >&2
            continue
        fi
        echo "$them" >>"$work/pytorch-$mode"
        awk -v a="$us" -v b="$them" 'BEGIN { print a / b }' \
            >>"$work/ratio-$mode"
    done
done

echo "| $(basename "$config" .ini), $threads threads, $rounds rounds | tokens/s, median | sinklab is faster by, median |"
echo "|---|---|---|"
printf '| sinklab | %.0f | |\n' "$(median <"$work/sinklab")"
for mode in eager compiled; do
    [ -s "$work/pytorch-$mode" ] || continue
    printf '| PyTorch %s | %.0f | %.2f x |\n' "$mode" \
        "$(median <"$work/pytorch-$mode")" "$(median <"$work/ratio-$mode")"
done

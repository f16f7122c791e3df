#!/usr/bin/env bash
# bench_limits.sh - the comparisons in docs/PERFORMANCE.md that are not tokens a
# second: what each attention costs against softmax, memory against context,
# two one-thread runs against one of two threads. Prints markdown tables.
#
#   SECONDS_EACH=4 ROUNDS=5 tools/bench_limits.sh
set -eu
cd "$(dirname "$0")/.."
SINKLAB=${SINKLAB:-$PWD/sinklab}
seconds=${SECONDS_EACH:-4}
rounds=${ROUNDS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

field() { # name, JSON on standard input
    sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"
}
bench() { # field config overrides...
    local name=$1
    shift
    "$SINKLAB" bench "$@" --json --seconds "$seconds" | field "$name"
}
median() {
    sort -g | awk '{ v[NR] = $1 } END {
        print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a / b }'
}

# A step's time against softmax's, which is measured again before each: a pair
# lies close in time. A quarter of the batch, since what differs is per row.
echo "| attention, bench-small with train.batch = 4 | time of a step against softmax, median of $rounds pairs | least and most |"
echo "|---|---|---|"
mapfile -t names < <("$SINKLAB" list attention --names | grep -v '^softmax$')
variants=("${names[@]/#/attention.weights=}" "attention.bias=key"
    "attention.weights=sigmoid attention.normalizer=sum"
    "attention.weights=relu attention.normalizer=sum"
    "attention.normalizer=p_norm attention.normalizer_p=2")
small=(configs/bench-small.ini train.batch=4)
for ((r = 0; r < rounds; r++)); do
    for ((i = 0; i < ${#variants[@]}; i++)); do
        softmax=$(bench step_ms "${small[@]}")
        # shellcheck disable=SC2086
        other=$(bench step_ms "${small[@]}" ${variants[i]})
        ratio "$other" "$softmax" >>"$work/$i"
    done
done
for ((i = 0; i < ${#variants[@]}; i++)); do
    echo "| ${variants[i]} | $(median <"$work/$i") | $(sort -g "$work/$i" | sed -n '1p;$p' | paste -sd- | sed 's/-/ to /') |"
done

short=$(bench peak_memory_mib configs/bench-long.ini)
long=$(bench peak_memory_mib configs/bench-long.ini model.context=4096 \
    train.batch=1)
echo
echo "| memory, bench-long | MiB |"
echo "|---|---|"
echo "| context 2048, batch 2 | $short |"
echo "| context 4096, batch 1 | $long ($(ratio "$long" "$short") of it) |"

for ((r = 0; r < rounds; r++)); do
    both=$(bench tokens_per_s configs/bench-small.ini train.threads=2)
    bench tokens_per_s configs/bench-small.ini train.threads=1 >"$work/one" &
    other=$(bench tokens_per_s configs/bench-small.ini train.threads=1)
    wait $!
    awk -v a="$(cat "$work/one")" -v b="$other" -v c="$both" \
        'BEGIN { printf "%.3f\n", (a + b) / c }' >>"$work/pair"
done
echo
echo "Two one-thread runs side by side: $(median <"$work/pair") times the tokens/s of one two-thread run."

#!/usr/bin/env bash
# bench.sh - `make bench`: the standard set, one dated line each, appended to
# the log at the end of docs/PERFORMANCE.md.
#
#   SECONDS_EACH=20   measure each for about so long (10)
#   LOG=/dev/stdout   elsewhere than docs/PERFORMANCE.md
set -eu
cd "$(dirname "$0")/.."
SINKLAB=${SINKLAB:-$PWD/sinklab}
LOG=${LOG:-docs/PERFORMANCE.md}

field() { # json name
    sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p" <<<"$1"
}
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
commit=$(git describe --always --dirty 2>/dev/null || echo unknown)

for name in bench-tiny bench-small bench-long bench-60m; do
    json=$("$SINKLAB" bench "configs/$name.ini" --json \
        --seconds "${SECONDS_EACH:-10}")
    line=$(printf '| %s | %s | %s, core %s | %s | %s | %s | %.1f %% | %s |' \
        "$(date +%F)" "$name" "${cpu:-unknown}" "$(field "$json" blas_core)" \
        "$(field "$json" threads)" "$(field "$json" ceiling_gflops)" \
        "$(field "$json" tokens_per_s)" \
        "$(field "$json" utilisation | awk '{ print 100 * $1 }')" "$commit")
    echo "$line"
    echo "$line" >>"$LOG"
done

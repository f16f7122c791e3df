#!/usr/bin/env bash
# tools/bench_report.sh - what `compare --report` of a large sweep takes.
#
# Four runs of a tiny model with CHECKPOINTS checkpoints are trained and
# analyzed, and copied RUNS / 4 times with other rates and seeds in config.ini:
# what is read is as large as in as many runs, their numbers are not looked at.
# Prints a row for docs/PERFORMANCE.md:
#
#     | runs | checkpoints | s | s of processor | MiB | page, MB |
#
#   RUNS=500 CHECKPOINTS=200   SINKLAB=./sinklab
#
# Needs GNU time.
set -eu
cd "$(dirname "$0")/.."
SINKLAB=$(realpath "${SINKLAB:-./sinklab}")
runs=${RUNS:-500} checkpoints=${CHECKPOINTS:-200}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sinklab-bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
tiny=$PWD/tests/system/tiny.ini
cd "$scratch"

cat >sweep.ini <<END
include = $tiny
[model]
layers = 4
[train]
steps = $((checkpoints - 1))
batch = 1
log_every = 1
val_every = 1
val_tokens = 64
[sink]
sequences = 2
val_tokens = 64
probe_every = 1
probe_sequences = 1
[checkpoint]
every = 1
[axes]
attention.weights = softmax, relu, sigmoid, softmax1
END
"$SINKLAB" sweep sweep.ini run.dir=base >/dev/null
"$SINKLAB" analyze base >/dev/null
rm -r base/*/checkpoints

mkdir many
n=0
while [ $n -lt "$runs" ]; do
    for from in base/0*; do
        rate=$((n / 20 + 1)) seed=$((n / 4 % 5 + 1))
        to=many/$(printf %04d $n)
        cp -r "$from" "$to"
        # without its last line, the seal, a config may be changed by hand
        sed -i -E "s/^seed = 1 /seed = $seed /; s/^lr = [^ ]*/lr = ${rate}e-4/; \$d" \
            "$to/config.ini"
        n=$((n + 1))
    done
done

/usr/bin/time -f '%e %U %S %M' -o used "$SINKLAB" compare many --report page >told 2>&1 ||
    { cat told >&2; exit 1; }
read -r wall user system peak <used
awk -v n="$n" -v c="$checkpoints" -v w="$wall" -v u="$user" -v s="$system" -v kb="$peak" \
    -v page="$(wc -c <page/index.html)" \
    'BEGIN { printf "| %d | %d | %.1f | %.1f | %.0f | %.1f |\n", n, c, w, u + s, kb / 1024, page / 1e6 }'

#!/usr/bin/env bash
# tools/slow_network.sh - a step on several machines against the model of
# docs/SCALING.md, over networks that are slow in a known way.
#
# Each machine is a network namespace of this one; tools/slow_network.c is the
# network between them, with a delay and a rate, and Open MPI starts a process
# in each over TCP, as on a cluster. `sinklab bench` measures, on a model with
# next to nothing to compute; ms above a network without delay and limit are
# compared with what the model says. Prints Markdown. Needs root, ip
# (iproute2), tc, unshare (util-linux), Open MPI, python3, /dev/net/tun and
# `make MPI=1`.
#
#   tools/slow_network.sh 2 "1 0" "5 0" "0 10"   # machines, "DELAY_MS MB_PER_S"
#
#   SINKLAB=./sinklab   the program, built with MPI
#   ROUNDS=3            each is measured so often, in turns; medians count
#   SECONDS_EACH=5
set -eu
export LC_ALL=C OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
root=$(cd "$(dirname "$0")/.." && pwd)
sinklab=$(realpath "${SINKLAB:-$root/sinklab}")
rounds=${ROUNDS:-3}
net=10.99.0
n=${1:?machines}
shift
networks=("0 0" "$@")
work=$(mktemp -d "${TMPDIR:-/tmp}/sinklab-network.XXXXXX")
name=slow$$-
network=

down() {
    [ -z "$network" ] || kill "$network" 2>/dev/null || true
    [ -z "$network" ] || wait "$network" 2>/dev/null || true
    network=
}
clean_up() {
    local i
    down
    for ((i = 0; i < n; i++)); do
        ip netns del $name$i 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

(cd "$root" && cc -std=c11 -O2 -o "$work/network" tools/slow_network.c)
mkfifo "$work/ready"
hosts=
for ((i = 0; i < n; i++)); do
    ip netns add $name$i
    ip -n $name$i link set lo up
    hosts=$hosts,$name$i
done

# What Open MPI starts elsewhere, and itself: in that machine, under its name
cat >"$work/on" <<'END'
#!/bin/sh
host=$1
shift
exec ip netns exec "$host" unshare -u sh -c "hostname $host; $*"
END
chmod +x "$work/on"

up() { # delay_ms mb_per_s
    local i
    # It stands for cables and switches, which wait for no processor
    nice -n -19 "$work/network" $name "$n" "$1" "$2" >"$work/ready" &
    network=$!
    head -n 1 "$work/ready" >/dev/null
    for ((i = 0; i < n; i++)); do
        ip -n $name$i addr add $net.$((i + 1))/24 dev slow
        ip -n $name$i link set slow mtu 9000 up
        [ "$2" = 0 ] || tc -n $name$i qdisc add dev slow root tbf \
            rate "$(($2 * 8))mbit" burst 40000 limit 400000
    done
}

bench=("$sinklab" bench "$root"/configs/bench-small.ini train.batch=1
    "train.accumulate=$n" model.context=16 train.threads=1
    "--seconds=${SECONDS_EACH:-5}" --json)
mpirun=$(command -v mpirun.openmpi || command -v mpirun)
step_ms() {
    "$work/on" ${name}0 "$mpirun" --mca plm_rsh_agent "$work/on" \
        --mca btl_tcp_if_include $net.0/24 --mca oob_tcp_if_include $net.0/24 \
        --bind-to none --oversubscribe --host "${hosts#,}" -n "$n" \
        "${bench[@]}" 2>"$work/said" |
        sed -n 's/.*"step_ms": *\([0-9.]*\).*/\1/p'
}

numbers=$("$sinklab" train "${bench[2]}" --dry-run --rate=1 --json \
    run.dir="$work/run" "${bench[@]:3:3}" train.threads=1 |
    sed -n 's/.*"parameters": *\([0-9]*\).*/\1/p')
for ((round = 0; round < rounds; round++)); do
    for i in "${!networks[@]}"; do
        read -r delay_ms rate <<<"${networks[i]}"
        up "$delay_ms" "$rate"
        ms=$(step_ms)
        down
        [ -n "$ms" ] || {
            cat "$work/said" >&2
            exit 1
        }
        echo "$ms" >>"$work/$i"
    done
done

median() { # file
    sort -g "$1" | awk '{ x[NR] = $1 }
        END { print (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2 }'
}
base=$(median "$work/0")
for i in "${!networks[@]}"; do
    [ "$i" = 0 ] && continue
    read -r delay_ms rate <<<"${networks[i]}"
    model=$("$root/tools/scaling.py" --exchange "$n" "$numbers" "$delay_ms" "$rate")
    awk -v n="$n" -v delay="$delay_ms" -v rate="$rate" -v model="$model" \
        -v base="$base" -v ms="$(median "$work/$i")" 'BEGIN {
        printf "| %d | %g | %s | %.0f | %.0f | %.2f |\n", n, delay,
            (rate > 0 ? rate : "-"), ms - base, model, (ms - base) / model
    }'
done
echo "; without delay and limit: $base ms a step on $n machines" >&2

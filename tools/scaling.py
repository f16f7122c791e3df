#!/usr/bin/env python3
"""tools/scaling.py - time and memory of a step on many machines, on paper.

The tables of docs/SCALING.md. What a model costs comes from the program
(`sinklab train --dry-run --json`), what a machine does from the options, whose
defaults are what was measured and is stated there. Prints Markdown.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
REAL = 4  # bytes
ROOM = 1 << 23  # numbers exchanged at a time (engine/tree_sum.c)
BACKWARD = 2 / 3  # of a pass


def ask(sinklab, config, overrides):
    """What --dry-run says of a config, on tokens of no meaning."""
    with tempfile.TemporaryDirectory() as folder:
        tokens = pathlib.Path(folder) / "tokens.bin"
        with open(tokens, "wb") as f:
            f.truncate(64 << 20)
        words = [sinklab, "train", str(ROOT / "configs" / config), "--dry-run",
                 "--rate", "1000", "--json", f"run.dir={folder}/run",
                 f"data.path={tokens}", "data.token_bytes=2",
                 "train.threads=1", *overrides]
        return json.loads(subprocess.check_output(words))


def facts_of(sinklab, config):
    """Numbers, FLOPs and memory of one process with one micro-batch."""
    whole = ask(sinklab, config, [])
    one = ask(sinklab, config, ["train.accumulate=1"])
    sequence = ask(sinklab, config, ["train.accumulate=1", "train.batch=1"])
    return {
        "numbers": whole["parameters"],
        "flops": whole["flops"] / whole["steps"],
        "leaves": whole["tokens_per_step"] // one["tokens_per_step"],
        "tokens": whole["tokens_per_step"],
        "sequences": whole["tokens_per_step"] // sequence["tokens_per_step"],
        # beside weights, gradient, Adam's two moments and a state's image
        "rest": one["memory_bytes"] - (2 + 2 + 3) * REAL * one["parameters"],
    }


def leaves_of(n, f):
    """Micro-batches, cut smaller where there are more machines."""
    return max(f["leaves"], n)


def delays(n, numbers):
    """Messages that wait for each other. A large one is announced, asked for,
    and comes: each piece of a part, then the sums; before them two small ones."""
    return 3 * math.ceil(numbers / ROOM) + 3 + 2 if n > 1 else 0


def exchange(n, numbers, wire, wait):
    """Seconds of a step on a ring of n machines; wire: bytes a second; wait:
    seconds from one to another. tools/slow_network.sh measures it."""
    return (2 * (n - 1) / n * REAL * numbers / wire +
            delays(n, numbers) * wait)


def seconds(n, f, o, gbit):
    """Of a step on n machines: compute, sums at home, exchange, optimizer; and
    of the exchange what the backward pass of the last micro-batch could hide,
    the only one whose gradient is the process's sum."""
    size = REAL * f["numbers"]
    each = leaves_of(n, f) // n
    rate, bytes_s = o.gflops * o.cores * 1e9, o.memory_gb * 1e9
    wire, wait = gbit / 8 * 1e9, o.latency_us * 1e-6
    compute = f["flops"] / n / rate
    ring = exchange(n, f["numbers"], wire, wait)
    return {
        "compute": compute,
        "sums": (each - 1) * 4 * size / bytes_s,
        "ring": ring,
        "hidden": min(ring, BACKWARD * compute / each),
        "tree": 2 * math.ceil(math.log2(n)) * (size / wire + wait) if n > 1 else 0,
        "optimizer": 7 * size / bytes_s,
    }


def whole(t):
    return t["compute"] + t["sums"] + t["ring"] + t["optimizer"]


def memory(n, f):
    """Bytes of a process: with the optimizer's whole state, and its part."""
    size = REAL * f["numbers"]
    nodes = (leaves_of(n, f) // n).bit_length()
    base = f["rest"] + size + nodes * size
    return base + 2 * size, base + 2 * size / n


def table(name, f, o):
    print(f"\n**{name}**: {f['numbers'] / 1e6:.0f} M numbers, "
          f"{f['flops']:.3g} FLOPs a step of {f['tokens']} tokens in "
          f"{f['leaves']} micro-batches; a gradient has "
          f"{REAL * f['numbers'] / 1e9:.2f} GB\n")
    print("| machines | compute, s | sums at home | exchange | by a tree | "
          "optimizer | step | speed-up | memory, GB | with shard_state |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    alone = None
    for n in o.machines:
        t = seconds(n, f, o, o.network_gbit)
        step = whole(t)
        alone = alone or step
        all_memory, part = memory(n, f)
        star = "*" if n > f["leaves"] else ""
        print(f"| {n}{star} | {t['compute']:.1f} | {t['sums']:.2f} | {t['ring']:.2f} "
              f"| {t['tree']:.2f} | {t['optimizer']:.2f} | {step:.1f} | "
              f"{alone / step:.1f} | {all_memory / 1e9:.0f} | {part / 1e9:.0f} |")
    # compute / n = exchange, which is all but constant
    wire = o.network_gbit / 8 * 1e9
    even = f["flops"] / (o.gflops * o.cores * 1e9) / (2 * REAL * f["numbers"] / wire)
    print(f"\nExchange takes over at {even:.0f} machines; the batch allows "
          f"{f['leaves']}.")
    for n in o.machines:
        if n > f["leaves"]:
            print(f"\n\\* with `train.batch = {f['sequences'] // n}` and "
                  f"`accumulate = {n}`.")


def overlap(models, o):
    print("\nOf a step, in percent: the exchange, and what of it overlap with "
          "the backward pass could hide at most.\n")
    print("| | machines | " +
          " | ".join(f"{g:g} Gbit/s" for g in o.overlap_gbit) + " |")
    print("|---|---|" + "---|" * len(o.overlap_gbit))
    for name, f in models:
        for n in o.machines:
            if n == 1:
                continue
            cells = []
            for gbit in o.overlap_gbit:
                t = seconds(n, f, o, gbit)
                cells.append(f"{100 * t['ring'] / whole(t):.1f}, "
                             f"{100 * t['hidden'] / whole(t):.1f}")
            print(f"| {name} | {n} | " + " | ".join(cells) + " |")


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--sinklab", default=str(ROOT / "sinklab"))
    p.add_argument("--gflops", type=float, default=50, help="a core, training")
    p.add_argument("--cores", type=int, default=32, help="of a machine")
    p.add_argument("--memory-gb", type=float, default=150, help="a second")
    p.add_argument("--network-gbit", type=float, default=25)
    p.add_argument("--overlap-gbit", type=float, nargs="*",
                   default=[1, 10, 25, 100])
    p.add_argument("--latency-us", type=float, default=30)
    p.add_argument("--machines", type=int, nargs="*", default=[1, 8, 64])
    p.add_argument("--exchange", type=float, nargs=4,
                   metavar=("MACHINES", "NUMBERS", "DELAY_MS", "MB_S"),
                   help="print the milliseconds of one alone; 0 MB_S: no limit")
    o = p.parse_args()
    if o.exchange:
        n, numbers, delay_ms, mb_s = o.exchange
        print(1e3 * exchange(n, numbers, mb_s * 1e6 or math.inf, delay_ms / 1e3))
        return 0
    print(f"Machines of {o.cores} cores of {o.gflops:g} GFLOP/s, "
          f"{o.memory_gb:g} GB/s of memory, {o.network_gbit:g} Gbit/s and "
          f"{o.latency_us:g} us of network.")
    models = [(name, facts_of(o.sinklab, config)) for config, name in
              (("study-60m.ini", "60 M"), ("study-1b.ini", "1 B"))]
    for name, f in models:
        table(name, f, o)
    overlap(models, o)
    return 0


if __name__ == "__main__":
    sys.exit(main())

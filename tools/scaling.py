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
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
REAL = 4  # bytes
ROOM = 1 << 23  # numbers exchanged at a time (engine/tree_sum.c)
BACKWARD = 2 / 3  # of a pass


def ask(o, config, *overrides):
    """What --dry-run says of a config, on tokens of no meaning."""
    with tempfile.TemporaryDirectory() as folder:
        tokens = pathlib.Path(folder) / "tokens.bin"
        with open(tokens, "wb") as f:
            f.truncate(64 << 20)
        words = [o.sinklab, "train", str(ROOT / "configs" / config), "--dry-run",
                 "--rate", "1000", "--json", f"run.dir={folder}/run",
                 f"data.path={tokens}", "data.token_bytes=2",
                 f"train.threads={o.cores}", *overrides]
        return json.loads(subprocess.check_output(words))


def keys_of(config):
    """Section and key of what a config and those it includes say."""
    keys = {}
    section = None
    for line in (ROOT / "configs" / config).read_text().splitlines():
        line = re.split("[;#]", line)[0].strip()
        if line.startswith("["):
            section = line[1:-1]
        elif line:
            key, value = (x.strip() for x in line.split("=", 1))
            if key == "include":
                keys = keys_of(value)
            else:
                keys[section, key] = value
    return keys


def tensors_of(config, facts):
    """Numbers of each tensor of a model of preset = llama, in the program's
    order (nn/model/model.c)."""
    keys = keys_of(config)
    layers, width, ffn = (int(keys["model", k])
                          for k in ("layers", "width", "ffn_width"))
    table = facts["vocabulary"] * width
    block = [width, 3 * width * width, width * width,  # norm, attention
             width, 2 * ffn * width, ffn * width]  # norm, SwiGLU
    tensors = [table, *layers * block, width, table]
    if (len(tensors), sum(tensors)) != (facts["tensors"], facts["parameters"]):
        sys.exit(f"{config}: tools/scaling.py knows other tensors than sinklab")
    return tensors


def largest_part(tensors, n):
    """Numbers of the largest of n parts: a tensor is of the one that holds its
    middle (owner_of in optim/optim.c)."""
    parts = [0] * n
    numbers, before = sum(tensors), 0
    for t in tensors:
        parts[int((before + t / 2) * n / numbers)] += t
        before += t
    return max(parts)


def facts_of(o, config):
    """Numbers, FLOPs, micro-batches and tensors of a step."""
    all_of_it = ask(o, config)
    one = ask(o, config, "train.accumulate=1")
    sequence = ask(o, config, "train.accumulate=1", "train.batch=1")
    return {
        "config": config,
        "numbers": all_of_it["parameters"],
        "tensors": tensors_of(config, all_of_it),
        "flops": all_of_it["flops"] / all_of_it["steps"],
        "leaves": all_of_it["tokens_per_step"] // one["tokens_per_step"],
        "tokens": all_of_it["tokens_per_step"],
        "sequences": all_of_it["tokens_per_step"] // sequence["tokens_per_step"],
    }


def leaves_of(n, f):
    """Micro-batches, cut smaller where there are more machines."""
    return max(f["leaves"], n)


def delays(n, part, is_sharded):
    """Latencies that follow each other. A large message is announced, asked
    for, and comes: each piece of the largest part, then the sums or weights;
    before them two small ones; where parts are owned, squares for the norm."""
    pieces = math.ceil(part / (ROOM // n))
    return 3 * pieces + 3 + 2 + (3 if is_sharded else 0)


def exchange(n, numbers, wire, wait, largest=None):
    """Seconds of a step on n machines that exchange directly: each has a part,
    gets it from each other, and sends each its sum. The volume is a ring's, the
    latencies are a fixed number a piece. The largest part (none: they are even)
    goes n - 1 times through one link in, and out. wire: bytes a second; wait:
    seconds from one to another. tools/slow_network.sh measures it."""
    if n == 1:
        return 0
    part = largest or numbers / n
    return (2 * (n - 1) * REAL * part / wire +
            delays(n, part, largest is not None) * wait)


def seconds(n, f, o, gbit, largest=None):
    """Of a step on n machines: compute, sums at home, exchange, optimizer; and
    of the exchange what the backward pass of the last micro-batch could hide,
    the only one whose gradient is the process's sum. largest: part, with
    shard_state."""
    size = REAL * f["numbers"]
    each = leaves_of(n, f) // n
    rate, bytes_s = o.gflops * o.cores * 1e9, o.memory_gb * 1e9
    wire, wait = gbit / 8 * 1e9, o.latency_us * 1e-6
    compute = f["flops"] / n / rate
    moved = exchange(n, f["numbers"], wire, wait, largest)
    stepped = REAL * (largest or f["numbers"])
    t = {
        "compute": compute,
        "sums": (each - 1) * 4 * size / bytes_s,
        "exchange": moved,
        "optimizer": (8 * stepped + size) / bytes_s,
    }
    t["step"] = sum(t.values())
    t["hidden"] = min(moved, BACKWARD * compute / each)
    t["tree"] = 2 * math.ceil(math.log2(n)) * (size / wire + wait)
    return t


def memory(n, f, o, largest=None):
    """Bytes of process 0 while it saves, with shard_state or without, and of
    each other at most."""
    size = REAL * f["numbers"]
    leaves = leaves_of(n, f)
    told = ask(o, f["config"], f"train.accumulate={leaves}",
               f"train.batch={f['sequences'] // leaves}")
    # it counts a process by itself, whose tree has more nodes
    writer = told["memory_bytes"] + size * ((leaves // n).bit_length() -
                                            leaves.bit_length())
    if n > 1:
        writer += ROOM * REAL
    image, state = 3 * size, 2 * size
    return writer, writer - image - state + 2 * REAL * (largest or f["numbers"])


def table(name, f, o):
    print(f"\n**{name}**: {f['numbers'] / 1e6:.0f} M numbers, "
          f"{f['flops']:.3g} FLOPs a step of {f['tokens']} tokens in "
          f"{f['leaves']} micro-batches; a gradient has "
          f"{REAL * f['numbers'] / 1e9:.2f} GB\n")
    print("| machines | compute, s | sums at home | exchange | "
          "by an unpipelined tree | optimizer | step | speed-up | "
          "process 0, saving, GB | others, GB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    alone = seconds(1, f, o, o.network_gbit)["step"]
    for n in o.machines:
        t = seconds(n, f, o, o.network_gbit)
        writer, other = memory(n, f, o)
        star = "*" if n > f["leaves"] else ""
        print(f"| {n}{star} | {t['compute']:.1f} | {t['sums']:.2f} | "
              f"{t['exchange']:.2f} | {t['tree']:.2f} | {t['optimizer']:.2f} | "
              f"{t['step']:.1f} | {alone / t['step']:.1f} | {writer / 1e9:.1f} | " +
              (f"{other / 1e9:.1f} |" if n > 1 else "- |"))
    # compute / n = exchange, which is all but constant
    alone = f["flops"] / (o.gflops * o.cores * 1e9)
    even = [f"{alone / (2 * REAL * f['numbers'] / (g / 8 * 1e9)):.0f} with {g:g} Gbit/s"
            for g in o.overlap_gbit]
    print(f"\nOne machine needs {alone / 60:.0f} minutes a step. Machines at which "
          f"exchange equals compute: {', '.join(even)}. The batch has "
          f"{f['leaves']} micro-batches, of {f['sequences']} sequences.")
    for n in o.machines:
        if n > f["leaves"]:
            print(f"\n\\* with `train.batch = {f['sequences'] // n}` and "
                  f"`accumulate = {n}`.")


def sharded(models, o):
    print("\nWith `shard_state`, and in brackets without:\n")
    print("| | machines | largest part, of an even one | its state, GB | "
          "exchange, s | step, s | process with the largest part, GB |")
    print("|---|---|---|---|---|---|---|")
    for name, f in models:
        for n in o.shard_machines:
            part = largest_part(f["tensors"], n)
            own = seconds(n, f, o, o.network_gbit, part)
            even = seconds(n, f, o, o.network_gbit)
            held, held_even = (memory(n, f, o, x)[1] / 1e9 for x in (part, None))
            star = "*" if n > f["leaves"] else ""
            print(f"| {name} | {n}{star} | {part * n / f['numbers']:.2f} | "
                  f"{2 * REAL * part / 1e9:.2f} ({2 * REAL * f['numbers'] / 1e9:.2f}) | "
                  f"{own['exchange']:.2f} ({even['exchange']:.2f}) | "
                  f"{own['step']:.1f} ({even['step']:.1f}) | "
                  f"{held:.1f} ({held_even:.1f}) |")


def overlap(models, o):
    print("\nOf a step without `shard_state`, in percent: the exchange, and what "
          "of it overlap with the backward pass could hide at most.\n")
    print("| | machines | " +
          " | ".join(f"{g:g} Gbit/s" for g in o.overlap_gbit) + " |")
    print("|---|---|" + "---|" * len(o.overlap_gbit))
    most = (0, "")
    for name, f in models:
        for n in o.machines:
            if n == 1:
                continue
            cells = []
            for gbit in o.overlap_gbit:
                t = seconds(n, f, o, gbit)
                hidden = 100 * t["hidden"] / t["step"]
                most = max(most, (hidden, f"{name} on {n} machines with {gbit:g} Gbit/s"))
                cells.append(f"{100 * t['exchange'] / t['step']:.1f}, {hidden:.1f}")
            print(f"| {name} | {n} | " + " | ".join(cells) + " |")
    print(f"\nThe most that it could hide: {most[0]:.1f} %, of {most[1]}.")
    n, gbit = min(n for n in o.machines if n > 1), min(o.overlap_gbit)
    cells = []
    for name, f in models:
        t = seconds(n, f, o, gbit)
        cells.append(f"{100 * t['hidden'] / t['step']:.1f} % of {name}")
    print(f"On {n} machines with {gbit:g} Gbit/s: {', '.join(cells)}.")


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
    p.add_argument("--shard-machines", type=int, nargs="*",
                   default=[2, 8, 16, 64])
    p.add_argument("--exchange", type=float, nargs=4,
                   metavar=("MACHINES", "NUMBERS", "DELAY_MS", "MB_S"),
                   help="print the milliseconds of one alone; 0 MB_S: no limit")
    o = p.parse_args()
    if o.exchange:
        n, numbers, delay_ms, mb_s = o.exchange
        print(1e3 * exchange(int(n), numbers, mb_s * 1e6 or math.inf, delay_ms / 1e3))
        return 0
    print(f"Machines of {o.cores} cores of {o.gflops:g} GFLOP/s, "
          f"{o.memory_gb:g} GB/s of memory, {o.network_gbit:g} Gbit/s and "
          f"{o.latency_us:g} us of network.")
    models = [(name, facts_of(o, config)) for config, name in
              (("study-60m.ini", "60 M"), ("study-1b.ini", "1 B"))]
    for name, f in models:
        table(name, f, o)
    sharded(models, o)
    overlap(models, o)
    return 0


if __name__ == "__main__":
    sys.exit(main())

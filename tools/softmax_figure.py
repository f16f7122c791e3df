#!/usr/bin/env python3
"""Draw experiments/softmax.svg: when a sink emerges under plain softmax at four
settings of experiments/ at which most runs grow one, a panel each, a line a run.

    tools/softmax_figure.py [FILE]     # by gnuplot, from the committed tables

A panel says which runs it takes: those of a folder whose names match, which differ
in seeds alone (in english, in that of the initial weights). Its title counts those
that end above 10 %; colours tell lines apart, no more. `make lint` draws it anew
and compares, where gnuplot is the version that drew it.
"""
import csv
import fnmatch
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "experiments"
PANELS = [  # title, folder, runs
    ("Bigram-Backcopy, one layer, AdamW", "emergence-bigram", "demo-*/softmax"),
    ("English, AdamW, falling rate (english.ini)", "english", "english/bytes-*"),
    ("English, SOAP, falling rate (english-soap.ini)", "study-operations",
     "*-softmax-normalizer-own-*"),
    ("English, SOAP, constant rate (english-steady.ini)", "inputs", "inputs/*"),
]
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"]


def curves(folder, pattern):
    """{run: [(step, sink_1 in percent)]}; what was not measured is left out."""
    runs = {}
    with open(ROOT / folder / "results/curves.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if fnmatch.fnmatch(row["run"], pattern) and row["sink_1"]:
                runs.setdefault(row["run"], []).append(
                    (int(row["step"]), 100 * float(row["sink_1"])))
    return runs


def script(out):
    out = str(out).replace("'", "''")
    lines = [
        f"set terminal svg size 960,640 enhanced font 'sans-serif,12' "
        f"background '#ffffff'; set output '{out}'",
        "set multiplot layout 2,2 margins 0.08,0.98,0.1,0.94 "
        "spacing 0.1,0.19",
        "set yrange [-2:102]; set border 3; set tics nomirror out; "
        "set grid lc '#dddddd'; unset key; set xlabel 'step'; "
        "set ylabel 'sink\\_1, %'",
    ]
    for title, folder, pattern in PANELS:
        runs = curves(folder, pattern)
        if not runs:
            sys.exit(f"softmax_figure: {folder}: no run is {pattern}")
        plots = []
        for i, (run, points) in enumerate(sorted(runs.items())):
            name = f"$d{len(lines)}"
            lines.append(f"{name} << END\n" + "\n".join(
                f"{step} {value:.4g}" for step, value in points) + "\nEND")
            plots.append(f"{name} with lines lw 1.5 "
                         f"lc '{COLOURS[i % len(COLOURS)]}'")
        formed = sum(points[-1][1] > 10 for points in runs.values())
        lines.append(f'set title "{title}: {formed} of {len(runs)}" noenhanced')
        lines.append("plot " + ", ".join(plots))
    return "\n".join([*lines, "unset multiplot", ""])


def main():
    if len(sys.argv) > 2 or sys.argv[1:2] == ["--help"]:
        print(__doc__)
        return 0 if sys.argv[1:] == ["--help"] else 2
    try:
        text = script(sys.argv[1] if sys.argv[1:] else ROOT / "softmax.svg")
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f"softmax_figure: a table is not as it should be: {error!r}")
    return subprocess.run(["gnuplot"], input=text, text=True).returncode


if __name__ == "__main__":
    sys.exit(main())

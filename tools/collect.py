#!/usr/bin/env python3
"""What analyzed runs measured, as an experiment's results: the tables that
tools/pages.py makes its page from.

    tools/collect.py experiments/weight-maps/results runs/weight-maps/*/

Writes into the first folder

    curves.csv    a checkpoint of a run a line: run, then the columns of its
                  analysis.csv that pages speak of, and those of
                  interventions and gradients that any of them has
    settings.csv  a run a line: run, then every key of its config
    machine.csv   one line: processor, library, compiler, version, dates,
                  minutes that training took, all runs' one after the other

where run is the last two parts of the folder's path, as demo-1/softmax. A run
without analysis.csv, as it diverged or failed, has its settings alone. A folder
without config.ini is passed over: a sweep's holds more than its runs; so is a
copy of a run in front of it, by the id that both have: sweeps share runs. Each
table is replaced whole."""
import argparse
import csv
import json
import os
import pathlib
import re
import subprocess
import sys

COLUMNS = """step tokens val_loss val_loss_se val_excess val_bits_per_byte
    sink_1 sink_2 sink_bias sink_1_raw first_mass first_mass_raw bias_mass
    row_sum hidden_ratio hidden_max key_ratio value_ratio""".split()
MACHINE = "cpu cores blas_core blas compiler flags commit".split()
MACHINE_HEAD = """processor cores core blas compiler flags commit first_day
    last_day training_minutes""".split()


def name_of(run):
    return "/".join(run.parts[-2:])


def table(path):
    """Head and rows of a table that `sinklab analyze` or `train` wrote."""
    with open(path, newline="", encoding="utf-8") as file:
        head, *rows = list(csv.reader(file)) or sys.exit(f"collect: {path}: is empty")
    for line, row in enumerate(rows, 2):
        if len(row) != len(head):
            sys.exit(f"collect: {path}:{line}: {len(row)} fields, the head has "
                     f"{len(head)}")
    return head, rows


def keys(path, comments):
    """section.key and value of each line of a config or manifest as the
    program writes them."""
    section, found = "", {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line[1:line.index("]")] + "."
        elif line[:1] not in ("", ";", "#") and "=" in line:
            key, value = line.split("=", 1)
            if comments:
                value = re.split(r"\s;", value, maxsplit=1)[0]
            found[section + key.strip()] = value.strip()
    return found


def with_others(run, analysis, others):
    """The table of the first analysis, with the columns that others have more,
    empty at steps that those have not."""
    head, rows = table(run / analysis)
    for other in others:
        more, lines = table(run / f"analysis-{other}.csv")
        new = [c for c in more if c not in head]
        at = [more.index(c) for c in new]
        of = {line[more.index("step")]: [line[i] for i in at] for line in lines}
        step = head.index("step")
        rows = [row + of.get(row[step], [""] * len(new)) for row in rows]
        head = head + new
    return head, rows


def with_layers(run, analysis, head, rows, columns_too):
    """The table with those of the columns wanted that are of one layer, as
    sink_1_layer_0: no file has them, `sinklab export` makes them."""
    def metric_of(column):
        return re.sub(r"_layer_\d+$", "", column)

    new = [c for c in columns_too
           if c not in head and metric_of(c) != c and metric_of(c) in head]
    if not new:
        return head, rows
    metrics = dict.fromkeys(map(metric_of, new))
    program = os.environ.get("SINKLAB", pathlib.Path(__file__).parent.parent / "sinklab")
    name = re.sub(r"^analysis-?|\.csv$", "", analysis)
    lines = subprocess.run(
        [program, "export", run, "--jsonl", "-", "--layers", ",".join(metrics),
         *(["--analysis", name] if name else [])],
        stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    of = {int(line["step"]): line for line in map(json.loads, lines)
          if line["file"] == "analysis"}
    step = head.index("step")
    return head + new, [row + [of.get(int(row[step]), {}).get(c, "") for c in new]
                        for row in rows]


def curves(runs, analysis, others, columns_too):
    """Columns are found by name: runs may have different ones (val_excess)."""
    tables = [(run, *with_layers(run, analysis,
                                 *with_others(run, analysis, others), columns_too))
              for run in runs]
    wanted = list(dict.fromkeys(
        COLUMNS + columns_too +
        [c for _, head, _ in tables for c in head
         if c.startswith(("cost_", "grad_"))]))
    rows = [["run", *wanted]]
    for run, head, lines in tables:
        at = {column: i for i, column in enumerate(head)}
        rows += [[name_of(run), *(line[at[c]] if c in at else "" for c in wanted)]
                 for line in lines]
    return rows


def settings(runs, analyzed):
    """Every key of each run: config.ini holds all of them, one a line; empty
    where a run of another version has none of that name."""
    values = [keys(run / "config.ini", comments=True) for run in runs]
    names = [key for key in dict.fromkeys(k for v in values for k in v)
             if key != "run.dir"]
    given = dict(word.split("=", 1) for word in analyzed.split())
    for value in values:
        value.update((k, v) for k, v in given.items() if k in names)
    return [["run", *names],
            *([name_of(run), *(value.get(k, "") for k in names)]
              for run, value in zip(runs, values))]


def each_once(runs):
    """Those that are no copy of another."""
    found = {}
    for run in runs:
        made_by = run / "manifest.ini"
        one = keys(made_by, comments=False).get("run.id") if made_by.exists() else None
        first = found.setdefault(one or run, run)
        if first is run:
            yield run
        else:
            print(f"collect: {run} is a copy of {first}, and counts once",
                  file=sys.stderr)


def seconds(run):
    """Of the log that training keeps, the last; a kill may have cut its line.
    What was not trained here has none."""
    log = run / "timing.csv"
    text = log.read_text(encoding="utf-8") if log.exists() else ""
    return max(map(float, re.findall(r"^\d+,([0-9.]+),", text, re.M)), default=0)


def machine(runs):
    manifests = [keys(run / "manifest.ini", comments=False) for run in runs]

    def each(key):
        return sorted({v for m in manifests for k, v in m.items()
                       if k.rpartition(".")[2] == key})

    days = [[time.split("T")[0] for time in each(key)]
            for key in ("started", "ended")]
    return [MACHINE_HEAD,
            [*("; ".join(each(key)) for key in MACHINE),
             min(days[0], default=""), max(days[1], default=""),
             f"{sum(map(seconds, runs)) / 60:.0f}"]]


def keep(folder, name, rows):
    new = folder / f"{name}.csv.new.{os.getpid()}"
    try:
        with open(new, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        new.replace(folder / f"{name}.csv")
    finally:
        new.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", metavar="FOLDER", type=pathlib.Path)
    parser.add_argument("runs", metavar="RUN", type=pathlib.Path, nargs="+")
    parser.add_argument("--columns", default="", metavar="'A B'",
                        help="more columns of analysis.csv for curves.csv, or of "
                             "layers, as sink_1_layer_0")
    parser.add_argument("--analysis", default="", metavar="NAME",
                        help="what `sinklab analyze --as NAME` measured, in "
                             "place of analysis.csv")
    parser.add_argument("--also", default="", metavar="'NAME ...'",
                        help="analyses that have columns more, of the same runs")
    parser.add_argument("--analyzed", default="", metavar="'KEY=VALUE ...'",
                        help="what `analyze` was given, which settings.csv then "
                             "has in place of what the runs' configs say")
    asked = parser.parse_args()
    analysis = f"analysis-{asked.analysis}.csv" if asked.analysis else "analysis.csv"
    runs = list(each_once(run for run in asked.runs
                          if (run / "config.ini").exists()))
    measured = [run for run in runs if (run / analysis).exists()]
    for run in runs:
        if run not in measured:
            print(f"collect: {run} has no {analysis}: its settings alone are kept",
                  file=sys.stderr)
    if not measured:
        print(f"collect: no run has an {analysis}", file=sys.stderr)
        return 4
    asked.results.mkdir(parents=True, exist_ok=True)
    for name, rows in (
            ("curves", curves(measured, analysis, asked.also.split(),
                              asked.columns.split())),
            ("settings", settings(runs, asked.analyzed)),
            ("machine", machine(runs))):
        keep(asked.results, name, rows)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error: # it has said why
        sys.exit(error.returncode)
    except (OSError, ValueError) as error:
        sys.exit(f"collect: {error}")

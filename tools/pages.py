#!/usr/bin/env python3
"""Write the pages of experiments/, and the README, from the committed results.

    tools/pages.py            README.md beside every README.in.md
    tools/pages.py --check    only say what differs, and which numbers nobody
                              computes; status 1 if there is any
    tools/pages.py FOLDER...  of these alone

A page's source, README.in.md, is markdown in which every number and every
verdict is a query over the tables in results/*.csv beside it:

    {{ pct(avg(sink_1)) from last where attention_weights = 'relu' }}
    {{ case when min(sink_1) > 0.9 then 'in all' else 'in some' end from last }}

and a table is a block of that kind:

    ```sql
    select attention_weights as "weights", pm(val_loss, 3) as "loss"
    from last group by 1
    ```

The verdicts on an experiment's claims, as results/claims.csv has them
(tools/claims.sh), are a list that this block makes; where there is anything in
it, it says which, as `where claim like 'sink_1%'`:

    ```claims
    ```

The language is SQLite's. results/curves.csv is the table curves, and so on; a
dot or a dash in a name becomes an underscore, an empty cell NULL, a measured
NaN the text nan. `last` is settings joined with each run's last checkpoint,
`all_steps` with all of them (tools/collect.py makes both files). `emerged` has
of each run `step`, the first with sink_1 above a tenth that the next checkpoint
confirms (so it is stricter than emerged_at_step of groups.csv), and `most`, the
largest sink_1 at any. A page that asks for claims_of_all, machine_of_all or
last_of_all has them of all experiments, or of those that stand beside it or in
its folder, with a column folder, and so of their curves, curves_of_all; and each
page the .csv files beside it. A block that begins with `create` adds views of the page's own and prints
nothing. Beside SQLite's own functions there are:

    fix(x, digits)   x with so many digits behind the point
    pct(x [,digits]) 100 x
    pct_least, pct_most   the same, rounded down and up: what is said to be at
                     least or at most so much is
    pm(x, digits)    aggregate: mean and sample standard deviation
    ppm(x, digits)   the same of 100 x
    sd(x)            aggregate: sample standard deviation
    med(x)           aggregate: median
    each(x, digits)  aggregate: all values, in order of their rows
    peach(x, digits) the same of 100 x
    k_of_n(x)        aggregate: "4 of 5": in how many of the rows x holds
    word(n)          a small count in letters

No other digit may stand in the prose: settings go between backticks, and
years stand in citations; what is measured elsewhere stands between the comments
<!-- by hand: where its tables are --> and <!-- end -->. So no sentence can keep a number that the results no
longer give.
"""
import csv
import math
import difflib
import pathlib
import re
import sqlite3
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = "<!-- Made by tools/pages.py from README.in.md and results/. -->\n"


def cell(text):
    if text == "":
        return None
    try:
        value = float(text)
    except ValueError:
        return text
    if value != value:
        return "nan"
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def name(text):
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


def number(x, digits):
    text = f"{x:.{int(digits)}f}"
    return text[1:] if float(text) == 0 and text[0] == "-" else text


def fix(x, digits):
    return x if x is None or isinstance(x, str) else number(x, digits)


def pct(x, digits=0):
    return x if x is None or isinstance(x, str) else number(100 * x, digits)


def pct_least(x, digits=0):
    return pct(math.floor(100 * x * 10**digits + 1e-9) / 10**digits / 100, digits)


def pct_most(x, digits=0):
    return pct(math.ceil(100 * x * 10**digits - 1e-9) / 10**digits / 100, digits)


def word(n):
    words = "no one two three four five six seven eight nine ten".split()
    return words[n] if isinstance(n, int) and 0 <= n <= 10 else str(n)


class Values:
    """An aggregate's arguments; NULLs are left out, a nan is not."""

    scale = 1

    def __init__(self):
        self.values, self.digits = [], 2

    def step(self, value, digits=2):
        self.digits = digits
        if value is not None:
            self.values.append(value)

    def is_nan(self):
        return any(isinstance(v, str) for v in self.values)


class Spread(Values):
    def finalize(self):
        if not self.values:
            return "-"
        if self.is_nan():
            return "nan"
        v = [self.scale * x for x in self.values]
        mean = number(statistics.fmean(v), self.digits)
        if len(v) == 1:
            return mean
        return f"{mean} ± {number(statistics.stdev(v), self.digits)}"


class PercentSpread(Spread):
    scale = 100


class Deviation(Values):
    def finalize(self):
        if self.is_nan() or len(self.values) < 2:
            return None
        return statistics.stdev(self.values)


class Median(Values):
    def finalize(self):
        if self.is_nan() or not self.values:
            return None
        return statistics.median(self.values)


class Each(Values):
    def finalize(self):
        return ", ".join(
            v if isinstance(v, str) else number(self.scale * v, self.digits)
            for v in self.values) or "-"


class PercentEach(Each):
    scale = 100


class CountOf:
    def __init__(self):
        self.k = self.n = 0

    def step(self, holds):
        self.k += bool(holds)
        self.n += 1

    def finalize(self):
        return f"{self.k} of {self.n}"


def read(path):
    """Head and rows; a row that is longer or shorter ends it."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    if not rows:
        sys.exit(f"pages: {path}: is empty")
    for line, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            sys.exit(f"pages: {path}:{line}: {len(row)} fields, the head has "
                     f"{len(rows[0])}")
    return rows


def add_table(db, table, head, rows):
    columns = ", ".join(f'"{name(c)}"' for c in head)
    marks = ", ".join("?" * len(head))
    db.execute(f'create table "{table}" ({columns})')
    db.executemany(f'insert into "{table}" values ({marks})',
                   [[cell(c) for c in row] for row in rows])


def add_union(db, table, tables):
    """tables: (folder, head, *rows); a cell that a folder has no column for is empty."""
    head = ["folder", *dict.fromkeys(c for t in tables for c in t[1])]
    rows = []
    for folder, columns, *found in tables:
        for row in found:
            cells = dict(zip(columns, row), folder=folder)
            rows.append([cells.get(c, "") for c in head])
    if rows:
        add_table(db, table, head, rows)


def last_checkpoints(results):
    """Head and rows of an experiment's settings, joined with each run's last
    checkpoint; all_settings is the same text for runs that are one run."""
    head, *settings = read(results / "settings.csv")
    curve_head, *curves = read(results / "curves.csv")
    step = curve_head.index("step")
    for line, row in enumerate(curves, 2):
        if not row[step].isdigit():
            sys.exit(f"pages: {results / 'curves.csv'}:{line}: got step "
                     f"'{row[step]}', want a number: tools/collect.py makes it anew")
    last = {row[0]: row for row in sorted(curves, key=lambda r: int(r[step]))}
    def text(row):
        return " ".join(f"{k}={v}" for k, v in sorted(zip(head[1:], row[1:]))
                        if v)

    return [head + curve_head[1:] + ["all_settings"],
            *(row + last[row[0]][1:] + [text(row)]
              for row in settings if row[0] in last)]


EMERGED = """create view emerged as
    select run, max(sink_1) as most,
        min(case when sink_1 > 0.1 and next > 0.1 then step end) as step
    from (select run, step, sink_1,
              lead(sink_1) over (partition by run order by step) as next
          from curves)
    group by run"""


def add_all(db, above, source):
    """claims_of_all, machine_of_all, last_of_all, curves_of_all, those that the
    source asks for: of the folders in `above`."""
    for stem in ("claims", "machine", "curves"):
        if stem + "_of_all" not in source:
            continue
        paths = sorted(above.glob(f"*/results/{stem}.csv"))
        add_union(db, stem + "_of_all",
                  [(path.parts[-3], *read(path)) for path in paths])
    add_union(db, "last_of_all", [
        (path.parts[-3], *last_checkpoints(path.parent))
        for path in sorted(above.glob("*/results/settings.csv"))])


def open_results(folder, source):
    """Every table of a folder and its results/; and those of all experiments, if
    the page's source asks for any."""
    db = sqlite3.connect(":memory:")
    for f, n in ((fix, 2), (pct, 1), (pct, 2), (pct_least, 1), (pct_least, 2), (pct_most, 1), (pct_most, 2), (word, 1)):
        db.create_function(f.__name__, n, f, deterministic=True)
    for key, kind in (("pm", Spread), ("ppm", PercentSpread), ("each", Each),
                      ("peach", PercentEach)):
        db.create_aggregate(key, 2, kind)
    db.create_aggregate("sd", 1, Deviation)
    db.create_aggregate("med", 1, Median)
    db.create_aggregate("k_of_n", 1, CountOf)
    for path in [*sorted(folder.glob("*.csv")),
                 *sorted((folder / "results").glob("*.csv"))]:
        head, *rows = read(path)
        add_table(db, name(path.stem), head, rows)
    if "_of_all" in source:
        add_all(db, folder.parent if (folder / "results").is_dir() else
                folder / "experiments" if folder == ROOT else folder, source)
    tables = {row[0] for row in db.execute("select name from sqlite_master")}
    if {"settings", "curves"} <= tables:
        # Every query of a page is of these: found by run, and made once
        db.execute("create index of_settings on settings (run)")
        db.execute("create index of_curves on curves (run, step)")
        db.execute("create view all_steps as "
                   "select * from settings join curves using (run)")
        db.execute("create table last as select * from all_steps a where step ="
                   " (select max(step) from curves c where c.run = a.run)")
        db.execute(EMERGED)
    return db


def ask(db, query, place):
    try:
        cursor = db.execute(query)
        return [d[0] for d in cursor.description], cursor.fetchall()
    except sqlite3.Error as error:
        sys.exit(f"pages: {place}: {error} in: {query.strip()}")


def one_value(db, query, place):
    if not query.lstrip().lower().startswith(("select", "with")):
        query = "select " + query
    _, rows = ask(db, query, place)
    if len(rows) != 1 or len(rows[0]) != 1 or rows[0][0] is None:
        sys.exit(f"pages: {place}: want one value, got {rows} from: "
                 f"{query.strip()}")
    return str(rows[0][0])


def table(db, query, place):
    if query.lstrip().startswith("create"):
        db.executescript(query)
        return ""
    head, rows = ask(db, query, place)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join("-" if v is None else str(v) for v in row) +
              " |" for row in rows]
    return "\n".join(lines)


def claims(db, which, place):
    """A line a claim, and how they were judged."""
    _, rows = ask(db, "select verdict, claim, figures, test, judged "
                  f"from claims {which}", place)
    if not rows:
        sys.exit(f"pages: {place}: no claim {which.strip()}")
    lines = [f"- **{verdict}**: `{claim}`: {figures}" +
             (f"; {test}" if test else "")
             for verdict, claim, figures, test, _ in rows]
    judged = sorted({row[-1] for row in rows})
    return "\n".join(lines) + "\n\nJudged " + "; ".join(judged) + "."


CLAIMS = re.compile(r"^```claims\n(.*?)^```$", re.S | re.M)
QUERY = re.compile(r"\{\{(.*?)\}\}", re.S)
TABLE = re.compile(r"^```sql\n(.*?)^```$", re.S | re.M)


def page(source, place, db):
    text = TABLE.sub(lambda m: table(db, m[1], place), source)
    text = CLAIMS.sub(lambda m: claims(db, m[1], place), text)
    text = QUERY.sub(lambda m: one_value(db, m[1], place), text)
    return HEAD + re.sub(r"\n{3,}", "\n\n", text)  # where a block made views


# What may hold digits though nobody computes it.
QUOTED = re.compile(
    r"^```.*?^```$|^    .*$"           # code
    r"|`[^`]*`"                        # settings, names of columns
    r"|\{\{.*?\}\}"                    # computed
    r"|\]\([^)]*\)"                    # where a link leads
    r"|arXiv \d+\.\d+|et al\., \d{4}"  # citations
    r"|\b(19|20)\d\d-\d\d-\d\d\b"      # dates
    r"|<!-- by hand: .*?<!-- end -->",
    re.S | re.M)


def loose_digits(source):
    bare = QUOTED.sub(lambda m: "\n" * m[0].count("\n"), source)
    return [(i, line) for i, line in enumerate(bare.split("\n"), 1)
            if re.search(r"\d", line)]


def main():
    is_check = sys.argv[1:] == ["--check"]
    folders = [] if is_check else sys.argv[1:]
    if any(word.startswith("-") for word in folders):
        sys.exit(__doc__)
    sources = [pathlib.Path(folder).resolve() / "README.in.md"
               for folder in folders]
    sources = sources or [ROOT / "README.in.md", *sorted((ROOT / "experiments").glob("**/README.in.md"))]
    is_bad = False
    for path in sources:
        place = path.relative_to(ROOT) if ROOT in path.parents else path
        source = path.read_text(encoding="utf-8")
        for i, line in loose_digits(source):
            is_bad = True
            print(f"{place}:{i}: a number that nobody computes: {line.strip()}")
        made = page(source, place, open_results(path.parent, source))
        out = path.with_name("README.md")
        found = out.read_text(encoding="utf-8") if out.exists() else ""
        if made == found:
            continue
        if not is_check:
            out.write_text(made, encoding="utf-8")
            continue
        is_bad = True
        for line in difflib.unified_diff(
                found.splitlines(), made.splitlines(), str(out.name),
                f"what results/ give for {place}", lineterm="", n=0):
            print(line)
    return is_bad


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Do what docs/EXTENDING.md says to a copy of the tree, and test the copy.

    tools/extending.py              all examples together
    tools/extending.py --each       each alone as well
    tools/extending.py NAME...      only these, together: "a stage", "stage"
    tools/extending.py --apply ...  only write the changed tree, build nothing
    tools/extending.py --check      only say what cannot be applied: all
                                    together, and each alone
    --keep                          leave the copy where it is, and say where

An example is a section of the page. Of it are read:

- a block ```c after a paragraph that names a file: a new file;
- a block ```diff: the one place of the named file that has the lines without a
  sign and those with -, one after the other, gets the lines without a sign and
  those with +. A paragraph that names several files is followed by a block
  each; a block with no name before it goes on in the same file;
- lines indented by four blanks that begin with make, ./sinklab, cmp or a
  variable: commands, which must succeed in the copy. One that sets SINKLAB_TEST
  is meant to be killed. Trainings are cut to a few steps.

Then comes what every example owes: `make docs`, the tests of COMMON, `make
lint`. The layout of what was changed is made before, where clang-format is of
the version that lint asks for. Last line: "N passed, N failed".

`make extending` says how: the make to use, the program that it makes, and the
folders whose objects are taken over, so that only what the examples change is
built again.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "EXTENDING.md"
COMMON = ["config", "config_print", "list"]
STEPS = "train.steps=40"
NAMED = re.compile(r"`((?:src|tests|configs|tools|docs)/[\w./-]+\.\w+)`")
COMMAND = re.compile(r"    (make |\./sinklab |cmp |[A-Z_]+=.* \./sinklab )")


class Wrong(Exception):
    pass


class Example:
    def __init__(self, title):
        self.title = title
        self.changes = []  # (line of the page, file, kind, lines)
        self.commands = []


def read_page():
    """The sections that change something, in order."""
    examples, paragraph, ended, names, current = [], [], False, [], None
    lines = PAGE.read_text().split("\n")
    i = 0
    while i < len(lines):
        line = lines[i]
        i += 1
        if line.startswith("## "):
            examples.append(Example(line[3:].strip()))
            paragraph, names, current = [], [], None
        elif line.startswith("```"):
            kind, place, block = line[3:], i, []
            while lines[i] != "```":
                block.append(lines[i])
                i += 1
            i += 1
            found = NAMED.findall(" ".join(paragraph))
            if found:
                names = found
            paragraph = []
            if names:
                current = names.pop(0)
            if kind not in ("c", "diff") or not examples:
                continue
            if current is None:
                raise Wrong(f"{PAGE.name}:{place}: which file is this?")
            examples[-1].changes.append((place, current, kind, block))
        elif COMMAND.match(line) and examples:
            while line.endswith("\\"):
                line, i = line[:-1] + lines[i].strip(), i + 1
            examples[-1].commands.append(line.strip())
        elif line.strip():
            if ended:
                paragraph = []
            paragraph.append(line)
        ended = not line.strip()
    return [e for e in examples if e.changes]


def change_file(files, place, name, kind, block):
    """In files, path to lines, which holds what was changed before."""
    where = f"{PAGE.name}:{place}: {name}"
    path = ROOT / name
    if kind == "c":
        if name in files or path.exists():
            raise Wrong(f"{where}: is there already")
        if not path.parent.is_dir():
            raise Wrong(f"{where}: there is no such folder")
        files[name] = block + [""]
        return
    if name not in files and not path.exists():
        raise Wrong(f"{where}: is not there")
    text = files.setdefault(name, path.read_text().split("\n")
                            if path.exists() else [])
    old = [line[1:] for line in block if line[:1] != "+"]
    new = [line[1:] for line in block if line[:1] != "-"]
    at = [k for k in range(len(text) - len(old) + 1)
          if text[k:k + len(old)] == old]
    if len(at) != 1:
        raise Wrong(f"{where}: {len(at)} places look like this: "
                    + " / ".join(line.strip() for line in old))
    text[at[0]:at[0] + len(old)] = new


def copy_tree(folder, built_folders):
    tree = pathlib.Path(folder) / "tree"
    skip = {".git", "build", "runs", "shared", "sinklab"}
    shutil.copytree(ROOT, tree, symlinks=True, ignore=lambda at, names: [
        n for n in names if pathlib.Path(at) == ROOT and n in skip])
    for built in built_folders.split():
        if not os.path.isabs(built) and (ROOT / built).is_dir():
            shutil.copytree(ROOT / built, tree / built,
                            ignore=lambda at, names: [
                                n for n in names
                                if not os.path.isdir(os.path.join(at, n))
                                and n != "flags"
                                and not n.endswith((".o", ".d"))])
    return tree


def apply(examples):
    """The changed files, and what could not be applied, in words."""
    files, complaints = {}, []
    for example in examples:
        for change in example.changes:
            try:
                change_file(files, *change)
            except Wrong as wrong:
                complaints.append(f"{example.title}: {wrong}")
    return files, complaints


def in_copy(tree, command):
    """None, or what a command that failed has printed. Others may use the
    processors, as for tests/run.sh: who waits must not keep them."""
    ran = subprocess.run(["bash", "-c", command], cwd=tree, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, close_fds=False,
                         env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ,
                              "EXTENDED": "1"})
    killed = "SINKLAB_TEST=" in command
    return ran.stdout if (ran.returncode != 0) != killed else None


def steps_of(examples, files, make, program):
    """What is to be run, the common part once."""
    units = " ".join(f"tests/test_{name}.c" for name in COMMON)
    code = " ".join(name for name in files if name.endswith((".c", ".h")))
    yield (f"! clang-format --version | grep -q 'version 14\\.' || "
           f"clang-format -i {code}")
    yield f"{make} all"
    for example in examples:
        for command in example.commands:
            command = re.sub(r"^make\b", make, command)
            if " train configs/" in command and "train.steps" not in command:
                command = command.replace(" run.dir", f" {STEPS} run.dir")
            if command != make:
                yield command.replace("./sinklab", program)
    yield f'{make} unit TESTS="{units}"'
    yield f"{make} docs"
    yield f"{make} lint"


def try_examples(what, examples, options):
    """How many steps passed and failed."""
    files, complaints = apply(examples)
    if complaints or not options.check:
        print(f"{what}:", flush=True)
    for complaint in complaints:
        print(f"  FAILED  {complaint}", flush=True)
    if complaints or options.check:
        return not complaints, len(complaints)
    folder = tempfile.mkdtemp(prefix="sinklab-extending.")
    passed, failed = 1, 0
    try:
        tree = copy_tree(folder, "" if options.apply else options.built)
        for name, lines in files.items():
            (tree / name).write_text("\n".join(lines))
        if options.apply:
            return passed, failed
        for command in steps_of(examples, files, options.make, options.program):
            said = in_copy(tree, command)
            passed, failed = passed + (said is None), failed + (said is not None)
            print(f"  {'ok    ' if said is None else 'FAILED'}  {command}")
            if said is not None:
                lines = [line for line in said.split("\n")
                         if not re.match(r"  (CC|LD|ok) ", line)]
                print("\n".join("          " + k for k in lines[-40:]))
            sys.stdout.flush()
        return passed, failed
    finally:
        if options.keep or options.apply:
            print(f"  left in {folder}/tree")
        else:
            shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name", nargs="*")
    for flag in ("--each", "--apply", "--check", "--keep"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--make", default="make")
    parser.add_argument("--program", default="./sinklab")
    parser.add_argument("--built", default="build/float build/double")
    options = parser.parse_args()
    try:
        examples = read_page()
    except Wrong as wrong:
        sys.exit(str(wrong))
    wanted = [e for e in examples
              if not options.name or any(n.lower() in e.title.lower()
                                         for n in options.name)]
    if not wanted:
        sys.exit("no section has such a name: "
                 + ", ".join(e.title for e in examples))
    runs = [(" + ".join(e.title for e in wanted), wanted)]
    if (options.each or options.check) and len(wanted) > 1:
        runs += [(e.title + ", alone", [e]) for e in wanted]
    passed = failed = 0
    for what, some in runs:
        p, f = try_examples(what, some, options)
        passed, failed = passed + p, failed + f
    if failed or not options.check:
        print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()

#!/usr/bin/env bash
# study.sh [--all] [--dry-run] [section.key=value...] - `make study`: every
# experiment that a finding of experiments/findings.csv has its claim in, or with
# --all every one of experiments/study-*, one after the other, each as
# tools/experiment.sh does it. --dry-run: how long it would take here.
# One that fails does not keep the others from being done; interrupted, the same
# command goes on. Ends with the status of the first that was not 0, of 10 (no
# figures: gnuplot is missing) only where nothing worse happened.
#
#   make study SET=data.path=novels
#   make study SET='data.path=novels sweep.seeds=5' DRY=1
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1

is_all=0 is_dry=0
while :; do
    case ${1-} in
    --all) is_all=1 ;;
    --dry-run) is_dry=1 ;;
    *) break ;;
    esac
    shift
done

folders=()
if [ $is_all = 1 ]; then
    folders=(experiments/study-*/)
else
    while read -r name; do
        folders+=("experiments/$name/")
    done < <(python3 -c 'import csv, sys
findings = csv.DictReader(open(sys.argv[1], encoding="utf-8"))
folders = dict.fromkeys(f["folder"] for f in findings if f["claim"])
sys.stdout.writelines(folder + "\n" for folder in folders)
' experiments/findings.csv 2>/dev/null)
    [ "${#folders[@]}" -gt 0 ] || {
        echo "study: experiments/findings.csv: no finding with a claim could be read from it: put a copy of it back, or do them all (ALL=1, --all)" >&2
        exit 3
    }
fi

# Runs that several sweeps have are trained once: told by their identity, `id`.
# Some differ in what is measured alone, and are trained twice all the same.
# shellcheck disable=SC2016 # Python's
tell_time='import json, sys
runs, jobs = {}, 1
for line in sys.stdin:
    plan = json.loads(line)
    jobs = plan["jobs"]
    for run in plan["runs"]:
        known = runs.setdefault(run["id"], run)
        if run["state"] == "done":
            known["state"] = "done"
to_do = [r for r in runs.values() if r["state"] != "done"]
core_hours = sum(r["time_s"] for r in to_do) / 3600
print(f"{len(runs)} runs, {len(to_do)} of them to do: at least {core_hours / jobs:.1f} hours, {jobs} at once, "
      f"{core_hours:.1f} of runs; and the analyses")'
if [ $is_dry = 1 ]; then
    plans=$(for folder in "${folders[@]}"; do
        for file in "$folder"*.ini; do
            grep -Eqs '^\[(axes|random)\]' "$file" || continue
            "${SINKLAB:-$root/sinklab}" sweep "$file" --dry-run --json "$@" || exit
        done
    done) || exit
    python3 -c "$tell_time" <<<"$plans"
    exit
fi

worst=0
for folder in "${folders[@]}"; do
    echo "== $folder"
    status=0
    tools/experiment.sh "$folder" "$@" || status=$?
    case $status in
    0) ;;
    10) [ $worst -ne 0 ] || worst=10 ;;
    130 | 143 | 75) exit $status ;; # stopped by the user
    *) { [ $worst -ne 0 ] && [ $worst -ne 10 ]; } || worst=$status ;;
    esac
done
exit $worst

#!/usr/bin/env bash
# study.sh [--all] [section.key=value...] - `make study`: every experiment that a
# finding of experiments/findings.csv has its claim in, or with --all every one of
# experiments/study-*, one after the other, each as tools/experiment.sh does it.
# One that fails does not keep the others from being done; interrupted, the same
# command goes on. Ends with the status of the first that was not 0, of 10 (no
# figures: gnuplot is missing) only where nothing worse happened.
#
#   make study SET=data.path=novels
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1

folders=()
if [ "${1-}" = --all ]; then
    shift
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

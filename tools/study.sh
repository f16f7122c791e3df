#!/usr/bin/env bash
# study.sh [section.key=value...] - `make study`: every experiment of
# experiments/study-*, one after the other, each as tools/experiment.sh does it.
# One that fails does not keep the others from being done; interrupted, the same
# command goes on. Ends with the status of the first that was not 0, of 10 (no
# figures: gnuplot is missing) only where nothing worse happened.
#
#   make study SET=data.path=novels
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1

worst=0
for folder in experiments/study-*/; do
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

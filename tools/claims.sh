#!/usr/bin/env bash
# claims.sh FOLDER FILE - the verdicts on an experiment's claims, of the tables
# in its results/: a table for pages.py, of all its sweep files that state any.
# Where none does, FILE is removed. FILE is whole or not there.
#
#   tools/claims.sh experiments/weight-maps experiments/weight-maps/results/claims.csv
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
SINKLAB=${SINKLAB:-$root/sinklab}
folder=${1:?which folder?} out=${2:?into which file?}
new=$out.new.$$
said=$out.said.$$
trap 'rm -f "$new" "$said"' EXIT
: >"$new"
for file in "$folder"/*.ini; do
    grep -Eqs '^\[(axes|random)\]' "$file" || continue # what a sweep includes
    status=0
    table=$("$SINKLAB" compare "$file" --claims --tables "$folder/results" --csv - 2>"$said") || status=$?
    ! grep -q '^sinklab: .*: states no claims: ' "$said" || continue # nor what it includes
    cat "$said" >&2
    [ "$status" -eq 0 ] || exit "$status"
    [ ! -s "$new" ] || table=${table#*$'\n'} # one heading
    printf '%s\n' "$table" >>"$new"
done
if [ -s "$new" ]; then
    mv "$new" "$out"
else
    rm -f "$out"
fi

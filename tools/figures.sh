#!/usr/bin/env bash
# figures.sh [--check] FOLDER [RUN|SWEEP|--analysis=NAME...] - the figures of an
# experiment, as the lines `figure` of its file `steps` say (tools/experiment.sh),
# from the tables in its results/: again, too, where the runs are gone. What is
# drawn by layer, head and position is of the runs: left as it is without any.
# figures.sh --alike FIGURE FIGURE - is one what the other is? Yes, too, where two
# versions of gnuplot drew them: then there is nothing to compare.
#
#   tools/figures.sh experiments/study-decay
#   for folder in experiments/*/; do tools/figures.sh "$folder"; done
#
# --check draws beside them, and names those that are not alike. The status is that
# of the last that could not be drawn, with --check 1 if one is another.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
SINKLAB=${SINKLAB:-$root/sinklab}
drawn_by() { # figure
    grep -m 1 -o 'Produced by GNUPLOT [^-]*' "$1" 2>/dev/null || true
}
are_alike() { # figure figure
    [ "$(drawn_by "$1")" != "$(drawn_by "$2")" ] || cmp -s "$1" "$2"
}
if [ "${1-}" = --alike ]; then
    are_alike "$2" "$3"
    exit
fi

is_check=
[ "${1-}" != --check ] || { is_check=yes && shift; }
folder=${1:?of which experiment?}
folder=${folder%/}
shift
work=$(mktemp -d "${TMPDIR:-/tmp}/sinklab-figures.XXXXXX")
trap 'rm -rf "$work"' EXIT
status=0

draw() { # file options of compare...
    local file=$folder/$1 drawn=0 new=$work/$1
    shift
    [ -z "$is_check" ] || [ -e "$file" ] || return 0
    [ -n "$is_check" ] || echo "== $file"
    "$SINKLAB" compare "$folder/results" -o "$new" "$@" >"$work/said" 2>&1 || drawn=$?
    if [ $drawn -eq 4 ] && grep -q 'its tables are left' "$work/said"; then
        [ $# -gt 0 ] && [ ${#runs[@]} -gt 0 ] || return 0
        drawn=0
        "$SINKLAB" compare "${runs[@]}" -o "$new" "$@" >"$work/said" 2>&1 || drawn=$?
    fi
    if [ $drawn -ne 0 ]; then
        tail -n 1 "$work/said" >&2
        status=$drawn
    elif [ -z "$is_check" ]; then
        mv "$new" "$file"
    elif ! are_alike "$file" "$new"; then
        echo "$file: another one than its tables give: tools/figures.sh $folder draws it" >&2
        status=1
    fi
}
runs=("$@")
# A folder without sweeps is one whose page says how its figures were drawn
compgen -G "$folder/*.ini" >/dev/null || exit 0
lines=$(sed -n 's/^figure \{1,\}//p' "$folder/steps" 2>/dev/null || true)
while read -r -a words; do
    [ "${words[0]}" = none ] || draw "${words[@]}"
done <<<"${lines:-all.svg}"
exit "$status"

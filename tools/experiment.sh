#!/usr/bin/env bash
# experiment.sh FOLDER [section.key=value...] - `make experiment NAME=FOLDER`:
# all of one experiment, from its sweep files to its page. FOLDER is one of
# experiments/, or a path.
#
#   make experiment NAME=weight-maps
#   make experiment NAME=english-seeds SET='data.path=novels sweep.jobs=1'
#
# Trains the sweeps (each .ini with a section [axes] or [random]), analyzes the
# runs, collects their tables into results/, judges the claims, draws the
# figures, and makes README.md of README.in.md, and that of the folder above.
# Interrupt it and give the same command again: it goes on where it was, and
# what it writes is the same. A first look at fewer seeds (sweep.seeds=N) leaves
# both pages as they are: they tell of all of them.
#
# The file `steps` in the folder says what is not usual, a line each:
#
#   analyze sink.val_tokens=16384       what `sinklab analyze` gets beside runs;
#                                       with --as NAME tables and figures are of
#                                       the analysis of that name
#   also costs --last 1 metrics.names=cost_a8
#                                       another analysis, of that name: columns
#                                       that the first one has not are in the
#                                       tables, too, at the steps that it has
#   figure all.svg --log-x              a figure, and options of `sinklab
#                                       compare`; without a line: all.svg;
#                                       figure none
#   columns entropy sink_1_layer_0      for curves.csv, beside the usual ones and
#                                       those of layers that claims name
#   inputs --columns sink_1             results/inputs.csv by `sinklab inputs`, and
#                                       its options
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
SINKLAB=${SINKLAB:-$root/sinklab}
name=${1:-}
[ $# -gt 0 ] && shift

die() { # status sentence
    echo "experiment: $2" >&2
    exit "$1"
}

folder=$name
case $name in
'') die 2 "which folder of experiments/? make experiment NAME=FOLDER" ;;
*/*) ;;
*) folder=experiments/$name ;;
esac
folder=${folder%/}
[ -d "$folder" ] || die 2 "$folder: there is no such folder: ls experiments names those that there are"
results=$folder/results

sweeps=()
for file in "$folder"/*.ini; do
    grep -Eqs '^\[(axes|random)\]' "$file" && sweeps+=("$file")
done
[ "${#sweeps[@]}" -gt 0 ] ||
    die 2 "$folder: holds no sweep file (an .ini with a section [axes] or [random]): its README.md has the commands"

steps() { # word - what follows it on each of its lines
    [ -e "$folder/steps" ] || return 0
    sed -n "s/^$1 \\{1,\\}//p" "$folder/steps"
}
if [ -e "$folder/steps" ]; then
    odd=$(grep -Evn '^(analyze|also|figure|columns) .|^inputs( |$)|^#|^$' "$folder/steps" || true)
    [ -z "$odd" ] || die 3 "$folder/steps:${odd%%$'\n'*}: want analyze, also, figure, columns or inputs and what they get"
fi

# All sweeps are looked through before one is trained: keys, models, claims, data.
# How long they take is not asked: with a rate nothing is timed.
err=$(mktemp "${TMPDIR:-/tmp}/sinklab-experiment.XXXXXX")
trap 'set +f; rm -f "$err" "$err.ini"*' EXIT
dirs=()
later=0 # runs that sweep.seeds leaves out
for file in "${sweeps[@]}"; do
    status=0
    plan=$("$SINKLAB" sweep "$file" --dry-run --rate=1 --json "$@" 2>"$err") || status=$?
    why=$(sed -n '1s/^sinklab: //p' "$err")
    [ "$status" -ne 4 ] ||
        die 4 "${why##*cannot be built: }, which $file trains on: $folder/README.md says what it is, and SET=data.path=FOLDER where you have it"
    [ "$status" -eq 0 ] || { cat "$err" >&2; exit "$status"; }
    dir=$(sed -n 's/^{"folder":"\([^"]*\)".*/\1/p' <<<"$plan")
    dirs+=("$dir")
    later=$((later + $(sed -n 's/.*"later":\([0-9]*\).*/\1/p' <<<"$plan")))
    # Tables call runs by the folder they are in; so do claims find them again.
    called=$(basename "$file" .ini)
    [ "$called" != sweep ] || called=$(basename "$(realpath "$folder")")
    case " $*" in
    *' run.dir='*)
        [ "$(basename "$dir")" = "$called" ] ||
            die 3 "run.dir=$dir: want a folder whose last part is $called, as the tables call its runs by it"
        ;;
    esac
done

# A column is one that a run of a sweep can have: claims are looked through for
# that, so each is looked at as the only one of a copy of the file.
included() { # config: the files that it includes, a line each
    sed -n '/^[ \t]*\[/q; s/\(^\|[ \t]\)[;#].*//; s/^[ \t]*include[ \t]*=//p' "$1" | tr , '\n' |
        sed 's/^[ \t]*//; s/[ \t]*$//'
}
with_included() { # config: it and all files below it, a line each
    local file
    printf '%s\n' "$1"
    while IFS= read -r file; do
        [[ $file == /* ]] || file=$(dirname "$1")/$file
        with_included "$file"
    done < <(included "$1")
}
without_claims() { # config, copy: it, and copies of what it includes beside it
    local file copies='' n=0
    while IFS= read -r file; do
        [[ $file == /* ]] || file=$(dirname "$1")/$file
        without_claims "$file" "$2-$n"
        copies+=${copies:+, }$2-$n
        n=$((n + 1))
    done < <(included "$1")
    {
        [ -z "$copies" ] || echo "include = $copies"
        awk '
            /^[ \t]*\[/ { has_begun = 1; is_claim = /^[ \t]*\[claims\]/ }
            !is_claim && (has_begun || !/^[ \t]*include[ \t]*=/)' "$1"
    } >"$2"
}
probe() { # sweep file, column, settings...: the sentence that refuses it
    local copy=$err.ini
    without_claims "$1" "$copy"
    printf '\n%s[claims]\nexpect = %s < 1\n' "${excluding:-}" "$2" >>"$copy"
    "$SINKLAB" sweep "$copy" --dry-run --rate=1 --json "${@:3}" 2>&1 >/dev/null |
        sed -n "s|^sinklab: $copy:[0-9]*: ||p"
}
refuse_column() { # column sentence
    at=$(column=$1 awk '/^columns / {
        for (i = 2; i <= NF; i++)
            if ($i "" == ENVIRON["column"]) {
                print FNR
                exit
            }
    }' "$folder/steps")
    die 3 "$folder/steps:$at: columns: $1: $2"
}
check_column() { # column, settings...
    local file said excluding layer=${1##*_layer_}
    case $1 in # what claims have beside columns
    *[!a-z0-9_.]* | formation) refuse_column "$1" "want the name of a column, as sink_1" ;;
    esac
    for file in "${sweeps[@]}"; do
        said=$(probe "$file" "$@")
        case $said in
        '') return ;;
        *'a run that it means has model.layers='*)
            excluding=$'[exclude]\n'"model.layers <= $layer"$'\n'
            [[ $(probe "$file" "$@") == *'leaves no run'* ]] || return 0
            unset excluding
            said="no run has a layer $layer, counted from 0"
            ;;
        esac
    done
    refuse_column "$1" "${said#\[claims\] expect: }"
}
set -f # words of steps are no patterns
for column in $(steps columns); do
    check_column "$column" "$@"
done

# shellcheck disable=SC2207 # words of lines
analyze=($(steps analyze))
# shellcheck disable=SC2207
columns=($(steps columns) $(for file in "${sweeps[@]}"; do with_included "$file"; done |
    xargs -d '\n' grep -hoE '\b[a-z][a-z_0-9.]*_layer_[0-9]+' | sort -u))
named=
for i in "${!analyze[@]}"; do
    case ${analyze[i]} in
    --as) named=${analyze[i + 1]:-} ;;
    --as=*) named=${analyze[i]#--as=} ;;
    esac
done
of_it=(${named:+"--analysis=$named"})
for i in "${!sweeps[@]}"; do
    beside=$(dirname "${dirs[i]}") # other experiments' sweeps, which may share runs
    reuse=()
    case " $*" in
    *' sweep.reuse='*) ;;
    *) [ ! -d "$beside" ] || reuse=("sweep.reuse=$beside") ;;
    esac
    given=("$@" "${reuse[@]}")
    echo "== sinklab sweep ${sweeps[i]} ${given[*]}"
    "$SINKLAB" sweep "${sweeps[i]}" "${given[@]}"
done
for dir in "${dirs[@]}"; do
    echo "== sinklab analyze $dir ${analyze[*]}"
    "$SINKLAB" analyze "$dir" "${analyze[@]}"
    while read -r -a words; do
        echo "== sinklab analyze $dir --as ${words[*]}"
        "$SINKLAB" analyze "$dir" --as "${words[@]}"
    done < <(steps also)
done
# shellcheck disable=SC2207 # words of lines
also=($(steps also | sed 's/ .*//'))

echo "== tables in $results"
mkdir -p "$results"
runs=()
for dir in "${dirs[@]}"; do # what the sweep no longer asks for stays where it is
    while read -r run; do
        runs+=("$dir/$run")
    done < <("$SINKLAB" sweep status "$dir" --json | tr '{' '\n' |
        sed -n 's/^"run":"\([^"]*\)".*"is_dropped":false.*/\1/p')
done
given=$(printf '%s\n' "${analyze[@]}" | grep -E '^[a-z_]+\.[a-z_0-9]+=[^"]*$' | paste -s -d ' ' || true)
"$root/tools/collect.py" "$results" "${runs[@]}" --columns "${columns[*]}" --analysis "$named" --also "${also[*]}" --analyzed "$given"
new=$results/groups.csv.new.$$
trap 'set +f; rm -f "$err" "$err.ini"* "$new"' EXIT
"$SINKLAB" compare "${dirs[@]}" "${of_it[@]}" --csv - >"$new" 2>"$err" || {
    status=$?
    cat "$err" >&2
    exit $status
}
mv "$new" "$results/groups.csv"
# shellcheck disable=SC2207
inputs=($(steps inputs))
if grep -Eqs '^inputs( |$)' "$folder/steps"; then
    echo "== sinklab inputs ${dirs[*]} ${inputs[*]}"
    "$SINKLAB" inputs "${dirs[@]}" "${inputs[@]}" --csv "$results/inputs.csv"
else
    rm -f "$results/inputs.csv" # of what was asked before
fi

# As `make lint` does it again: of the tables, not of the runs.
"$root/tools/claims.sh" "$folder" "$results/claims.csv"
for i in "${!sweeps[@]}"; do
    with_included "${sweeps[i]}" | xargs -d '\n' grep -qs '^[[:blank:]]*\[claims\]' || continue
    echo "== sinklab compare ${sweeps[i]} --claims"
    "$SINKLAB" compare "${sweeps[i]}" --claims --tables "$results"
done

undrawn=0
"$root/tools/figures.sh" "$folder" "${dirs[@]}" "${of_it[@]}" || undrawn=$?

if [ $later -gt 0 ]; then
    echo "note: $folder/README.md tells of all seeds and stays as it is: $later runs are left for later (sweep.seeds); what there is of the others is above, in $results and in the figures"
    exit "$undrawn"
fi
# The page beside all folders, if there is one, shows their verdicts.
for page in "$folder" "$(dirname "$folder")"; do
    [ ! -e "$page/README.in.md" ] || "$root/tools/pages.py" "$page"
done
exit "$undrawn"

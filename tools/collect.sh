#!/usr/bin/env bash
# collect.sh FOLDER RUN... - what analyzed runs measured, as an experiment's
# results: the tables that tools/pages.py makes its page from.
#
#   tools/collect.sh experiments/weight-maps/results runs/weight-maps/*/
#
# Writes in FOLDER
#   curves.csv    a checkpoint of a run a line: run, then the columns of its
#                 analysis.csv that pages speak of, and those of
#                 interventions and gradients that any of them has
#   settings.csv  a run a line: run, then every key of its config
#   machine.csv   one line: processor, library, compiler, version, dates,
#                 minutes that training took, all runs' one after the other
# where run is the last two parts of the folder's path, as demo-1/softmax. A run
# without analysis.csv, as it diverged or failed, has its settings alone.
# COLUMNS_TOO names more columns for curves.csv; ANALYSIS=NAME takes what
# `sinklab analyze --as NAME` measured, analysis-NAME.csv, in place of
# analysis.csv; ANALYZED='sink.tokens=16 ...' says what `analyze` was given, which
# settings.csv then has in place of what the runs' configs say. Each table is
# replaced whole.
set -eu
out=${1:?which folder? $(basename "$0") FOLDER RUN...}
analysis=analysis${ANALYSIS:+-$ANALYSIS}.csv
shift
runs=()
for folder in "${@%/}"; do # a sweep's folder holds more than its runs
    case $folder in
    /*) ;;
    *) folder=./$folder ;; # awk takes a=b/c for an assignment
    esac
    [ "${folder##*/}" = configs ] || [ ! -e "$folder/config.ini" ] || runs+=("$folder")
done
set -- "${runs[@]}"
mkdir -p "$out"
run_of='function run_of(path, p, n) {
    sub(/^\.\//, "", path)
    n = split(path, p, "/")
    return (n > 2 ? p[n - 2] "/" : "") p[n - 1]
}'

# Columns are found by name: runs may have different ones (val_excess).
curves() {
    awk -F , -v too="${COLUMNS_TOO-}" "$run_of"'
        BEGIN {
            n_named = split("step tokens val_loss val_loss_se val_excess " \
                "val_bits_per_byte sink_1 " \
                "sink_2 sink_bias sink_1_raw first_mass first_mass_raw " \
                "bias_mass row_sum hidden_ratio hidden_max key_ratio " \
                "value_ratio " too, named, " ")
            for (i = 1; i <= n_named; i++)
                if (!is_wanted[named[i]]++)
                    want[++n] = named[i]
            for (f = 1; f < ARGC; f++) {
                getline line <ARGV[f]
                close(ARGV[f])
                fields = split(line, name, ",")
                for (i = 1; i <= fields; i++)
                    if (name[i] ~ /^(cost|grad)_/ && !is_wanted[name[i]]++)
                        want[++n] = name[i]
            }
        }
        FNR == 1 {
            run = run_of(FILENAME)
            for (i in at)
                delete at[i]
            for (i = 1; i <= NF; i++)
                at[$i] = i
            if (NR == 1) {
                printf "run"
                for (i = 1; i <= n; i++)
                    printf ",%s", want[i]
                print ""
            }
            next
        }
        {
            printf "%s", run
            for (i = 1; i <= n; i++)
                printf ",%s", want[i] in at ? $(at[want[i]]) : ""
            print ""
        }' "$@"
}

# Every key of each run: config.ini holds all of them, one a line; empty where
# a run of another version has none of that name.
settings() {
    ANALYZED=${ANALYZED-} awk "$run_of"'
        function print_line(first, table, run,  i) {
            printf "%s", first
            for (i = 1; i <= n; i++)
                printf ",%s", run ? table[run, name[i]] : name[i]
            print ""
        }
        FNR == 1 { run[++runs] = run_of(FILENAME) }
        /^\[/ { section = substr($0, 2, index($0, "]") - 2); next }
        /^[a-z_0-9]+ =/ {
            key = section "." $1
            text = $0
            sub(/^[^=]*= ?/, "", text)
            sub(/[ \t]*;.*$/, "", text)
            if (key != "run.dir" && !(key in is_known)) {
                is_known[key] = 1
                name[++n] = key
            }
            value[runs, key] = text ~ /,/ ? "\"" text "\"" : text
        }
        END {
            n_given = split(ENVIRON["ANALYZED"], given, " ")
            for (g = 1; g <= n_given; g++) {
                at = index(given[g], "=")
                key = substr(given[g], 1, at - 1)
                text = substr(given[g], at + 1)
                for (i = 1; i <= runs && key in is_known; i++)
                    value[i, key] = text ~ /,/ ? "\"" text "\"" : text
            }
            print_line("run", value, 0)
            for (i = 1; i <= runs; i++)
                print_line(run[i], value, i)
        }' "$@"
}

field() { # key, manifest files: its values, each once
    local key=$1
    shift
    sed -n "s/^$key = //p" "$@" | sort -u | paste -s -d '|' | sed 's/|/; /g'
}
cell() { # text: a cell of CSV
    printf '"%s"' "${1//\"/\"\"}"
}
machine() {
    local key line=
    echo "processor,cores,core,blas,compiler,flags,commit,first_day,last_day,training_minutes"
    for key in cpu cores blas_core blas compiler flags commit; do
        line+=$(cell "$(field "$key" "$@")"),
    done
    line+=$(field started "$@" | sed 's/T.*//'),
    line+=$(field ended "$@" | sed 's/.*; //; s/T.*//'),
    line+=$(awk -F , 'FNR == 1 { total += last; last = 0; next } $2 ~ /^[0-9.]+$/ { last = $2 }
        END { printf "%.0f", (total + last) / 60 }' "${@/%manifest.ini/timing.csv}")
    echo "$line"
}

measured=()
for folder in "$@"; do
    if [ -e "$folder/$analysis" ]; then
        measured+=("$folder/$analysis")
    else
        echo "$(basename "$0"): $folder has no $analysis: its settings alone are kept" >&2
    fi
done
[ "${#measured[@]}" -gt 0 ] || { echo "$(basename "$0"): no run has an $analysis" >&2; exit 4; }

trap 'rm -f "$out"/*.csv.new.$$' EXIT
keep() { # table, what prints it
    "${@:2}" >"$out/$1.new.$$" || { rm -f "$out/$1.new.$$"; exit 1; }
    mv "$out/$1.new.$$" "$out/$1"
}
keep curves.csv curves "${measured[@]}"
keep settings.csv settings "${@/%//config.ini}"
keep machine.csv machine "${@/%//manifest.ini}"

#!/usr/bin/env bash
# Columns of single layers: made of what analysis.h5 has, wherever a column is
# named - tables, figures, claims, exported rows.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1

cp "$ROOT/tests/system/tiny.ini" .
cat >sweep.ini <<'END'
include = tiny.ini
[model]
layers = 3
[train]
steps = 4
[checkpoint]
every = 2
[axes]
attention.weights = softmax, relu
run.seed = 1 to 2
[claims]
expect = first_mass_layer_0(attention.weights=softmax) stays over 0.001
expect = first_mass_layer_0(attention.weights=softmax) < first_mass_layer_1(attention.weights=softmax)
expect = formation:first_mass_layer_2(attention.weights=softmax) later than formation:first_mass_layer_2(attention.weights=relu)
END
check "a sweep whose claims are of layers" "$SINKLAB" sweep sweep.ini run.dir=s
check "it is analyzed" "$SINKLAB" analyze s metrics.names=default,circuits

# cell COLUMN LABEL FILE: of a CSV file with one row of that label in front
cell() {
    awk -F, -v column="$1" -v label="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) at = i; next }
        $1 == label { print $at }' "$3"
}
is_near() { # a b
    awk -v a="$1" -v b="$2" 'BEGIN {
        d = a - b
        exit !(a != "" && b != "" && d < 1e-6 && d > -1e-6) }'
}

# --- the numbers --------------------------------------------------------------

run=s/0000-softmax-seed1
table() { # METRIC: of the one run
    "$SINKLAB" compare "$run" --metric "$1" --layers --csv "$1.csv" >/dev/null
    head -n 1 "$1.csv" >head.txt
}
check "a table has each layer" table first_mass
check "all three of them" grep -q \
    'first_mass_layer_0.*first_mass_layer_1.*first_mass_layer_2' head.txt
check_not "and no more" grep -q 'layer_3' head.txt
for layer in 0 1 2; do
    value[layer]=$(cell final_first_mass_layer_$layer "$run" first_mass.csv)
    want=$(h5dump -d first_mass -s "2,$layer,0" -c "1,1,4" -y -w 80 \
        -m %.12g $run/analysis.h5 |
        awk '/^ *DATA / { is_in = 1; next }
             is_in && /}/ { print sum / n; exit }
             is_in { for (i = 1; i <= NF; i++) { sum += $i; n++ } }')
    check "layer $layer is the mean of its heads in analysis.h5" \
        is_near "${value[layer]}" "$want"
done
check_not "they are different layers" is_near "${value[0]}" "${value[1]}"
check "their mean is the metric" is_near "$(cell final_first_mass "$run" first_mass.csv)" \
    "$(echo "${value[@]}" | awk '{ printf "%.9g", ($1 + $2 + $3) / 3 }')"
check "one that is the largest head" table induction_score
largest=$(for l in 0 1 2; do cell final_induction_score_layer_$l "$run" \
    induction_score.csv; done | sort -g | tail -n 1)
check "is so of each layer" is_near "$largest" \
    "$(cell final_induction_score "$run" induction_score.csv)"

# --- where columns are named -----------------------------------------------------

says() { # regex command...: it succeeds, and prints this
    local regex=$1
    shift
    "$@" >"$T/said" 2>&1 && grep -Eq -- "$regex" "$T/said" && return
    cat "$T/said"
    return 1
}
check "as the metric of a sweep" says 'first_mass_layer_1' \
    "$SINKLAB" compare s --metric first_mass_layer_1
check "beside others" says 'layer_1' \
    "$SINKLAB" compare s --columns first_mass_layer_1,row_sum
check "to order by" says 'seed1' \
    "$SINKLAB" compare s/*softmax* --sort -first_mass_layer_2
check "claims are judged by them" says '^undecided: first_mass_layer_0' \
    "$SINKLAB" compare s --claims
check_not "none for want of the column" grep -q 'not judged' said
check "rows have them where they are asked for" says \
    '"file":"analysis","step":4,.*"first_mass_layer_2":[0-9.e-]+' \
    "$SINKLAB" export $run --jsonl - --layers first_mass
check_not "and else not" says 'layer_' "$SINKLAB" export $run --jsonl -

check "a claim of two layers of the same runs" says \
    '^undecided: first_mass_layer_0.*over 2 pairs of seeds' "$SINKLAB" compare s --claims
check_not "one layer is drawn without what is of all" says 'raw weight|first_mass_raw, percent' \
    "$SINKLAB" compare $run --metric first_mass_layer_1 --columns row_sum

drawn() { # regex run...: it is in the figure of its layers; nothing on stderr
    local regex=$1
    shift
    "$SINKLAB" compare "$@" --metric first_mass --layers -o drawn.svg >said 2>loud &&
        [ ! -s loud ] && grep -Eq ">$regex" drawn.svg
}
if command -v gnuplot >/dev/null; then
    check "a run's figure has a curve for each layer" drawn 'layer 2<' $run
    check "in one panel" test "$(grep -c '>weight on the first token, %<' drawn.svg)" -eq 2
    check "that of several runs a panel for each" drawn 'first_mass_layer_2, %<' s
    check_not "without curves of layers" grep -q '>layer ' drawn.svg
fi

# --- what there is not -------------------------------------------------------------

expect_fail 4 'no run has layer 3' \
    "$SINKLAB" compare s --metric first_mass_layer_3
expect_fail 4 'sink_bias has no number .*the model has no extra column that acts' \
    "$SINKLAB" compare $run --metric sink_bias --figure heads -o none.svg
expect_fail 2 'no run has hidden_ratio by layer' \
    "$SINKLAB" compare s --metric hidden_ratio --layers
expect_fail 2 "no run has 'hidden_ratio' by layer" \
    "$SINKLAB" export s --jsonl - --layers hidden_ratio
expect_fail 2 'is of one RUN, without .*--layers' \
    "$SINKLAB" export $run --layers first_mass -o model
expect_fail 3 \
    'first_mass_layer_0: .sinklab compare --columns. makes it' \
    "$SINKLAB" analyze $run metrics.names=first_mass_layer_0
sed 's/first_mass_layer_0/first_mass_layer_3/' sweep.ini >deep.ini
expect_fail 3 \
    'deep.ini:.*got first_mass_layer_3, .*model.layers=3' \
    "$SINKLAB" sweep deep.ini run.dir=d --dry-run --rate=1
cp -r s other
cp other/0001*/analysis.h5 other/0000*/analysis.h5
expect_fail 4 'analysis' \
    "$SINKLAB" compare other/0000* --metric first_mass_layer_0

# --- where no metric is asked for -------------------------------------------------

expect_fail 4 "no metric key_mass: .sinklab analyze $run metrics.names=default,circuits,key_mass. measures it; there are grad_hidden, grad_key, grad_value$" \
    "$SINKLAB" compare $run --figure positions
expect_fail 2 'sink_1 has no value for each position: .* as key_mass' \
    "$SINKLAB" compare $run --figure positions --metric sink_1
cp -r $run keys
check "each key is measured" "$SINKLAB" analyze keys metrics.names=default,key_mass
check "what is drawn by position is the weight on it" says 'key_mass' \
    "$SINKLAB" compare keys --figure positions
check "the table stays as it is" grep -Eq '^emerged: first step with sink_1 above 10 %' said
cp -r keys bare && rm bare/analysis.*
for asks in '--figure positions' '--metric key_mass'; do
    # shellcheck disable=SC2086 # two words
    expect_fail 4 'key_mass.*: .*.sinklab analyze bare metrics.names=default,key_mass' \
        "$SINKLAB" compare bare $asks
done

# --- what measures it takes nothing away ---------------------------------------------

# advised REGEX COMPARE... - what is advised is this, and is done as it stands
advised() {
    local regex=$1 words
    shift
    "$SINKLAB" compare "$@" >said 2>&1
    words=$(grep -o '`sinklab analyze [^`]*`' said | head -n 1 | tr -d '`')
    echo "$words"
    grep -Eqx -- "$regex" <<<"$words" && eval "\"\$SINKLAB\"${words#sinklab}"
}
columns_of() { # RUN COLUMN...: are they in its analysis?
    local run=$1 column
    shift
    for column in "$@"; do
        head -n 1 "$run/analysis${as:-}.csv" | tr , '\n' | grep -qx "$column" || return
    done
}
mkdir two && cp -r s/0000* two/a && cp -r s/0001* two/b && rm two/?/analysis.*
"$SINKLAB" analyze two metrics.names=default,transitions >/dev/null
turned="previous_score induction_score first_mass_late hidden_peak value_ratio_min"
check "positions beside transitions" advised \
    'sinklab analyze two/a two/b metrics.names=default,transitions,key_mass' \
    two/a two/b --figure positions
cp -r two/b plain
"$SINKLAB" analyze plain metrics.names=default >/dev/null
expect_fail 4 'measures it; what is there has no value for each position$' \
    "$SINKLAB" compare plain --figure positions
# shellcheck disable=SC2086 # words
check "both are there" columns_of two/a key_mass $turned
check "another metric by position" advised \
    'sinklab analyze two/a two/b metrics.names=default,transitions,key_mass,hidden_norm' \
    two/a two/b --figure positions --metric hidden_norm
check "a folder whose runs all lack it is named" advised \
    'sinklab analyze two metrics.names=default,transitions,key_mass,hidden_norm,value_norm' \
    two --figure positions --metric value_norm
"$SINKLAB" analyze two/a metrics.names=default,key_mass metrics.eps=0.1 sink.positions=6 >/dev/null
check "only a run that lacks it is named, with thresholds and positions" advised \
    'sinklab analyze two/a metrics.names=default,key_mass,transitions metrics.eps=0.1 sink.positions=6' \
    two/a two/b --figure transitions -o turned.svg
# shellcheck disable=SC2086 # words
check "which it keeps" columns_of two/a key_mass sink_1_at_0.1 sink_6 $turned
"$SINKLAB" compare two/a two/b --figure transitions -o turned.svg >said 2>&1
check_not "then there is nothing to advise" grep -q 'sinklab analyze' said
"$SINKLAB" analyze two/a metrics.names='sink_*' --as other >/dev/null
"$SINKLAB" analyze two/b metrics.names=default,row_sum sink.sequences=2 --as other >/dev/null
check "a named one has its name, and its settings" advised \
    'sinklab analyze two/b --as other sink.sequences=2 metrics.names=default,row_sum,key_mass' \
    two/b --analysis other --figure positions
as=-other check "the columns are there" columns_of two/b key_mass row_sum
check "one with a pattern" advised \
    "sinklab analyze two/a --as other 'metrics.names=sink_\*,key_mass'" \
    two/a --analysis other --figure positions
rm two/?/analysis-*
"$SINKLAB" analyze two metrics.names=default,transitions >/dev/null
"$SINKLAB" analyze two/b metrics.names=default,circuits sink.sequences=2 --as other >/dev/null
"$SINKLAB" analyze two/a metrics.names=default,key_mass --as other >/dev/null
check "runs of one group that were measured differently" advised \
    'sinklab analyze two/a two/b --as other sink.sequences=4 metrics.names=default,key_mass,circuits' \
    two --analysis other
as=-other check "keep what they have" columns_of two/b key_mass previous_score
check "and are measured alike" "$SINKLAB" compare two --analysis other
rm two/?/analysis-*
said_gone='^5 columns of the analysis before are not in this one \(first_mass_late, .*\), of 2 runs: metrics.names with them'
check "several runs say what is gone" says "$said_gone" \
    "$SINKLAB" analyze two
check_not "once" says 'analysis before' "$SINKLAB" analyze two
"$SINKLAB" analyze two metrics.names=default,key_mass >/dev/null
check "to programs, too" says '"columns_gone":\["key_mass"\].*"columns_gone":\["key_mass"\]' \
    "$SINKLAB" analyze two --json
"$SINKLAB" analyze two/a metrics.names=default,key_mass >/dev/null
"$SINKLAB" analyze two/b metrics.names=default,hidden_norm >/dev/null
check "or how many runs" says '^columns of the analysis before are not in this one \(as key_mass\), of 2 runs: metrics.names' \
    "$SINKLAB" analyze two metrics.names=default

# --- runs that are not alike ---------------------------------------------------------

cp -r s lacks
rm lacks/0001*/analysis.*
expect_fail 4 'not all runs that count have a sound analysis.csv' \
    "$SINKLAB" compare lacks --layers
sed -i '$d' lacks/0003*/analysis.csv
sed 's/run.seed = 1 to 2/run.seed = 1/' sweep.ini >one.ini
cp s/0001*/analysis.* lacks/0001*/
check "one run less is asked for" "$SINKLAB" sweep one.ini run.dir=lacks
check "a claim does not look at it" says '^undecided: first_mass_layer_0' \
    "$SINKLAB" compare lacks --claims
expect_fail 2 'does nothing with --claims' "$SINKLAB" compare s --claims --layers
expect_fail 2 "no metric sink_01_layer_1" "$SINKLAB" compare s --metric sink_01_layer_1
{ # two columns fewer than there is room for, beside loss and metric
    head -n 1 $run/analysis.csv | tr , '\n' |
        grep -vxE 'step|tokens|analysis|row_hash|sink_1|head_load|val_loss'
    for m in row_sum sink_{1,2,3,4} {key,value}_ratio first_mass rest_mass; do
        printf "${m}_layer_%s\n" 0 1 2
    done
    printf '%s\n' loss grad_norm lr sink_1
} | head -n 60 >columns.txt
check "there are so many" has_line columns.txt . 60
columns=$(paste -s -d , columns.txt)
expect_fail 2 'with them there are more than 64 columns' \
    "$SINKLAB" compare s --columns "$columns" --metric head_load --layers
beside() { # N: a figure of so many columns says what of the rest
    "$SINKLAB" compare $run --metric head_load -o many.svg \
        --columns "$(head -n "$1" columns.txt | paste -s -d , -)" >/dev/null && cat many.svg
}
if command -v gnuplot >/dev/null; then
    check_not "ten have a panel each" says 'no room for a panel' beside 10
    check "one more has none" says '1 more column has no room for a panel' beside 11
    check "nor have two more" says '2 more columns have no room for a panel' beside 12
fi
# --- by position -------------------------------------------------------------------

if command -v gnuplot >/dev/null; then
    check "weights on keys are measured" "$SINKLAB" analyze $run --again metrics.names=default,key_mass
    caption() { # REGEX: in the caption, whose lines are put together
        sed 's/<[^>]*>/ /g' drawn.svg | tr -s ' \t\n' ' ' | grep -Eq "$1"
    }
    check "a profile" "$SINKLAB" compare $run --figure positions -o drawn.svg
    check "says what a weight on a key is" caption \
        'mean proxy weight on each key that at least 8 rows see.*Proxy weight: a .* part'
    check "and where it ends" caption 'Curves end at position [0-9]+ of [0-9]+'
fi
finish

#!/usr/bin/env bash
# `make experiment`: a tiny one in a folder of its own, from its sweep file to
# its page; killed in the middle it goes on, to the same tables. What is not
# there is said in a sentence, before anything is trained.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1
experiment=$ROOT/tools/experiment.sh

tiny() { # folder
    mkdir -p "$1"
    cat >"$1/sweep.ini" <<END
include = $ROOT/tests/system/tiny.ini
[train]
steps = 20
[axes]
run.seed = 1 to 2
optim.lr = 1e-3, 1e-2, 3e-2
[claims]
; in 4 seeds' worth of runs
expect = val_loss falls as optim.lr rises
expect = val_loss(optim.lr=1e-3) > val_loss(optim.lr=1e-2)
expect = sink_3 stays under 100 %
END
    cat >"$1/steps" <<'END'
# what is not usual
analyze sink.sequences=2
columns sink_3 first_mass_layer_0
also end --last 1 metrics.names=cost_w8
figure lr.svg --figure setting
END
    cat >"$1/README.in.md" <<'END'
# Does the loss fall?

```claims
```

{{ count(*) from last }} runs; the first claim is
{{ verdict from claims where claim like 'val_loss falls%' }}.
END
}
if ! command -v gnuplot >/dev/null; then # the other steps are done all the same
    drawn=10
else
    drawn=0
fi

say() { # FOLDER SETTINGS...: what it prints is kept
    "$experiment" "$@" >said 2>complained
}
tiny whole
echo '{{ count(*) from claims_of_all }} claims' >README.in.md
expect_status $drawn "an experiment is made" say ./whole sweep.jobs=1
check "a line a claim" has_line said '^\(supported\|contradicted\|undecided\): ' 3
check "its verdicts are a table" has_line whole/results/claims.csv '^whole,' 3
check "a column of the steps is in the curves" grep -q '^run,.*,sink_3' whole/results/curves.csv
given_of() { # COLUMN: how many values of it are there
    awk -F , -v column="$1" '
        NR == 1 { for (i = 1; i <= NF; i++) at = $i == column ? i : at }
        NR > 1 && at && $at != ""' whole/results/curves.csv | wc -l
}
every_row() { # COLUMN: does each line have a value?
    [ "$(given_of "$1")" = "$(given_of run)" ]
}
check "and one of a layer, which no file of a run has" every_row first_mass_layer_0
check "so is what another analysis measured, of the last checkpoint of each run" [ "$(given_of cost_w8)" = 6 ]
[ $drawn -ne 0 ] || check "its figure is drawn" test -s whole/lr.svg
given() { # is it what each run was analyzed with, not what its config says?
    local at
    at=$(head -n 1 whole/results/settings.csv | tr , '\n' | grep -nx sink.sequences | cut -d : -f 1)
    [ "$(tail -n +2 whole/results/settings.csv | cut -d , -f "$at" | sort -u)" = 2 ]
}
check "settings.csv has what analyze was given" given
if command -v python3 >/dev/null; then
    check "the page above says how many" grep -q '^3 claims$' README.md
    check "its page says the verdicts" has_line whole/README.md '^- \*\*[a-z]*\*\*: `' 3
    check "and tells one of them" grep -q '^undecided\.$' whole/README.md
    cp -r whole odd-step
    sed -i '2s/,[0-9]*,/,x,/' odd-step/results/curves.csv
    pages() {
        python3 "$ROOT/tools/pages.py" . 2>pages-said
    }
    expect_status 1 "a step that is no number" pages
    check "is named with its line, in one" has_line pages-said \
        "^pages: .*/odd-step/results/curves.csv:2: got step 'x', want a number" 1
    rm -r odd-step
fi

# The tables say what the runs say
verdicts() { # options
    "$SINKLAB" compare "$@" --claims | grep -v '^note'
}
verdicts whole/sweep.ini >of-file
verdicts runs/whole >of-folder
verdicts whole/sweep.ini --tables whole/results >of-tables
check "a sweep's folder has its claims, too" same_bytes of-file of-folder
check "the tables give the same verdicts" same_bytes of-file of-tables

# So do tables and figures of them
numbers() { # folder: what compare says of it in numbers
    "$SINKLAB" compare "$1" --csv - --columns hidden_ratio 2>/dev/null
}
check "the tables give the same numbers" eval 'numbers runs/whole | same_bytes - <(numbers whole/results)'

# A copy of a run makes no other verdict
cp -r runs/whole copied
for run in copied/0000-* copied/0004-*; do
    cp -r "$run" "$run-copy"
done
verdicts copied >of-copied
check "a copy of a run does not count" same_bytes of-file of-copied
"$SINKLAB" compare copied --claims >of-copied
check "which is told" \
    grep -q "^note: 2 runs are not counted: 2 with the settings and seeds of another$" of-copied

# What the file asks for beyond that, and what its seeds cannot say
mkdir -p later/whole
sed 's/^run.seed = .*/run.seed = 1 to 3/' whole/sweep.ini >later/whole/sweep.ini
"$SINKLAB" compare later/whole/sweep.ini --claims >of-later
check "runs that are not there yet are told" \
    grep -q '^note: 3 runs of later/whole/sweep.ini are not there yet: ' of-later
check "the verdicts are of those that are" eval 'grep -v "^note" of-later | same_bytes of-file -'
"$SINKLAB" compare runs/whole --claims >of-folder
check "and not of the folder's own" eval '! grep -q "not there yet" of-folder'
"$SINKLAB" sweep whole/sweep.ini --dry-run --rate=1 >dry
check "a dry run counts the claims" \
    grep -q '^claims  *3, judged at 5 %, corrected for being several$' dry
check "and says which the seeds cannot decide" \
    grep -q ' sink_3 stays under 100 %: 2 seeds can give no p below 0.5 and cannot decide it; 7 seeds could$' dry
check "and what one averages over without naming it" \
    grep -q ' sink_3 stays under 100 %: it is of all values of optim.lr (0.001, 0.01, 0.03): name it to ask within one$' dry
check_not "others name it" grep -q ' val_loss.* all values' dry
{ # of a third axis
    sed 's/^expect = .*//; s/^run.seed = .*/attention.window = 0, 4\n&/' whole/sweep.ini
    echo 'expect = val_loss(optim.lr=1e-3) > val_loss(optim.lr=1e-2)'
} >later/whole/window.ini
"$SINKLAB" sweep later/whole/window.ini --dry-run --rate=1 run.dir=runs/window >dry
check "nor do both sides of one" \
    grep -q ': each side is of all values of attention.window (0, 4): name it to compare within one$' dry
"$SINKLAB" sweep whole/sweep.ini --dry-run --rate=1 --json >dry.json
check "for programs it is one line all the same" has_line dry.json '^{' 1

# Killed twice, in the steps of its runs and when the first weights of each are
# measured: what is there then is gone on with
tiny part
killed_at() { # moment
    SINKLAB_TEST="$1 KILL" "$experiment" ./part sweep.jobs=1 sweep.retries=0 sweep.reuse= >"$T/out" 2>"$T/err"
    check "killed at $1 it stops" test $? -ne 0
    check "no table is made of half of it" test ! -e part/results/curves.csv
}
killed_at "train step 12"
check "some of the steps are done" grep -q '^10,' runs/part/0000-*/metrics.csv
check "and not all" eval '! grep -q "^done" runs/part/0000-*/status'
killed_at "analyze checkpoint 1"
check "all steps are done" test "$(cat runs/part/0*/status | grep -c '^done')" -eq 6
check "and nothing is measured" eval '! ls runs/part/0*/analysis.csv'
expect_status $drawn "the same command goes on" "$experiment" ./part sweep.jobs=1
for table in curves settings groups claims; do
    sed 's/\bpart\b/whole/g' part/results/$table.csv >part.csv
    check "to the same $table.csv" same_bytes whole/results/$table.csv part.csv
done
expect_status $drawn "done once more it does nothing anew" say ./part sweep.jobs=1
check "no run was analyzed again" grep -q ' 6 up to date' said

# Of an analysis that has a name of its own
tiny named
sed -i 's/^analyze .*/analyze --as random sink.input=random sink.sequences=2/' named/steps
expect_status $drawn "an experiment of a named analysis" say ./named sweep.jobs=1
check "the usual one is not made" eval '! ls runs/named/0*/analysis.csv'
column_of() { # column, files: its numbers
    local column=$1
    shift
    awk -F , -v column="$column" 'FNR == 1 {
            for (i = 1; i <= NF; i++)
                at = $i == column ? i : at
            next
        }
        { print $at }' "$@"
}
check "its numbers are in the curves" eval 'cmp \
    <(cut -d, -f1 runs/named/0*/analysis-random.csv | grep -v step) \
    <(grep -v ^run named/results/curves.csv | cut -d, -f2)'
check "as they were measured" eval 'cmp \
    <(column_of sink_1 runs/named/0*/analysis-random.csv) <(column_of sink_1 named/results/curves.csv)'
"$SINKLAB" compare runs/named --analysis random --csv groups.csv >"$T/out"
check "and in the groups" same_bytes groups.csv named/results/groups.csv

# Claims may stand in a file that the sweep includes
tiny lent
sed '/^\[claims\]/,$d' whole/sweep.ini >lent/sweep.ini
sed -i "1s|.*|include = ../claims.ini|" lent/sweep.ini
{
    sed -n 1p whole/sweep.ini
    echo '[claims]'
    sed -n 's/^expect = sink_3/&_layer_1/p; /^expect = val/p' whole/sweep.ini
} >claims.ini
expect_status $drawn "an experiment of included claims" say ./lent sweep.jobs=1 sweep.reuse=runs
check "they are judged" has_line said '^\(supported\|contradicted\|undecided\): ' 3
check "they are in the table" has_line lent/results/claims.csv '^lent,' 3
check "with the layer that one of them names" grep -q '^run,.*,sink_3_layer_1' lent/results/curves.csv
sed -i "1s|.*|include = $ROOT/tests/system/tiny.ini|" lent/sweep.ini
"$ROOT/tools/claims.sh" lent lent/results/claims.csv 2>complained
check "where nobody states any there is no table" test ! -e lent/results/claims.csv
check "nor a word" test ! -s complained

# A damaged table is told, not left out
cp -r runs/whole damaged
first=$(echo damaged/0000-*/analysis.csv)
sed -i '2s/[0-9]/x/' "$first"
expect_fail 4 "$first" "$SINKLAB" compare damaged --claims
rm -r damaged
cp -r runs/whole damaged
first=$(echo damaged/0000-*/config.ini)
echo '[model' >>"$first"
expect_fail 3 "$first" "$SINKLAB" compare damaged --claims

for option in --metric=first_mass --loss=loss --x=tokens --analysis=random; do
    expect_fail 2 "${option%%=*} does nothing with --claims" \
        "$SINKLAB" compare runs/whole --claims "$option"
done

# What is wrong is said before the first step
refused() { # status regex what
    expect_status "$1" "$3" say ./odd
    check "in these words: $2" grep -Eq "$2" complained
    check "and nothing was trained" test ! -e runs/odd
}
tiny odd
sed -i 's/^expect = sink_3 .*/expect = val_loss(optim.lr=0.5) < 1/' odd/sweep.ini
refused 3 'sweep.ini:11: \[claims\] expect: no run of this sweep has optim.lr=0.5' \
    "a claim about no run"
tiny odd
sed -i 's/^expect = sink_3 .*/expect = formation:val_loss < 10/' odd/sweep.ini
refused 3 'sweep.ini:11: \[claims\] expect: there is no usual threshold of val_loss' \
    "what cannot form"
tiny odd
sed -i 's/^expect = sink_3 .*/expect = sink_3@400 < 0.5/' odd/sweep.ini
refused 3 'sweep.ini:11: \[claims\] expect: got step 400, .* ends at train.steps=20' \
    "a step after the end"
tiny odd
printf '[data]\nsource = text\npath = /nowhere/novels\n' >>odd/sweep.ini
refused 4 '^experiment: .*/nowhere/novels: No such file .*README.md says what it is, and SET=' \
    "a corpus that is not there"
tiny odd
echo 'columns sink_3 sinkk_1' >>odd/steps
refused 3 'odd/steps:6: columns: sinkk_1: no run has a metric sinkk_1, did you mean sink_1' \
    "a column that is no metric's"
tiny odd
for word in sink_1@20 formation:sink_1 'sink_*' sink_1+sink_3; do
    tiny odd
    sed -i '2i columns sink_1' odd/steps
    sed -i "s/^columns sink_3 .*/columns sink_3 $word/" odd/steps
    touch sink_1
    refused 3 "odd/steps:4: columns: ${word//[*+]/.}: want the name of a column" "what is no column's name: $word"
    rm sink_1
done
tiny odd
sed -i 's/^columns .*/columns formation/' odd/steps
refused 3 'odd/steps:3: columns: formation: ' "a word of claims that is no column"
tiny odd
echo 'columns steps:: sink_1' >>odd/steps
refused 3 'odd/steps:6: columns: steps::: want' "a word of nothing but points"
tiny odd
sed -i 's/^columns .*/columns sink_1xlayer_0 sink_1/; $a columns sink_1.layer_0' odd/steps
refused 3 'odd/steps:3: columns: sink_1xlayer_0: ' "a word with its own line"
tiny odd
sed -i 's/^expect = sink_3 .*/expect = sink_3 < 1/' odd/sweep.ini
for i in {1..61}; do
    echo "expect = val_loss < $((i + 1))"
done >>odd/sweep.ini
SINKLAB_TEST='train step 1 KILL' say ./odd sweep.jobs=1 sweep.retries=0
check "a sweep's own claims, also as many as there may be, refuse no column" test -e runs/odd/runs.list
rm -r runs/odd
mkdir -p shared/deep
mv odd/sweep.ini shared/deep/all.ini
echo 'include = deep/all.ini' >shared/claims.ini
echo '  include = ../shared/claims.ini, ../shared/none.ini # of all' >odd/sweep.ini
printf '[axes]\nattention.weights = softmax, relu\n' >>odd/sweep.ini
printf '[train]\nsteps = 10\n' >shared/none.ini
SINKLAB_TEST='train step 1 KILL' say ./odd sweep.jobs=1 sweep.retries=0
check "nor do those of a file that it includes" test -e runs/odd/runs.list
rm -rf runs/odd
tiny odd
sed -i 's/^columns .*/columns sink_3 sink_1_layer_7/' odd/steps
refused 3 'odd/steps:3: columns: sink_1_layer_7: no run has a layer 7, counted from 0$' \
    "a column of a layer that no run has"
sed -i '/^run.seed/d; /^expect/d; s/^optim.lr = .*/model.layers = 1, 8/' odd/sweep.ini
SINKLAB_TEST='train step 1 KILL' say ./odd sweep.jobs=1 sweep.retries=0
check "one that some runs have is none to refuse" test -e runs/odd/runs.list
rm -r runs/odd
tiny odd
expect_status 3 "runs in a folder of another name" say ./odd run.dir=runs/other
check "in these words: want a folder" grep -q 'want a folder whose last part is odd' complained
echo 'draw x.svg' >>odd/steps
refused 3 'odd/steps:6:draw x.svg: want analyze, also, figure, columns or inputs' "an unknown step"
rm odd/sweep.ini
refused 2 'holds no sweep file' "a folder without sweeps"
expect_status 2 "no folder" "$experiment" ./none
expect_status 2 "no name" "$experiment"

# A first look at fewer seeds: the page, which tells of all, is not made of them.
tiny first
echo '{{ sum(run_seed = 2) from last where run_seed > 1 }} runs of the other seed' >>first/README.in.md
expect_status $drawn "a first look is made" say ./first sweep.seeds=1
check "its runs are in the tables" test "$(tail -n +2 first/results/settings.csv | wc -l)" = 3
check "its page is not made" test ! -e first/README.md
check "which is said" has_line said '^note: ./first/README.md tells of all seeds .*: 3 runs are left for later' 1
expect_status $drawn "all seeds" say ./first
check "make the page" has_line first/README.md '^3 runs of the other seed' 1

# `make study`: one that fails does not keep the others from being done.
mkdir -p tree/tools tree/experiments/study-{a,b,c,d} tree/experiments/other
cat >tree/experiments/findings.csv <<'END'
place,finding,study,folder,claim
1,"b, as a rule",1 %,study-b,sink_1 rises as optim.lr rises
2,a,"2, 3 %",study-a,"sink_1(optim.lr=1, optim.name=soap) < 1"
3,not asked,-,study-d,
4,b again,-,study-b,sink_2 < 1
5,c,-,study-c,sink_3 < 1
END
cp "$ROOT/tools/study.sh" tree/tools/
cat >tree/tools/experiment.sh <<'END'
echo "$*" >>done
exit "$(cat "$1/status")"
END
chmod +x tree/tools/experiment.sh
study() { # STATUS ASKED-OF-EACH... - which status it ends with
    local name wanted=$1
    shift
    rm -f tree/done
    for name in b a c; do # the order of their findings
        echo "$1" >"tree/experiments/study-$name/status"
        shift
    done
    expect_status "$wanted" "the study ends with $wanted" \
        tree/tools/study.sh data.path=novels
}
study 0 0 0 0
check "each is done, with the settings" has_line tree/done '^experiments/study-./ data.path=novels$' 3
study 11 0 11 4
check "all are, though one fails" has_line tree/done '^experiments' 3
study 4 10 4 0
study 10 0 10 0
study 75 0 75 0
check "stopped, it stops" has_line tree/done '^experiments' 2
check "those with a claim, in the order of their findings" \
    test "$(head -n 2 tree/done | tr '\n' ' ')" = \
    'experiments/study-b/ data.path=novels experiments/study-a/ data.path=novels '
for name in a b c d; do
    echo 0 >"tree/experiments/study-$name/status"
done
rm tree/done
tree/tools/study.sh --all data.path=novels >said 2>complained
check "all, when asked" has_line tree/done '^experiments/study-[abcd]/ data.path=novels$' 4
echo place,finding,study,folder,claim >tree/experiments/findings.csv
expect_status 3 "no findings" tree/tools/study.sh
rm tree/experiments/findings.csv
study_all() { # VALUE of ALL: of how many lines `make study` gives --all
    make -n -C "$ROOT" study "ALL=$1" | grep -c 'study.sh --all'
}
expect_status 3 "no table of them" tree/tools/study.sh
tree/tools/study.sh 2>complained
check "is one sentence, with a remedy" has_line complained '^study: .*findings.csv: .*put a copy' 1
check "and nothing else" test "$(wc -l <complained)" = 1
check "ALL=1 is all" test "$(study_all 1)" = 1
check "ALL=0 is not" test "$(study_all 0)" = 0

# How long it would take: a run that two of them have counts once, one that is done not.
cat >tree/experiments/findings.csv <<'END'
place,finding,study,folder,claim
1,a,-,study-a,sink_1 < 1
2,b,-,study-b,sink_1 < 1
END
for name in a b; do
    printf '%s\n' "include = $ROOT/tests/system/tiny.ini" '[axes]' 'optim.lr = 1e-3, 2e-3' 'run.seed = 1 to 3' \
        >"tree/experiments/study-$name/sweep.ini"
done
echo 'optim.weight_decay = 0.1, 0.5' >>tree/experiments/study-b/sweep.ini
rm -rf tree/runs
tree/tools/study.sh --dry-run --rate=100 train.steps=2 >said
check "12 runs of 18 are different" has_line said '^12 runs, 12 of them to do: at least [0-9.]* hours, [0-9]* at once, ' 1
tree/tools/study.sh --dry-run --rate=100 train.steps=2 sweep.seeds=1 >said
check "with one seed 4 of 6" has_line said '^4 runs, 4 of them to do: ' 1
(cd tree && "$SINKLAB" sweep experiments/study-a/sweep.ini train.steps=2 sweep.seeds=1 >../log)
tree/tools/study.sh --dry-run --rate=100 train.steps=2 sweep.seeds=1 >said
check "and two are done" has_line said '^4 runs, 2 of them to do: ' 1
expect_fail 3 '^sinklab: .*the command line sets optim.lr, which the axis varies' \
    tree/tools/study.sh --dry-run --rate=100 optim.lr=1
study_dry() { make -n -C "$ROOT" study "DRY=$1" | grep -c 'study.sh.* --dry-run'; }
check "DRY=1 asks for it" test "$(study_dry 1)" = 1
check "DRY=0 does not" test "$(study_dry 0)" = 0
finish

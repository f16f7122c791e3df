#!/usr/bin/env bash
# `compare --report`: one page that needs nothing else, used as a reader does
# where there is a Chromium (tests/browser/report_page.py says how).
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2

"$SINKLAB" compare nowhere --report page 2>/dev/null
if [ $? -eq 10 ]; then
    echo "ok 1 - a page # SKIP this program was built without Chart.js"
    echo "1..1"
    exit 0
fi

cp "$ROOT/tests/system/tiny.ini" .
{
    cat tiny.ini
    printf '[axes]\nattention.weights = softmax, sigmoid\nrun.seed = 1, 2\n'
    printf '[claims]\nexpect = sink_1(attention.weights=sigmoid) < sink_1(attention.weights=softmax)\n'
} >sweep.ini

page=new/page/index.html
said() { # REGEX COMMAND...
    local regex=$1
    shift
    "$@" | grep -Eq -- "$regex"
}
check "a sweep" "$SINKLAB" sweep sweep.ini run.dir=s
check "analyzed" "$SINKLAB" analyze s metrics.names="default, key_norm"
check "a page, in a folder that is made, and said where" \
    said "^report: $page\$" "$SINKLAB" compare s --report new/page
said_last() { # REGEX COMMAND...
    local regex=$1
    shift
    "$@" | tail -n 1 | grep -Eq -- "$regex"
}
check "at the end" said_last "^report: $page\$" "$SINKLAB" compare s --report new/page
if command -v gnuplot >/dev/null; then
    check "a figure may lie in the folder that is made for it" \
        "$SINKLAB" compare s --report both/page -o both/page/a.svg
    check "and does" test -s both/page/a.svg -a -s both/page/index.html
fi

# --- what is in the file -----------------------------------------------------

# but for Chart.js, whose one line is longer than all others
loads_nothing() {
    ! awk 'length < 100000' $page | grep -ioE '(src|href)="?(https?:)?//|@import|[^a-z]url\('
}
check "it loads nothing" loads_nothing
check "it holds Chart.js" grep -q 'Chart.js v' $page
kinds() {
    grep -oE '^\{"kind":"[a-z]+"' $page | cut -d '"' -f 4 | sort | uniq -c | tr -s ' \n' ' '
}
check "it holds two groups and four runs" said ' 1 config 2 group 1 head .*4 run ' kinds
claims_of() { # compare's words
    "$SINKLAB" compare "$@" --report claims >/dev/null && grep -o '"claims":\["[a-z]*: [^"]*' claims/index.html
}
measured_of() { # COLUMN
    grep -o "\"name\":\"$1\",[^}]*\"measured\":\"[^\"]*" $page | head -n 1
}
check "a metric with a threshold says which" said 'eps 0.3$' measured_of sink_1
check_not "one without says none" said 'eps' measured_of first_mass
check "but what it was measured on" said 'analysis, [0-9]+ sequences of [0-9]+ tokens$' measured_of first_mass
check "and what the sweep's claims came to" said 'undecided: .*sigmoid' claims_of s
check_not "which are of all its runs" claims_of s --where attention.weights=softmax
again() {
    "$SINKLAB" compare s --report again >/dev/null && cmp $page again/index.html
}
check "the same runs give the same bytes" again

# --- what users name ---------------------------------------------------------

evil='</script><script>window.harmed=1</script>'
mkdir -p "${evil%/*}"
seq 1 400 >"$evil"
name='<img src=x onerror=window.harmed=2>'
check "a run that is called <img ...>, of a text whose path holds a script" \
    "$SINKLAB" train tiny.ini run.dir="runs/$name" data.source=text data.path="$evil"
check "another one, & not analyzed" "$SINKLAB" train tiny.ini run.dir='runs/b & "c"'
check "their page" "$SINKLAB" compare runs/* --report evil
# three scripts, which nothing else ends or begins
stays_in_place() {
    [ "$(grep -o '</script' evil/index.html | wc -l)" -eq 3 ] &&
        [ "$(grep -o '<script' evil/index.html | wc -l)" -eq 3 ] &&
        ! grep -q '<img' evil/index.html && grep -q 'window.harmed=1' evil/index.html
}
check "no name leaves its place in it" stays_in_place
check "a run" "$SINKLAB" train tiny.ini run.dir=a
check "one that differs in six keys" "$SINKLAB" train tiny.ini run.dir=b run.seed=7 \
    model.layers=1 model.width=32 optim.lr=2e-3 train.steps=2 train.batch=2
check "their page" "$SINKLAB" compare a b --report many
check "one run alone" "$SINKLAB" compare 'runs/b & "c"' --report alone

# --- what is refused, and what is not ----------------------------------------

expect_fail 7 'tiny.ini is a file, and --report wants a folder' \
    "$SINKLAB" compare s --report tiny.ini
mkdir foreign && echo '<!DOCTYPE html><title>My home</title>' >foreign/index.html
expect_fail 7 'foreign/index.html is no page of .*: give another folder' "$SINKLAB" compare s --report foreign
check "which stays" grep -q 'My home' foreign/index.html
: >foreign/index.html
expect_fail 7 'foreign/index.html is no page of' "$SINKLAB" compare s --report foreign
mkdir -p taken/index.html
expect_fail 7 'taken/index.html is a folder' "$SINKLAB" compare s --report taken
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked
    chmod a-w locked
    expect_fail 5 'locked' "$SINKLAB" compare s --report locked/page
fi

# --- as a reader sees it -----------------------------------------------------

browse() { # PAGE CHECK[=MORE]... - a result for each
    local status what n=0
    while read -r status what; do
        n=$((n + 1))
        [ "$status" = ok ]
        report $? "in a browser: $what"
    done < <(python3 -B "$ROOT/tests/browser/report_page.py" "$@" 2>&1)
    check "all of $(($# - 1)) were looked at" test $n -eq $(($# - 1))
}
why=
if ! command -v python3 >/dev/null; then
    why="python3 is not installed"
elif ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null &&
    ! command -v google-chrome >/dev/null; then
    why="no chromium is installed"
fi
if [ "$why" ]; then
    n_checks=$((n_checks + 1))
    echo "ok $n_checks - a reader's clicks # SKIP $why"
else
    browse $page opens colours hover keys show legends axes sort profile three verdict claims wide configs theme prints=page.pdf \
        maps=s/0000-softmax-seed1/analysis.csv title="s compared by weights"
    browse evil/index.html hostile="$name"
    browse alone/index.html alone
    for n in 12 18; do
        for ((i = 0; i < n; i++)); do
            mkdir -p row$n/$i
            printf '[run]\nseed = %d\n' $i >row$n/$i/config.ini
            echo done >row$n/$i/status
            printf 'step,loss,val_loss,sink_1\n0,3,3,0\n9,2,2,0.%02d\n' $i >row$n/$i/metrics.csv
        done
        check "a page of $n runs" "$SINKLAB" compare row$n/* --report looks$n
        browse looks$n/index.html looks=$n
    done
    browse many/index.html many
    # 0.1365 is a bit above itself in binary, 0.0025 % of 100 is a tie
    i=0
    for share in 0.1365 0.0025 0.0075 0.13650372 0.1364996; do
        mkdir -p digits/$((++i))
        printf '[run]\nseed = %d\n' $i >digits/$i/config.ini
        echo done >digits/$i/status
        printf 'step,loss,val_loss,sink_1\n0,3,3,0\n9,2,2,%s\n' $share >digits/$i/metrics.csv
    done
    "$SINKLAB" compare digits/* --columns sink_1 --report rounded --wide >"$T/rounded.txt"
    browse rounded/index.html rounds="$(awk '$4 == "2.0000" { print $5 }' "$T/rounded.txt" | paste -sd,)"
fi
finish

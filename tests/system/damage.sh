#!/usr/bin/env bash
# Damage is told with its place, and the remedies that messages and
# docs/ERRORS.md name work when they are followed to the letter.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1

cat >tiny.ini <<'END'
[model]
layers = 1
width = 16
heads = 2
context = 16
[train]
steps = 60
batch = 2
log_every = 5
val_every = 20
val_tokens = 64
[data]
source = bigram-backcopy
vocab = 16
[sink]
tokens = 16
sequences = 4
val_tokens = 64
probe_every = 20
probe_sequences = 2
[checkpoint]
every = 20
resume_every = 20
END
train() { # arguments
    "$SINKLAB" train "$@"
}

check "a run to be damaged" train tiny.ini run.dir=whole
last=checkpoints/step-00000060.h5

fresh() { # folder: a copy of the whole run
    rm -rf "$1" && cp -r whole "$1"
}
is_whole_again() { # folder
    same_bytes whole/metrics.csv "$1/metrics.csv" &&
        same_bytes "whole/$last" "$1/$last" &&
        same_bytes whole/checkpoints/resume.h5 "$1/checkpoints/resume.h5" &&
        first_line_is "$1/status" "done"
}
says() { # text command...
    local text=$1
    shift
    "$@" | grep -F -- "$text"
}
check_found() { # description text: of the command that was refused last
    cp "$T/out" "$T/found"
    check "$1" grep -F -- "$2" "$T/found"
}

# --- a lost or damaged config.ini -----------------------------------------------

fresh lost && rm lost/config.ini
expect_fail 3 'config.ini is missing: .*--resume run.dir=lost' train lost
check "its config brings a lost config.ini back" \
    train tiny.ini --resume run.dir=lost
check "nothing else was touched" is_whole_again lost
check "and all holds" "$SINKLAB" verify lost
sed -i '3s/./X/' lost/config.ini
check "it brings a damaged one back" train tiny.ini --resume run.dir=lost
check "and all holds again" "$SINKLAB" verify lost
for cut in 0 300 400; do # to nothing, within a line, between two
    cp whole/config.ini lost/config.ini
    truncate -s $cut lost/config.ini
    [ $cut -eq 400 ] && sed -i '$d' lost/config.ini
    expect_fail 3 'lost/config.ini: .*--resume run.dir=RUN' train lost
    expect_fail 3 'verify: 1 finding, listed above' "$SINKLAB" verify lost
    check "one that was cut off to $cut bytes comes back, too" \
        train tiny.ini --resume run.dir=lost
    check "with nothing else touched" is_whole_again lost
    check "and all of it holds" "$SINKLAB" verify lost
done

# --- what is damaged is not removed ----------------------------------------------

mkdir many && cp -r whole many/good && cp -r whole many/bad-config &&
    cp -r whole many/bad-status
sed -i '3s/./X/' many/bad-config/config.ini
sed -i '1s/done/dome/' many/bad-status/status
check "runs tells of damage" says 'note: many/bad-config/config.ini: was changed' \
    "$SINKLAB" runs many
check "a condition that damage makes true" says 'left alone' \
    "$SINKLAB" runs many --where 'optim.lr!=1' --remove --yes
check "removes no damaged run" test -d many/bad-config -a -d many/bad-status
check "but those of which it is true" test ! -e many/good
rm many/bad-config/lock && mkfifo many/bad-config/lock
check "a pipe for a lock stops nobody" says 'config.ini: was changed' \
    timeout 60 "$SINKLAB" verify many/bad-config

# --- reports in the wrong place ---------------------------------------------------

fresh kept
for name in checkpoints/resume.h5 metrics.csv config.ini; do
    expect_fail 7 'give another name' "$SINKLAB" compare kept --csv "kept/$name"
done
expect_fail 7 'give another name' "$SINKLAB" runs . --csv kept/status
expect_fail 2 'two reports' "$SINKLAB" compare kept -o a.svg --csv a.svg
mkfifo fifo && ln -s kept/metrics.csv link.csv
expect_fail 7 'no regular file' "$SINKLAB" compare kept --csv fifo
expect_fail 7 'a symbolic link' "$SINKLAB" compare kept --csv link.csv
check "no report touched the run" is_whole_again kept
expect_fail 7 'within the run kept' \
    "$SINKLAB" train tiny.ini run.dir=kept/checkpoints

# --- rows of metrics.csv -------------------------------------------------------

# Row 5 of the file is of step 15
damaged() { # folder sed-command
    fresh "$1"
    sed -i "$2" "$1/metrics.csv"
}
more() { # folder
    train "$1" train.steps=80
}
damaged lost '5d'
expect_fail 4 'lost/metrics.csv:5: damaged' more lost
damaged doubled '5p'
expect_fail 4 'doubled/metrics.csv:6: damaged' more doubled
damaged swapped '5{h;d};6G'
expect_fail 4 'swapped/metrics.csv:5: damaged' more swapped
damaged changed '5s/,960,/,961,/;5s/,480,/,481,/'
expect_fail 4 'changed/metrics.csv:5: damaged' more changed
damaged short '$d'
expect_fail 4 'short/metrics.csv:13: ends too early: rows up to step 60' \
    more short
damaged torn ''
truncate -s -1 torn/metrics.csv
expect_fail 4 'torn/metrics.csv:14: ends too early' more torn
damaged header '1s/loss/lose/'
expect_fail 4 "header/metrics.csv:1: got 'step,tokens,lose" more header
check "a refused run keeps its rows as they are" \
    test "$(wc -l <short/metrics.csv)" -eq 13

check "remedy: a copy put back" cp whole/metrics.csv lost/metrics.csv
check "then it goes on" more lost
check "remedy: moved away" mv doubled/metrics.csv doubled/metrics.old
check "then a new one begins, and that is said" \
    says 'note: doubled/metrics.csv is missing: a new one begins behind step 60' \
    more doubled
check "from that step on" grep -q '^65,' doubled/metrics.csv
check "remedy: --restart" train changed --restart
check "gives the same bytes" is_whole_again changed

fresh times
sed -i '7s/,/,9/' times/timing.csv
check "damaged times are cut off, and that is said" \
    says 'note: times/timing.csv:7: damaged' more times
check "and stop nothing" first_line_is times/status "done"

# --- resume.h5 -----------------------------------------------------------------

fresh state
truncate -s 4000 state/checkpoints/resume.h5
expect_fail 6 'state/checkpoints/resume.h5: damaged .*--restart' more state
check "remedy: --restart" train state --restart
check "gives the same bytes" is_whole_again state
rm state/checkpoints/resume.h5
expect_fail 6 'resume.h5: not there.*train state --restart' train state
check "remedy: --restart of a finished run without its state" \
    train state --restart
check "gives the same bytes" is_whole_again state
check "a whole run can be computed again, too" train state --restart
check "with the same bytes" is_whole_again state
expect_fail 2 'restart wants the folder of a run' train tiny.ini --restart
expect_fail 2 'unknown option --restrt' train state --restrt

# --- config.ini, manifest.ini, status --------------------------------------------

fresh config
sed -i 's/^lr = .*/lr = 0.5/' config/config.ini
expect_fail 3 'config/config.ini: was changed .*--resume' more config
expect_fail 3 'other settings' train tiny.ini --resume run.dir=config optim.lr=1
expect_fail 3 'longer, not shorter' train tiny.ini --resume run.dir=config \
    train.steps=40
check "remedy: the config given once more" \
    train tiny.ini --resume run.dir=config train.steps=80
check "the run goes on without it then" train config train.steps=100
expect_fail 3 'other settings' train tiny.ini --resume run.dir=config \
    train.steps=100 optim.lr=1

fresh 'its copy'
expect_fail 3 "by .sinklab train 'its copy'.\$" \
    train tiny.ini --resume run.dir='its copy' optim.lr=1
rm 'its copy/config.ini'
expect_fail 3 "its copy/config.ini is missing: .*--resume run.dir='its copy'. " \
    train 'its copy'
fresh manifest
sed -i 's/^id = ./id = x/' manifest/manifest.ini
expect_fail 4 'manifest/manifest.ini: was changed .*move it away' more manifest
check "remedy: moved away" mv manifest/manifest.ini old.ini
expect_fail 4 'listed above' "$SINKLAB" verify manifest
check_found "then verify says what writes it anew" \
    'manifest.ini: is missing; put a copy back, or `sinklab train RUN`'
check "which does so, though all is done" \
    says 'note: manifest/manifest.ini is missing: a new one begins' train manifest
check "and then all holds" "$SINKLAB" verify manifest
: >manifest/manifest.ini
expect_fail 4 'listed above' "$SINKLAB" verify manifest
check_found "an emptied one is damaged" 'manifest/manifest.ini: is empty: '
check "remedy: moved away again" rm manifest/manifest.ini
check "the run keeps its id, and goes on" more manifest
id() { grep -a '^id = ' "$1"; }
check "which stands in the new manifest" \
    test "$(id manifest/manifest.ini)" = "$(id whole/manifest.ini)"

fresh status
sed -i '1s/done/dome/' status/status
check "a damaged status stops nothing" more status
check "and is written anew" first_line_is status/status "done"
: >status/status
expect_fail 4 'listed above' "$SINKLAB" verify status
check_found "an emptied one is damaged" 'status/status: is empty: '
check "and written anew" more status
check "and then all holds" "$SINKLAB" verify status

# --- verify ----------------------------------------------------------------------

verify() { # folder...
    "$SINKLAB" verify "$@"
}
check "an analysis" "$SINKLAB" analyze whole
check "all holds" says 'all holds: 1 run' verify whole
ln -s whole alias
check "a run is checked once" says 'all holds: 1 run' verify whole ./whole/ alias
rm alias
check "of a run that went on, too" verify state config changed
fresh strange
mkdir strange/.tmp-999999-x strange/checkpoints/.tmp-999999-x
check "folders that bear a writer's name are none of ours" verify strange
touch strange/.tmp-999999-metrics.csv
expect_fail 4 '1 finding, listed above' verify strange
check_found "a file of such a name is told" \
    'strange/.tmp-999999-metrics.csv: left by a writer that was killed'
rm -r strange
fresh wrong
sed -i '5d' wrong/metrics.csv
expect_fail 4 'verify: 1 finding, listed above' verify wrong
check_found "with the line" \
    'wrong/metrics.csv:5: damaged'
rm wrong/checkpoints/step-00000020.h5
expect_fail 6 'listed above' verify wrong
check_found "what is missing is told" \
    'wrong/checkpoints/step-00000020.h5: is missing'
cp wrong/checkpoints/step-00000040.h5 wrong/checkpoints/step-00000020.h5
expect_fail 6 'listed above' verify wrong
check_found "and what is in another's place" \
    'step-00000020.h5: says it is of step 40'
cp whole/checkpoints/step-00000020.h5 wrong/checkpoints/
train tiny.ini run.dir=other >/dev/null
cp other/checkpoints/step-00000040.h5 wrong/checkpoints/
expect_fail 6 'listed above' verify wrong
check_found "and what is another run's" \
    'step-00000040.h5: belongs to run'
fresh 'its copy' && rm 'its copy/metrics.csv'
expect_fail 4 'listed above' verify 'its copy'
check_found "a remedy is typed as it stands" \
    "or \`sinklab train 'its copy' --restart\` computes"
expect_fail 2 'holds no run: give the folder that' verify "$ROOT/src"
expect_fail 2 'which folder' verify
mkfifo near there
SINKLAB_TEST="train step 29 wait near; train step 30 wait there" \
    "$SINKLAB" train tiny.ini run.dir=live >/dev/null 2>&1 &
process=$!
: >near # reached when this has a reader
check "a run in use holds as far as it is written" \
    says 'live: in use: checked as far' verify live
check "and nothing is found there" says 'all holds' verify live
cp -r live killed
: >there
wait "$process"
check "a killed run, where its folder is left at step 30, holds" verify killed
before=$(ls -lR --time-style=full-iso killed | md5sum)
check "a folder that may not be written" chmod -R a-w killed
check "is verified" verify killed
check "and stays as it is" chmod -R u+w killed
check "to the nanosecond" test "$before" = \
    "$(ls -lR --time-style=full-iso killed | md5sum)"

# --- lists and tables --------------------------------------------------------------

fresh torn
truncate -s -1 torn/metrics.csv
check "runs says that a file is damaged" \
    says 'note: torn/metrics.csv: its last row is cut off' "$SINKLAB" runs torn
check_not "and nothing of a whole run" says note: "$SINKLAB" runs whole
check "compare says that a row is cut off" \
    says 'torn/metrics.csv: its last row is cut off' "$SINKLAB" compare torn whole
truncate -s -1 torn/analysis.csv
expect_fail 4 'torn/analysis.csv: its last line is cut off; run .sinklab analyze' \
    "$SINKLAB" compare torn whole
check "remedy: analyze" "$SINKLAB" analyze torn
check "then it is whole" cmp whole/analysis.csv torn/analysis.csv

# --- names that would steer a terminal ----------------------------------------------

steers=$'steers\e[31m' none=$'none\e[31m'
cp -r whole "$steers"
raw() { # COMMAND...: does an escape sequence come through?
    "$@" 2>&1 | grep -q $'\e'
}
for command in train verify bench; do
    check_not "$command of no such name" raw "$SINKLAB" $command "$none"
done
check_not "no such metric" raw "$SINKLAB" compare "$steers" --metric "$none"
check_not "a run of such a name" raw train "$steers"
check_not "computed again" raw train "$steers" --restart
rm "$steers/checkpoints/resume.h5"
check_not "and damaged" raw "$SINKLAB" verify "$steers"
rm "$steers/lock" && mkdir "$steers/lock"
"$SINKLAB" verify "$steers" >"$T/found"
check "a lock that cannot be read is told once" test "$(grep -c '/lock' "$T/found")" -eq 1

# --- a sweep -----------------------------------------------------------------------

cat >sweep.ini <<'END'
include = tiny.ini
[axes]
run.seed = 1, 2
END
sweep() { # arguments
    "$SINKLAB" sweep "$@"
}
check "a sweep" sweep sweep.ini run.dir=s
check "all of it holds" says 'all holds: 2 runs, 1 sweep' verify s
check "all of it once" says 'all holds: 2 runs, 1 sweep' verify s/0001-seed2 s s
cp -r s s.whole
sed -i '3s/launched/launchee/' s/journal
expect_fail 4 's/journal:3: damaged' sweep status s
expect_fail 4 's/journal:3: damaged' sweep s
expect_fail 4 's/journal:3: damaged' sweep sweep.ini run.dir=s
check "remedy: moved away" mv s/journal old.journal
check "then its status is shown" says '2 done' sweep status s
check "and it goes on" sweep s
check "with a new one, though nothing was to be started" verify s
truncate -s -10 s/journal
expect_fail 4 'listed above' verify s
check_found "a torn line is told" 's/journal: its last line is cut off'
check "remedy: the sweep, of which all is done" sweep s
check "drops it" verify s
: >s/journal
expect_fail 4 'listed above' verify s
check "it begins an emptied one anew" sweep s
check "and then all holds" verify s

sed -i 's/^lr = .*/lr = 0.5/' s/configs/0001-seed2.ini
rm -r s/0001-seed2
expect_fail 3 's/configs/0001-seed2.ini: was changed .*sinklab sweep FOLDER' \
    sweep s --index 1
check "remedy: the sweep writes a damaged configuration anew, and says so" \
    says 'had a frozen configuration that was damaged or missing' sweep s
check "as it was" same_bytes s.whole/configs/0001-seed2.ini \
    s/configs/0001-seed2.ini
check "with the same numbers" same_bytes s.whole/0001-seed2/metrics.csv \
    s/0001-seed2/metrics.csv
sed -i 's/^lr = .*/lr = 0.5/' s/sweep.ini
expect_fail 3 's/sweep.ini: was changed .*sinklab sweep FILE' sweep s
check "remedy: the sweep's file" sweep sweep.ini run.dir=s
check "gives the same file" same_bytes s.whole/sweep.ini s/sweep.ini
mkdir all && cp -r s all/s && cp -r whole all/one
check "runs and sweeps below a folder" says 'all holds: 3 runs, 1 sweep' \
    verify all
sed -i 's/^lr = .*/lr = 0.5/' all/s/sweep.ini
check "and a sweep's damage among them" says 'all/s/sweep.ini: was changed' \
    verify all
sed -i '2s/in/im/' s/runs.list
expect_fail 4 's/runs.list:2: damaged' sweep s
check "remedy: a copy put back" cp s.whole/runs.list s
check "then it goes on" sweep s

finish

#!/usr/bin/env bash
# --json of the commands that print facts: one line, JSON, and what people are
# told. How much of it is looked at depends on whether Python is there.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2

write_cats cats.ini '
[train]
batch = 2
val_tokens = 32
val_every = 2
[sink]
probe_every = 2
probe_sequences = 1
[checkpoint]
every = 2'
printf 'include = cats.ini\n[axes]\nrun.seed = 1, 2\n' >seeds.ini
check "train" "$SINKLAB" sweep seeds.ini run.dir=runs

if ! command -v python3 >/dev/null; then
    echo "# no python3: only the form is looked at"
fi
# is_json EXPRESSION COMMAND... - the command prints a line of JSON, x, of which
# the expression of Python holds.
is_json() {
    local holds=$1
    shift
    "$@" >json || return
    [ "$(wc -l <json)" -eq 1 ] && grep -Eq '^[[{].*[]}]$' json || {
        cat json >&2
        return 1
    }
    command -v python3 >/dev/null || return 0
    python3 -c 'import json, sys
x = json.load(open("json", encoding="utf-8"))
assert eval("(" + sys.argv[1] + ")"), x' "$holds"
}

check "train --dry-run" is_json 'x["parameters"] > 4000 and x["tokens"] == 128 and x["time_s"] > 0 and x["step_s"] > 0' \
    "$SINKLAB" train cats.ini --dry-run --json
# of 128 tokens, and forward alone of 3 validations of 32 and 3 probes of 16
check "... at a rate" is_json 'x["time_s"] == 88 and x["step_s"] is None and x["weights_files"] == 3' \
    "$SINKLAB" train cats.ini --dry-run --rate 2 --json
check "... for people" eval '"$SINKLAB" train cats.ini --dry-run --rate 2 |
    grep -qx "time           about 1m28s at 2 tokens/s, what is measured included"'
check "... measured" eval '"$SINKLAB" train cats.ini --dry-run |
    grep -Eqx "time           about [0-9.]+m?[0-9]*s: [0-9.e+]+ ms a step, [0-9.e+]+ tokens/s, without saving"'
check_not "... which writes nothing" test -e runs/cats
check "... says that a run ends within its warm-up" eval '"$SINKLAB" train cats.ini --dry-run --rate 2 optim.lr=0.008 \
    optim.warmup_steps=8 | grep -qx "learning rate  0.008, 0.004 at the last step, which is still one of optim.warmup_steps"'
check_not "... of a run without any step there is no such row" eval \
    '"$SINKLAB" train cats.ini --dry-run --rate 2 train.steps=0 | grep -q "learning rate"'
check "... and so does the run" eval '"$SINKLAB" train cats.ini run.dir=warming optim.lr=0.008 optim.warmup_steps=8 |
    grep -qx "note: the last step is still one of optim.warmup_steps = 8: the learning rate ends at 0.004, of 0.008"'
first=$(echo runs/0000*)
check "... of a run that is done" is_json 'x["steps_done"] == x["steps"] == 4 and x["time_s"] == 0' \
    "$SINKLAB" train "$first" --dry-run --json
check "... for people" eval '"$SINKLAB" train "$first" --dry-run | tr "\n" " " |
    grep -q "done           4 of 4 steps time left      none: more train.steps go on with it"'
# 64 tokens, a validation and a probe
check "... of one that is to go on" is_json 'x["steps_done"] == 4 and x["time_s"] == 40' \
    "$SINKLAB" train "$first" train.steps=6 --dry-run --rate 2 --json
check "... and if it is computed again" is_json 'x["steps_done"] == 0 and x["time_s"] == 88' \
    "$SINKLAB" train "$first" --restart --dry-run --rate 2 --json
# where it cannot be trained it says why
small() {
    (ulimit -v 400000 && "$SINKLAB" train cats.ini --dry-run model.width=2048 model.layers=8 "$@")
}
check "... where there is no memory" eval 'small | grep -Eq "^time +not measured: training needs "'
check "... and for programs" is_json 'x["time_s"] is None' small --json
expect_fail 2 '--rate goes with --dry-run' "$SINKLAB" train cats.ini --rate 3 run.dir=none
expect_fail 2 '--json goes with --dry-run' "$SINKLAB" train cats.ini --json run.dir=none
check_not "... which trains nothing" test -e none

check "data info of a config" is_json 'x["parts"][0]["corpus"]["tokens"] == 1560 and x["bos"] == 256
and x["eos"] is None and x["vocabulary"] == 257 and x["parts"][0]["training_tokens"] == 1404' \
    "$SINKLAB" data info cats.ini --json
check "... of a path" is_json 'x["corpus"]["files"][0] == {"path": "cats", "bytes": 1560}
and x["hash"] == x["corpus"]["hash"] and x["corpus"]["documents"]["n"] == 1' \
    "$SINKLAB" data info cats --json
check "... of a mixture" is_json 'len(x["parts"]) == 2 and x["parts"][1]["samples"] is None and x["parts"][0]["share"] == 0.75' \
    "$SINKLAB" data info cats.ini data.source=mixture data.mixture='3*text:cats, 1*random' --json
expect_fail 4 'nowhere' "$SINKLAB" data info cats.ini data.path=nowhere --json
check_not "... and no half of it" test -s "$T/out"

check "list" is_json 'len(x) > 100 and all("kind" in i and "name" in i for i in x)' "$SINKLAB" list --json
# shellcheck disable=SC2016 # eval's
check "... has the names" eval 'names=$("$SINKLAB" list optimizer --names | tr "\n" " ") &&
    is_json "\" \".join(i[\"name\"] for i in x) + \" \" == \"$names\"" "$SINKLAB" list optimizer --json'
expect_fail 2 'no kind' "$SINKLAB" list optimizers --json
list_is_short() {
    [ "$("$SINKLAB" list | wc -l)" -le 100 ] &&
        "$SINKLAB" list | grep -q '^    adamw, sgd' &&
        "$SINKLAB" list | tail -n 1 | grep -q 'sinklab list metric'
}
check "what metrics take for known is said" eval \
    '"$SINKLAB" list metric sink_1 | grep -q "^proxy weight: " && ! "$SINKLAB" list metric val_loss | grep proxy'
check "without a kind there are names" list_is_short
said_of_sink() {
    "$SINKLAB" list metric sink_1 |
        grep -q 'definition .*first.*over eps .sink.eps, usually 0.3. of the weight'
}
check "sink_1 in one line" said_of_sink
expect_fail 2 "no kind 'weights', did you mean attention;" "$SINKLAB" list weights
expect_fail 2 'did you mean optimizer;' "$SINKLAB" list optim.name
expect_fail 2 "no kind 'sink_1', did you mean metric sink_1;" "$SINKLAB" list sink_1
expect_fail 2 '--names with --json' "$SINKLAB" list --names --json

check "analyze" is_json '[(c["step"], c["state"], c["why"]) for c in x["checkpoints"]] == [(s, "measured", None) for s in (0, 2, 4)]
and x["run"] == "runs/0000-seed1" and (x["measured"], x["kept"], x["failed"]) == (3, 0, 0)
and x["files"] == ["runs/0000-seed1/analysis.csv", "runs/0000-seed1/analysis.h5"] and x["loss_on"].startswith("analysis, ")
and x["checkpoints"][2]["values"]["sink_bias"] is None' "$SINKLAB" analyze runs/0000-seed1 --json
check "... says what analysis.csv says" is_json '[[(f"{v:.9g}" if v is not None else "") for v in c["values"].values()] for c in x["checkpoints"]]
== [l.split(",")[1:-2] for l in open("runs/0000-seed1/analysis.csv").read().split("\n")[1:-1]]
and [c["state"] for c in x["checkpoints"]] == 3 * ["kept"] and x["kept"] == 3' "$SINKLAB" analyze runs/0000-seed1 --json
check "... of several runs" is_json '[(r["run"], r["state"], r["why"]) for r in x["runs"]] == [("runs/0000-seed1", "up to date", None),
("runs/0001-seed2", "analyzed", None)] and (x["analyzed"], x["up_to_date"], x["unfinished"], x["failed"]) == (1, 1, 0, 0)' \
    "$SINKLAB" analyze runs --json
check "... says whose numbers are gone" is_json '[("eps 0.3" in r["settings_gone"]) for r in x["runs"]] == [True, True]' \
    "$SINKLAB" analyze runs sink.eps=0.2 --json
"$SINKLAB" analyze runs >/dev/null 2>&1
cp -r runs/0000-seed1 hurt
printf x >>hurt/checkpoints/step-00000002.h5
expect_fail 6 '1 of 3 checkpoints could not' "$SINKLAB" analyze hurt --json
cp "$T/out" found
check "... with one that is damaged" is_json '[c["state"] for c in x["checkpoints"]] == ["kept", "failed", "kept"]
and "seal" in x["checkpoints"][1]["why"] and x["checkpoints"][1]["values"] is None and x["failed"] == 1' cat found
for file in hurt/checkpoints/step-*.h5; do printf x >>"$file"; done
cp hurt/analysis.csv before
expect_fail 6 'seal' "$SINKLAB" analyze hurt --json --again
check_not "... says nothing where none can be read" test -s "$T/out"
check "... and writes nothing" same_bytes before hurt/analysis.csv
expect_fail 11 '1 of 2 runs could not be analyzed' "$SINKLAB" analyze hurt runs/0001-seed2 --json --again
cp "$T/out" found
check "... of several, one that is damaged" is_json '[r["state"] for r in x["runs"]] == ["failed", "analyzed"]
and "seal" in x["runs"][0]["why"] and x["failed"] == 1' cat found

check "runs" is_json '[(i["status"], i["step"], i["run.seed"]) for i in x] == [("done", 4, 1), ("done", 4, 2)]
and x[0]["sink_1"] >= 0 and len(x[0]["run"]) > 5' "$SINKLAB" runs runs --json
check "... some of them" is_json 'len(x) == 1 and x[0]["run"] == "runs/0001-seed2"' \
    "$SINKLAB" runs runs --where run.seed=2 --json
check "... none of them" is_json 'x == []' "$SINKLAB" runs runs --where run.seed=3 --json
expect_fail 2 '--json with --remove' "$SINKLAB" runs runs --json --remove
check "verify" is_json 'x == {"findings": [], "runs": 2, "sweeps": 1, "in_use": 0}' "$SINKLAB" verify runs --json
cp -r runs damaged
sed -i 's/^2,/2,1/' damaged/0000-seed1/metrics.csv
expect_fail 4 'findings?, listed above' "$SINKLAB" verify damaged --json
cp "$T/out" found
check "... says what is damaged" is_json 'any("metrics.csv:3: damaged" in i["finding"] and i["status"] == 4 for i in x["findings"])' cat found

check "sweep status" is_json '[(i["state"], i["step"], i["steps"], i["starts"]) for i in x["runs"]] == 2 * [("done", 4, 4, 1)]' \
    "$SINKLAB" sweep status runs --json
check "sweep --dry-run" is_json 'x["to_do"] == 2 and x["time_s"] > 0 and [i["state"] for i in x["runs"]] == ["new", "new"]' \
    "$SINKLAB" sweep seeds.ini run.dir=other --dry-run --json
check "... what the others' seeds would add" is_json 'x["later"] == 1 and x["to_do"] == 1' \
    "$SINKLAB" sweep seeds.ini run.dir=other sweep.seeds=1 --dry-run --json
# two runs of 88 seconds each, one after the other
check "... at a rate" is_json 'x["runs_s"] == 176 and x["time_s"] == 176 and [i["time_s"] for i in x["runs"]] == [88, 88]' \
    "$SINKLAB" sweep seeds.ini run.dir=other sweep.jobs=1 --dry-run --rate 2 --json
check "... no more at once than are to be trained" is_json 'x["jobs"] == 2' \
    "$SINKLAB" sweep seeds.ini run.dir=other sweep.jobs=50 --dry-run --rate 2 --json
check "... none where all are done" is_json 'x["to_do"] == 0 and x["jobs"] == 0 and x["time_s"] == 0' \
    "$SINKLAB" sweep seeds.ini run.dir=runs --dry-run --rate 2 --json
check "... as many as this machine's memory holds, where it is timed" is_json 'x["jobs"] == 1' \
    env SINKLAB_TEST='sweep memory 1 value 1' "$SINKLAB" sweep seeds.ini run.dir=other --dry-run --json
check "... and as would be without that, where a rate is given" is_json "x['jobs'] == min(2, $(nproc))" \
    env SINKLAB_TEST='sweep memory 1 value 1' "$SINKLAB" sweep seeds.ini run.dir=other --dry-run --rate 2 --json
expect_fail 2 '--rate goes with --dry-run' "$SINKLAB" sweep seeds.ini run.dir=other --rate 2
check_not "... and nothing was begun" test -e other
# what its parts refuse when they begin is refused here, too, of any run
expect_fail 3 'freeze.*nothing' "$SINKLAB" train cats.ini --dry-run --rate 2 optim.freeze=nothing
expect_fail 3 'cannot be built: .*freeze.*nothing' "$SINKLAB" sweep seeds.ini run.dir=other --dry-run --rate 2 optim.freeze=nothing
expect_fail 3 'lr_attention = 2: this model has no tensor' "$SINKLAB" train cats.ini --dry-run --rate 2 optim.lr_attention=2
printf 'include = cats.ini\n[model]\nbiases = no\n[axes]\noptim.lr_biases = 1, 2\n' >rates.ini
expect_fail 3 'lr_biases=2 cannot be built: .*lr_biases = 2: .*leave it at 1' "$SINKLAB" sweep rates.ini run.dir=other --dry-run --rate 2
printf 'include = cats.ini\n[axes]\noptim.lr_head = 1, 2\n' >heads.ini
expect_fail 3 'lr_head = 2 .*read only with model.tied_head = no' "$SINKLAB" sweep heads.ini run.dir=other --dry-run --rate 2
printf 'include = cats.ini\n[axes]\noptim.schedule = constant, step\n' >later.ini
expect_fail 3 'schedule=step cannot be built: .*drop_at' "$SINKLAB" sweep later.ini run.dir=other
check_not "... and no run of it was begun" test -e other
expect_fail 2 '--json goes with --dry-run or status' "$SINKLAB" sweep seeds.ini run.dir=other --json
check "compare" is_json 'len(x) == 2 and x[0]["steps"] == 4' \
    "$SINKLAB" compare runs/0000-seed1 runs/0001-seed2 --json -
check "... into a file" "$SINKLAB" compare runs/0000-seed1 runs/0001-seed2 --json file.json
check "... the same" same_bytes json file.json
finish

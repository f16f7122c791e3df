#!/usr/bin/env bash
# `sinklab export`: lines of JSON that hold what the files do, and event files
# that TensorBoard's own reader opens, where Python has it (PYTHON names one).
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2
PYTHON=${PYTHON:-python3}

cat >sweep.ini <<END
include = $ROOT/tests/system/tiny.ini
[train]
steps = 20
log_every = 5
val_every = 10
[sink]
probe_every = 10
[axes]
attention.weights = softmax, relu
optim.lr = 1e-3, 1e-2
END
check "a sweep" "$SINKLAB" sweep sweep.ini run.dir=s
check "analyzed" "$SINKLAB" analyze s

# --- what is written ---------------------------------------------------------

check "both forms" "$SINKLAB" export s --jsonl rows.jsonl --tensorboard events
n_rows() { # FILE of every run, without headers
    tail -q -n +2 s/*/"$1" | wc -l
}
has_all_rows() {
    for file in metrics timing analysis; do
        [ "$(grep -c "\"file\":\"$file\"" rows.jsonl)" -eq "$(n_rows $file.csv)" ] || return 1
    done
}
check "a line for each row of each file" has_all_rows
check "lines begin with the run and the keys that differ" test 4 -eq "$(
    grep -oE '^\{"run":"[^"]+","attention.weights":"(softmax|relu)","optim.lr":0\.01?0?1?,"file":"metrics","step":20,' \
        rows.jsonl | wc -l)"
"$SINKLAB" export s --jsonl - >piped 2>told
check "standard output gets the same bytes, and nothing else" cmp rows.jsonl piped
check "a run alone has no keys" bash -c \
    '"$1" export s/0000* --jsonl - | head -n 1 | grep -q "^{\"run\":\"[^\"]*\",\"file\":\"metrics\",\"step\":0,"' \
    - "$SINKLAB"
check "a condition" bash -c '[ "$("$1" export s --where optim.lr=0.01 --jsonl - |
    cut -d , -f 1 | sort -u | wc -l)" -eq 2 ]' - "$SINKLAB"
again() {
    cp -r events before
    "$SINKLAB" export s --tensorboard events >/dev/null && diff -r before events
}
check "written again it is the same" again

# --- what is refused ---------------------------------------------------------

expect_fail 2 'say what to write' "$SINKLAB" export s
expect_fail 2 'no run folder given' "$SINKLAB" export
expect_fail 2 'nowhere' "$SINKLAB" export nowhere --jsonl x
expect_fail 2 'no run fits --where' "$SINKLAB" export s --where 'optim.lr=7' --jsonl x
expect_fail 7 'config.ini' "$SINKLAB" export s --jsonl "$(echo s/0000*)/config.ini"
expect_fail 7 'sweep.ini is a file, and --tensorboard wants a folder' \
    "$SINKLAB" export s --tensorboard sweep.ini --jsonl y
expect_fail 2 "'-' is standard output" "$SINKLAB" export s --tensorboard - --jsonl y
run=$(echo s/0000*)
for dir in s "$run" "$run/" "$run/checkpoints" "$run/new/events"; do
    expect_fail 7 'would write into the run s/0000' "$SINKLAB" export s --tensorboard "$dir" --jsonl y
done
in_folder() { # FOLDER COMMAND...
    (cd "$1" && "${@:2}")
}
expect_fail 7 'would write into the run .*/s/0000' \
    in_folder "$run" "$SINKLAB" export . --tensorboard events
expect_fail 7 'would write into the run .*/s/0000' \
    in_folder "$run/checkpoints" "$SINKLAB" export ../.. --tensorboard events
expect_fail 7 'lies within the run .*/s/0000' \
    in_folder "$run" "$SINKLAB" train config.ini run.dir=new
expect_fail 2 'named for two reports' "$SINKLAB" export s --tensorboard y --jsonl ./y
expect_fail 2 'named for two reports' "$SINKLAB" export s --tensorboard y/z --jsonl y
check_not "runs are as they were" eval 'find s -name "*.tfevents*" | grep .'
expect_fail 2 'are one run: give it once' "$SINKLAB" export s "./$run" --jsonl y
mkdir other
cp -r s/0000* other
expect_fail 2 'have one name' "$SINKLAB" export s other --tensorboard x --jsonl y
check "nothing came of it" test ! -e x -a ! -e y
called() {
    "$SINKLAB" export s other --jsonl - | grep -o '^{"run":"[^"]*"' | sort -u
}
check "rows of runs of one name are told apart by their paths" eval \
    'called | grep -q "\"s/0000" && called | grep -q "\"other/0000" && [ "$(called | wc -l)" -eq 5 ]'
sed -i '3s/,[0-9]*,/,7,/' other/*/metrics.csv
expect_fail 4 'metrics.csv:3' "$SINKLAB" export other --jsonl x
cp -r "$run" odd # as an older version or a hand left it: rows have no hashes
refuses_timing() { # TEXT WANT
    printf "$1" >odd/timing.csv
    expect_fail 4 "odd/timing.csv:$2" "$SINKLAB" export odd --tensorboard x
    expect_fail 4 "odd/timing.csv:$2" "$SINKLAB" export odd --jsonl y
}
refuses_timing 'wall_s\n0.5\n' '1: no column named step'
refuses_timing 'step,wall_s\n0,0.5\n,0.7\n' '3: step: got nothing, want 0, 1, 2'
refuses_timing 'step,wall_s\nnan,0.5\n' '2: step: got nan, want 0, 1, 2'
cp "$run/timing.csv" odd
printf 'step,loss\nnan,1\n' >odd/metrics.csv
expect_fail 4 'odd/metrics.csv:2: step: got nan' "$SINKLAB" export odd --tensorboard x

# --- as others read it -------------------------------------------------------

reads() { # MODULES SCRIPT
    local missing
    missing=$("$PYTHON" -c "import $1" 2>&1) || {
        n_checks=$((n_checks + 1))
        echo "ok $n_checks - $1 # SKIP $PYTHON: ${missing##*$'\n'}"
        return
    }
    check "$1 reads it" "$PYTHON" -B -c "$2"
}
reads json '
import csv, glob, json, math
lines = [json.loads(line) for line in open("rows.jsonl")]
for path in glob.glob("s/*/*.csv"):
    _, run, file = path.split("/")
    mine = [l for l in lines if l["run"] == run and l["file"] + ".csv" == file]
    rows = list(csv.DictReader(open(path)))
    assert len(mine) == len(rows) > 0
    for line, row in zip(mine, rows):
        row = {k: float(v) for k, v in row.items() if v and k not in ("row_hash", "analysis")}
        line = {k: float(v) for k, v in line.items() if k not in ("run", "file") and "." not in k}
        assert line.keys() == row.keys(), (line, row)
        assert all(line[k] == row[k] or math.isnan(row[k]) for k in row), (line, row)
'
reads tensorboard '
import csv, glob, numpy
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
for run in glob.glob("s/0*"):
    events = EventAccumulator("events" + run[1:], {"scalars": 0, "tensors": 0})
    events.Reload()
    text = events.Tensors("config")[0].tensor_proto.string_val[0].decode()
    assert "    [attention]\n" in text and "    weights = " in text, text
    wanted = set()
    for file in ("metrics", "timing", "analysis"):
        rows = list(csv.DictReader(open(f"{run}/{file}.csv")))
        for column in set(rows[0]) - {"step", "row_hash", "analysis"}:
            given = [r for r in rows if r[column]]
            if not given:
                continue
            wanted.add(f"{file}/{column}")
            got = events.Scalars(f"{file}/{column}")
            assert [e.step for e in got] == [int(r["step"]) for r in given]
            assert all(numpy.float32(e.value) == numpy.float32(r[column]) for e, r in zip(got, given))
            if file == "timing":
                assert [e.wall_time for e in got] == [float(r["wall_s"]) for r in given]
    assert set(events.Tags()["scalars"]) == wanted
'
reads pandas '
import pandas
rows = pandas.read_json("rows.jsonl", lines=True)
last = rows[rows.file == "analysis"].groupby(["attention.weights", "optim.lr"]).last()
assert len(last) == 4 and last.val_loss.between(2, 4).all(), last
'
finish

#!/usr/bin/env bash
# tests/fuzz/seeds.sh FOLDER - a small corpus for each target, FOLDER/NAME, out
# of the project's own files and of a tiny run and sweep made on the spot.
# $SINKLAB is the program.
set -eu
export LC_ALL=C OMP_NUM_THREADS=1
root=$(cd "$(dirname "$0")/../.." && pwd)
sinklab=${SINKLAB:?}
to=$1
mkdir -p "$to"
to=$(cd "$to" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/sinklab-seeds.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

for name in ini config sweep_file table run_folder sweep_folder filter hdf hdf_tree tokens \
    vocabulary json_text prompt kept claims safetensors; do
    rm -rf "${to:?}/$name"
    mkdir "$to/$name"
done

with_byte() { # octal file: the file behind one byte, which chooses its reader
    printf "\\$1"
    cat "$2"
}

# One that reads no other file: includes resolved away
printf '[model]\nlayers = 1\nwidth = 8\nheads = 2\ncontext = 8\n[train]\nsteps = 2\nbatch = 1\n[data]\nsource = random\nvocab = 8\n[sink]\ntokens = 8\nsequences = 1\n' >tiny.ini
printf '%s\n' '[sweep]' 'jobs = 1' '[axes]' 'optim.lr = 1e-3, 1e-2' 'run.seed = 1 to 2' >axes.ini
cat tiny.ini axes.ini >tiny-sweep.ini
"$sinklab" train tiny.ini run.dir=run >/dev/null
"$sinklab" analyze run >/dev/null
"$sinklab" sweep tiny-sweep.ini run.dir=sweep >/dev/null

ini=0
for file in "$root"/configs/*.ini "$root"/experiments/*/*.ini run/config.ini \
    run/manifest.ini sweep/sweep.ini tiny-sweep.ini; do
    ini=$((ini + 1))
    cp "$file" "$to/ini/$ini"
    grep -v '^include' "$file" >"$to/sweep_file/$ini"
    {
        grep -v '^include' "$file"
        printf '\0optim.lr=1e-4\0model.preset=llama'
    } >"$to/config/$ini"
done
cat tiny.ini - >"$to/sweep_file/random" <<'END'
[axes]
optim.name & optim.lr = sgd & 0.1, adamw & 1e-3
attention.weights = softmax, sigmoid
attention.sigmoid_b if attention.weights = sigmoid = 0, -1
[random]
draws = 3
seed = 7
optim.warmup_steps = choice 1, 2, 3
optim.clip = loguniform 1e-2 to 1
optim.weight_decay = uniform 0 to 0.1
[exclude]
attention.weights = sigmoid and optim.name != adamw
END
cp run/metrics.csv run/timing.csv run/analysis.csv "$to/table/"
for file in metrics timing; do # without their hashes, which the target adds
    sed 's/,[^,]*$//' run/$file.csv >"$to/table/$file-open"
done
printf 'step,loss\n1,nan\n2,-inf\n3,\n4,1e-300\n5,0x1p3\n6' >"$to/table/odd"
with_byte 1 run/status >"$to/run_folder/status"
with_byte 0 run/manifest.ini >"$to/run_folder/manifest"
with_byte 34 run/manifest.ini >"$to/run_folder/manifest-started"
sed '/^; seal = /d' run/status >status
sed '/^; seal = /d' run/manifest.ini >manifest
with_byte 3 status >"$to/run_folder/status-open"
with_byte 2 manifest >"$to/run_folder/manifest-open"
with_byte 36 manifest >"$to/run_folder/manifest-open-started"
with_byte 0 sweep/runs.list >"$to/sweep_folder/list"
with_byte 1 sweep/journal >"$to/sweep_folder/journal"
# What is behind the seals: lines without their hashes
sed 's/\t[0-9a-f]*$//' sweep/runs.list >list
sed 's/\t[0-9a-f]*$//' sweep/journal >journal
with_byte 2 list >"$to/sweep_folder/list-open"
with_byte 3 journal >"$to/sweep_folder/journal-open"
i=0
while read -r filter; do
    i=$((i + 1))
    printf '%s' "$filter" >"$to/filter/$i"
done <<'END'
optim.lr>1e-3 and status=done
name=relu* and step >= 500
sink_1 != 0.5 and attention.weights == "softmax"
loss<2 and val_loss<='3'
model.biases=yes and run.seed!=3
END
# Edits of a file that the target makes itself: place, kind, value
printf '\0' >"$to/hdf/nothing"
printf '\1\20\0\0\377\2\100\2\1\200' >"$to/hdf/edits"
# A group, a dataset below it, an attribute, the end; see struct record
printf 'o\0%.0s' >"$to/hdf_tree/short"
{
    record() { # kind name
        printf '%s' "$1"
        head -c 71 /dev/zero
        printf "\\$(printf %o ${#2})\0\0\0\0\0\0\0%s" "$2"
    }
    record o / && record o /param && record o /param/a && record a xxh3 &&
        record e ''
} >"$to/hdf_tree/whole"
# Token files behind two bytes: the format, and where in the rest (of 255) an
# index begins. A shard of llm.c with three tokens; such a file without header;
# one of Megatron's with two documents
{
    printf '\0\377\210\330\064\001\1\0\0\0\3\0\0\0'
    head -c 1012 /dev/zero
    printf '\1\0\2\0\3\0'
} >"$to/tokens/llmc"
printf '\1\377\1\0\2\0\3\0' >"$to/tokens/nanogpt"
{
    printf '\3\22\1\2\3\4\5\6MMIDIDX\0\0\1\0\0\0\0\0\0\0\10'
    printf '\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0'
    printf '\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0'
    printf '\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0'
} >"$to/tokens/megatron"
# A tensor of six numbers, and one of half precision
{
    printf '\163\0\0\0\0\0\0\0'
    printf '{"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},'
    printf '"b":{"dtype":"BF16","shape":[4],"data_offsets":[8,16]}}    '
    printf '\0\0\200\077\0\0\0\300\200\077\0\300\1\0\200\177'
} >"$to/safetensors/two"
# A model of SentencePiece's: an unknown, a control piece, a word, a byte, and
# fields that are passed over
piece() { # text, type
    printf "\\n\\$(printf %o $((${#1} + 9)))\\n\\$(printf %o ${#1})%s" "$1"
    printf '\25\0\0\200\277\30'
    printf "\\$2"
}
{
    piece '<unk>' 2
    piece '<s>' 3
    piece "$(printf '\342\226\201the')" 1
    piece '<0x0A>' 6
    printf '\22\4\10\1\20\2'
} >"$to/vocabulary/few"
printf '{"text": "to be \\u00e9\\ud83d\\ude00\\n", "meta": {"a": [1, -2.5e3, true, null]}}' \
    >"$to/json_text/meta"
printf ' {"id":[[{}],[]],"text":"","text":"\\"\\\\\\/\\b\\f\\r\\t\303\251"} \n' >"$to/json_text/twice"
printf '\0the cat \303\251\377' >"$to/prompt/bytes"
printf '\1the mat' >"$to/prompt/table"
printf '\0023 0, 299\t7' >"$to/prompt/numbers"
printf '\0031,2 3' >"$to/prompt/ours"
# Rows and checkpoints of an analysis, then its arrays: step, a column over
# nothing, one over layers and heads (fuzz_kept.c)
{
    sed 's/,[^,]*,[^,]*$//' run/analysis.csv
    printf '\0000 0123456789abcdef\n2 fedcba9876543210\n\0'
    printf '\0\7\0\1\0\0\1\0\0\1\0\0'
    for column in 7 10 11 12 13 14 15 16 17 20 21 22 23 24; do
        printf "\\$column"
        printf '\1\2\1\0\1'
    done
} >"$to/kept/two"
i=0
while read -r claim; do
    i=$((i + 1))
    printf 'expect = %s\n' "$claim" >"$to/claims/$i"
done <<'END'
sink_1(attention.weights=sigmoid) < sink_1(attention.weights=softmax)
val_loss falls as optim.lr rises
sink_1(attention.weights=relu) stays under 0.3
val_loss(optim.lr=1e-3) = val_loss(optim.lr=1e-2) within 0.05
formation(attention.weights=softmax) earlier than formation:first_mass(optim.lr=1e-2)
END
cat "$to"/claims/[1-5] - >"$to/claims/tables" <<'END'
correction = none
END
printf '\0run,run.seed,optim.lr\nlr/a,1,1e-3\nlr/b,2,0.01\n\0run,step,sink_1\nlr/a,0,0.5\nlr/b,0,\n' \
    >>"$to/claims/tables"

#!/usr/bin/env bash
# `sinklab attention`: its table, its files of numbers and its pictures, the same
# on any number of threads, and what is refused.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2

write_cats cats.ini '
[model]
layers = 2
context = 32
[attention]
bias = key
[train]
steps = 20
val_every = 0
[sink]
tokens = 32'
attention() {
    "$SINKLAB" attention "$@"
}
says() { # REGEX COMMAND...
    local regex=$1
    shift
    "$@" >said || return
    grep -Eq -- "$regex" said && return
    cat said >&2
    return 1
}
check "train" "$SINKLAB" train cats.ini run.dir=run
check "train with windows" "$SINKLAB" train cats.ini run.dir=spans \
    attention.bias=none attention.window=2 attention.window_layers=0
check "a line for each head" says '^ +1 +0 +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+$' \
    attention run --text 'the cat'
check "there are four" eval '[ "$(grep -Ec "^ +[01] +[01] " said)" -eq 4 ]'
check "what even weights would give" says '^first 34\.0 %, self 34\.0 %, previous 24\.5 %$' \
    attention run --text 'the cat'
check "of one token, too" says '^first 100\.0 %, self 100\.0 %$' attention run --tokens 3
check "where layers see other tokens, from the least on" says \
    '^first 18\.8 to 34\.0 %, self 34\.0 to 56\.2 %, previous 24\.5 to 50\.0 %$' attention spans --text 'the cat'
check "BOS is in front" says '"tokens":\[256,116,104\]' attention run --text th --json
check "or is not" says '"tokens":\[116,104\]' attention run --text th --json sink.bos=no
check "numbers are taken as they are" says '"tokens":\[3,256\]' \
    attention run --tokens '3 256' --json
check "one head" says '"heads":\[\{"layer":1,"head":0,"first":[0-9.e-]+,"self":[^]]*,"extra":[0-9.]+,"row_sum":(1|0\.99999[0-9]*|1\.00000[0-9]*),"of_row":\{[^}]*\},"even":\{"first":0\.339732143,"self":0\.339732143,"previous":0\.245408163\}\}\]' \
    attention run --text 'the cat' --layer 1 --head 0 --json
check "of one token there is nothing in front" says '"previous":null' \
    attention run --tokens 3 --json

check "rows that sum to one have no note" eval 'attention run --text "the cat" >said &&
    grep -q "first %" said && ! grep "note: rows" said'
check "train without a normaliser" "$SINKLAB" train cats.ini run.dir=loose \
    attention.bias=none attention.weights=sigmoid
check "rows that do not sum to one are told" says \
    '^note: rows of these heads do not all sum to 100 %, but to [0-9.]+ % at least and [0-9.]+ % at most; ' \
    attention loose --text 'the cat'
check "beside what each sums to" says 'previous %  row sum %$' attention loose --text 'the cat'
check "their shares are of a row's weights" says '^means over queries, parts of what a row sums to; ' \
    attention loose --text 'the cat'
check "JSON has both" says '"layer":1,"head":1,.*"row_sum":[0-9.e-]+,"of_row":\{"first":[0-9.e-]+,"self":[0-9.e-]+,"previous":[0-9.e-]+,"extra":null\},"even"' \
    attention loose --text 'the cat' --json
# of one token all that a row sums to is on the first
check "one token has all of its row" says '^ +0 +0 +100\.0 +100\.0 +- +[0-9.]+$' \
    attention loose --tokens 3
check "train with hardly any weight" "$SINKLAB" train cats.ini run.dir=faint \
    attention.bias=none attention.weights=sigmoid attention.sigmoid_b=-9
check "small sums have their digits" says 'but to 0\.0[0-9]+ % at least and 0\.[0-9]+ % at most' \
    attention faint --text 'the cat'

# --- numbers --------------------------------------------------------------------
check "HDF5" says '^wrote a.h5: 8 tokens$' attention run --text 'the cat' -o a.h5
check "h5dump opens it" h5dump -H a.h5
check "with its axes" eval 'h5dump -A -d /weights a.h5 >said &&
    grep -q "DIMENSION_LIST" said && grep -q "\"attention weight\"" said &&
    grep -q "( 2, 2, 8, 8 )" said'
check "extra column apart" eval 'h5dump -A -d /extra a.h5 | grep -q "( 2, 2, 8 )"'
check "rows sum to one with it" eval 'paste -d " " \
    <(h5dump -y -w 1 -d /weights a.h5 | grep -Eo "^ +[0-9.e-]+" | xargs -n 8) \
    <(h5dump -y -w 1 -d /extra a.h5 | grep -Eo "^ +[0-9.e-]+") |
    awk "{ s = 0; for (i = 1; i <= NF; i++) s += \$i
           if (NF != 9 || s < 0.9999 || s > 1.0001) exit 1 }
         END { exit NR != 32 }"'
attention run --text 'the cat' -o b.h5 train.threads=1 >said
check "one thread gives the same bytes" same_bytes a.h5 b.h5
check "another step gives others" attention run --text 'the cat' -o b.h5 --step 0
check_not "..." same_bytes a.h5 b.h5
check "it is replaced" attention run --text 'the dog' -o a.h5
python=
for p in python3 /usr/bin/python3; do
    "$p" -c 'import h5py, xarray, h5netcdf' 2>/dev/null && python=$p
done
if [ "$python" ]; then
    check "xarray opens it" "$python" -W error -c 'import json, xarray
x = xarray.open_dataset("a.h5", engine="h5netcdf")
assert x.weights.dims == ("layer", "head", "query", "key"), x.weights.dims
assert x.weights.sel(layer=1, head=0).sum("key").max() <= 1
assert json.loads(x.attrs["token_texts"])[:2] == ["<BOS>", "t"]
assert x.token.dims == ("query",) and x.weights.attrs["long_name"] == "attention weight"'
fi

# --- pictures -------------------------------------------------------------------
if command -v gnuplot >/dev/null; then
    check "SVG" attention run --text 'the cat' -o a.svg
    check "... says run and step" grep -q 'Attention weights: run, step 20, 8 tokens' a.svg
    check "... is whole" eval 'tail -n 3 a.svg | grep -q "^</svg>$"'
    cp a.svg b.svg
    check "again" attention run --text 'the cat' -o a.svg train.threads=1
    check "... gives the same bytes" same_bytes a.svg b.svg
    check "rows that do not sum to one" attention loose --text 'the cat' -o l.svg
    check "... are told below" grep -q 'Note:' l.svg
    check_not "... and else not" grep -q 'Note:' a.svg
    check "of six tokens panels have numbers" attention run --tokens '256 1 2 3 4 5' -o six.svg
    check "... all four" test "$(grep -Ec '>[0-9]+ %<' six.svg)" -ge 8
    check "of two there is no room" eval 'attention run --tokens "256 1" -o two.svg && ! grep -q "number in a panel" two.svg'
    mkdir -p a-folder-with-a-long-name && cp -r run a-folder-with-a-long-name/0003-sigmoid-seed1
    check "a long name" attention a-folder-with-a-long-name/0003-sigmoid-seed1 --tokens '256 1 2 3' -o long.svg
    check "... is cut in front" grep -Eq 'Attention weights: ….*/0003-sigmoid-seed1, step 20, 4 tokens' long.svg
    check "PNG" attention run --text 'the cat' -o a.png
    check "PDF" attention run --text 'the cat' -o a.pdf
    check "... is one" eval 'head -c 5 a.pdf | grep -q "%PDF-"'
fi
without_tools() {
    PATH=/nowhere "$SINKLAB" "$@"
}
expect_fail 10 'gnuplot, which draws figures and plots, is not found' \
    without_tools attention run --text cat -o none.svg
check_not "... and leaves no file" test -e none.svg
check "numbers need no gnuplot" without_tools attention run --text cat -o c.h5

# --- what is refused ------------------------------------------------------------
expect_fail 2 'of which text\? Give --text' attention run
expect_fail 2 'want a name that ends in .h5, .svg, .png or .pdf' \
    attention run --text a -o a.txt
expect_fail 2 'no checkpoint of step 7: want one of those there are: 0, 10 and 20' \
    attention run --text a --step 7
expect_fail 4 'makes 35 tokens with BOS, but the model was trained on 32' \
    attention run --text 'the cat sat on the mat, and the do'
expect_fail 4 "--tokens: got '257', want numbers of tokens, 0 to 256" \
    attention run --tokens 257
expect_fail 7 'is a folder, and would be replaced' eval 'mkdir d.svg; attention run --text a -o d.svg'
expect_fail 7 'bears the name of a file that runs' \
    attention run --text a -o run/checkpoints/step-00000010.h5
check "nothing happened to it" attention run --text a --step 10
expect_fail 5 'nowhere' attention run --text a -o nowhere/a.h5
mkdir locked && chmod a-w locked
if ! touch locked/x 2>/dev/null; then
    expect_fail 5 'locked' attention run --text a -o locked/a.h5
fi
cp -r run damaged
printf x | dd of=damaged/checkpoints/step-00000020.h5 bs=1 seek=5000 conv=notrunc 2>/dev/null
expect_fail 6 'step-00000020.h5: damaged' attention damaged --text a
rm damaged/checkpoints/*
expect_fail 4 'damaged has no checkpoints yet' attention damaged --text a
finish

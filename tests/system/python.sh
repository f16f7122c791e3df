#!/usr/bin/env bash
# Every recipe of docs/PYTHON.md, as far as Python (PYTHON names another) has
# what it imports.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2
PYTHON=${PYTHON:-python3}
page=$ROOT/docs/PYTHON.md

cat >tiny.ini <<END
include = $ROOT/tests/system/tiny.ini
[model]
width = 32
[train]
steps = 40
val_tokens = 512
[checkpoint]
every = 20
END
{
    echo 'include = tiny.ini'
    printf '[axes]\nattention.weights = softmax, sigmoid\noptim.lr = 1e-3, 1e-2\nrun.seed = 1, 2\n'
} >lr.ini
mkdir bin
ln -s "$SINKLAB" bin/sinklab
PATH=$T/bin:$PATH

check "a run of gpt2" sinklab train tiny.ini run.dir=runs/gpt2 model.preset=gpt2
check "a run of llama" sinklab train tiny.ini run.dir=runs/llama model.preset=llama attention.kv_heads=2
check "a sweep" sinklab sweep lr.ini run.dir=runs/lr
check "analyzed" sinklab analyze runs/gpt2 runs/llama
check "analyzed, too" sinklab analyze runs/lr

modules() { # FILE - what it imports
    sed -nE 's/^(import|from) ([a-z0-9_]+).*/\2/p' "$1" | sort -u
}
# What makes the runs that a reader shall have: as long as they take, so only
# looked at.
prepared() (
    cd "$ROOT" || return
    sed -n 's/^    \(printf .*>lr.ini\)$/\1/p; s/^    \(printf .*>>lr.ini\)$/\1/p' "$page" |
        sed "s:lr.ini$:$T/prepared.ini:; s:include = :include = $ROOT/:" >"$T/prepare.sh"
    bash "$T/prepare.sh" && sinklab sweep "$T/prepared.ini" run.dir="$T/dry" --dry-run || return
    sed -n 's/^    \.\/\(sinklab train .*\)/\1/p' "$page" >"$T/train.txt"
    [ "$(wc -l <"$T/train.txt")" -eq 2 ] || return
    while read -r words; do
        # shellcheck disable=SC2086 # words
        $words --dry-run --rate 1000 || return
    done <"$T/train.txt"
)
check "the runs of the page can be made" prepared
named() { # every module that recipes import is one that the page installs
    for module in $(modules "$page"); do
        "$PYTHON" -c 'import sys; sys.exit(sys.argv[1] not in sys.stdlib_module_names)' "$module" ||
            grep -q "^    pip install .*\b$module\b" "$page" || return
    done
}
if command -v "$PYTHON" >/dev/null; then
    check "and what recipes import can be installed" named
fi

# Commands stand by themselves, recipes in fences, under their heading.
n=0
while read -r words; do
    # shellcheck disable=SC2086 # words
    check "$words" $words
    n=$((n + 1))
done < <(sed -n 's/^    \(sinklab .*\)/\1/p' "$page")
check "there are commands" test $n -ge 2
awk '/^## /     { title = substr($0, 4) }
     /^```$/    { inside = 0 }
     inside     { print > file }
     /^```python$/ { inside = 1; file = sprintf("recipe-%02d.py", ++n); print "# " title > file }' "$page"
check "there are recipes" test -s recipe-08.py

lacks() { # FILE - the first module that Python does not have
    local module
    for module in $(modules "$1") $(grep -q h5netcdf "$1" && echo h5netcdf); do
        "$PYTHON" -c "import $module" 2>/dev/null || { echo "$module"; return; }
    done
}
for recipe in recipe-*.py; do
    title="$(sed -n '1s/^# //p' $recipe) ($recipe)"
    missing=$(lacks $recipe)
    if [ "$missing" ]; then
        n_checks=$((n_checks + 1))
        echo "ok $n_checks - $title # SKIP $PYTHON has no $missing"
    else
        check "$title" "$PYTHON" -W error::UserWarning -B $recipe
    fi
done
finish

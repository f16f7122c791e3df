#!/usr/bin/env bash
# The commands of experiments/*/README.md do what the page says, in the order
# in which they stand there: word for word, on far smaller runs.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=1
cp -r "$ROOT/experiments" "$ROOT/configs" . || exit 1
check "the optimizers at all their learning rates" "$SINKLAB" sweep \
    experiments/optimizers/sweep.ini run.dir=none --dry-run --rate=1
for file in experiments/*/*.ini; do
    # steps that are an axis, too; each optimizer at one learning rate
    sed -i -E 's/\b3000\b/4/g; s/\b1000\b/2/g
        s/^(    [a-z-]+ & [0-9.e-]+( & [0-9.e-]+)?),.*[^,](,?)$/\1\3/' "$file"
done
mkdir novels
cp "$ROOT"/docs/M*.md novels

# `make experiment` is one of the commands; here the pages are left as they are,
# for their queries want runs of full length. The page over all of them is none of
# these commands', and would be made anew by each.
rm experiments/README.in.md experiments/*/README.in.md
# Runs of several lengths: four steps are the longest.
sed -i '/train.steps/ { s/=625)/=1)/; s/=5000)/=4)/; s/625, 1250, 2500, 5000/1, 2, 3, 4/ }' \
    experiments/study-steps/sweep.ini
sed -i 's/10000/4/g; s/5000/2/g; s/2500/1/g' \
    experiments/study-batch/sweep.ini
sed -i 's/20000/4/g; s/10000/2/g' experiments/study-deep-half-decay/sweep.ini
sed -i 's/10000/4/g; s/5000/2/g; s/seed>=21/seed>=1/' experiments/study-own-rates/{sweep.ini,steps}
sed -i 's/4 & 20000, 6 & 15000/2 \& 4, 3 \& 3/' experiments/study-bos/sweep.ini
# The corpus has fewer tokens than the larger part.
sed -i 's/131072/65536/' experiments/study-data/sweep.ini

# The program by the names that the pages give it, with small settings added to
# what trains or measures; without gnuplot no figure is asked for.
mkdir bin
cat >bin/sinklab <<'END'
#!/usr/bin/env bash
words=("$@")
case $1 in
train | sweep)
    [ "$2" = status ] && exec "$PROGRAM" "${words[@]}"
    every=4
    if grep -q '^train.batch &' "$2"; then
        every=1 # its claims are of steps between
    else
        words+=(train.batch=2)
        ! grep -q '^expect = .*@2(' "$2" || every=2
    fi
    words+=(model.width=32 sink.probe_every=0
        checkpoint.every=$every checkpoint.dense_until=0 checkpoint.resume_every=0)
    # one seed is enough to try the commands; two where curves are means
    case $2 in
    */attention-and-lr/* | */study-operations/*) words+=(sweep.seeds=2) ;;
    *) ! grep -q '^run\.seed = ' "$2" || words+=(sweep.seeds=1) ;;
    esac
    grep -q '^val_every = 0' "$2" || words+=(train.val_tokens=128)
    grep -Eq '^train.steps = |& train.steps' "$2" || words+=(train.steps=4)
    ;;
data) # as bytes where there is no SentencePiece
    words=("${words[@]/#4096/400}")
    command -v spm_train >/dev/null || words=("${words[@]:0:5}")
    ;;
analyze)
    words+=(sink.sequences=2 sink.val_tokens=128)
    ;;
inputs)
    words+=(sink.sequences=2)
    ;;
compare)
    if ! command -v gnuplot >/dev/null; then
        for ((i = 0; i < ${#words[@]}; i++)); do
            [ "${words[i]}" = -o ] && words=("${words[@]:0:i}" "${words[@]:i+2}")
        done
    fi
    ;;
esac
exec "$PROGRAM" "${words[@]}"
END
chmod +x bin/sinklab
export PROGRAM=$SINKLAB
cp bin/sinklab sinklab
ln -s "$ROOT/tools" tools
PATH=$PWD/bin:$PATH

n_commands=0
for page in experiments/*/README.md; do
    grep -q 'make demo' "$page" && continue # emergence.sh
    while read -r line; do
        n_commands=$((n_commands + 1))
        check "${page#*/}: $line" bash -c "$line"
    done < <(sed -nE 's/^    ((\.\/)?sinklab .*|for .*|tools\/collect.*)$/\1/p' "$page")
    while read -r name set; do
        n_commands=$((n_commands + 1))
        set=${set#SET=}
        # shellcheck disable=SC2086 # words, as make hands them on
        check "${page#*/}: make experiment NAME=$name" env SINKLAB="$T/bin/sinklab" \
            "$ROOT/tools/experiment.sh" "$name" ${set//\'/}
    done < <(sed -n 's/^    make experiment NAME=\(.*\)$/\1/p' "$page")
done
check "the pages have commands" test "$n_commands" -ge 8

names_without_seed() { # sweep
    awk -F '\t' 'NF > 4 { print $4 }' "runs/$1/runs.list" |
        grep -Ev -- '-seed[0-9]+$'
}
# Each sweep has a folder of its own, and each run's name its seed
for file in experiments/*/sweep.ini; do
    name=$(basename "$(dirname "$file")")
    check "$name has its own folder" test -s "runs/$name/runs.list"
    grep -q '^run.seed = ' "$file" || continue # one run of each setting
    check_not "all its runs' names end in their seed" names_without_seed "$name"
done
finish

#!/usr/bin/env bash
# Under limits of memory from tiny to ample every command ends by itself, with
# status 0 or 9 and one sentence; or with 127, the loader's own, where not even
# the libraries fit.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
export OMP_NUM_THREADS=2 OMP_WAIT_POLICY=PASSIVE

cat >tiny.ini <<'END'
[model]
layers = 1
width = 8
heads = 2
context = 8
[train]
steps = 3
batch = 1
[data]
source = random
vocab = 8
[sink]
tokens = 8
sequences = 1
val_tokens = 8
probe_sequences = 1
END
cat tiny.ini - >sweep.ini <<'END'
[axes]
run.seed = 1, 2
END
for run in a b; do
    check "a run to look at" "$SINKLAB" train tiny.ini run.dir=$run
    check "analyzed" "$SINKLAB" analyze $run
done

# limited FLAG KIB COMMAND... - its status; 124 if it hangs, which is what the
# ten minutes are for: nothing here depends on how long anything takes.
limited() {
    (
        ulimit "$1" "$2" || exit 126
        shift 2
        exec timeout 600 "$SINKLAB" "$@" >said 2>told </dev/null
    )
}

# ladder FLAG COMMAND... - sets $ladder_end, the status on the highest rung.
# Rungs are fine where the libraries, then, for who computes, OpenBLAS and
# threads begin to fit.
ladder() {
    local flag=$1 kib status bad=0
    shift
    local -a rungs=(2000 16000 24000 30000 36000 45000 56000 60000 66000 70000 80000 150000)
    case " $* " in
    " train "* | " analyze "*)
        rungs+=(240000 260000 280000 300000 320000 340000 350000 360000 370000 400000 500000) ;;
    esac
    for kib in "${rungs[@]}" 4000000; do
        rm -rf new sweep-new
        limited "$flag" "$kib" "$@"
        status=$?
        case $status in
        0) [ ! -s told ] && continue ;;
        9) [ "$(wc -l <told)" -eq 1 ] && grep -q '^sinklab: .' told &&
            [ ! -e new/config.ini ] && continue ;;
        # timeout itself, the shell or the loader did not fit
        12[567] | 13[49]) ! grep -q '^sinklab' told && [ "$kib" -lt 40000 ] &&
            continue ;;
        esac
        echo "# ulimit $flag $kib: status $status, $(head -c 300 told)"
        bad=1
    done
    ladder_end=$status
    return $bad
}

climb() { # FLAG COMMAND...
    ladder "$@" >"$T/ladder"
    report $? "ulimit $*: 0 or 9 on every rung"
    cat "$T/ladder"
    check "ulimit $*: 0 on the highest" test "$ladder_end" -eq 0
}

climb -v help
climb -v list
climb -v runs a
climb -v compare a b
climb -v analyze a
climb -v train tiny.ini run.dir=new train.products=own
# oneDNN crashes where the code that it makes gets no room
if "$SINKLAB" train tiny.ini train.products=onednn --dry-run >/dev/null 2>&1; then
    climb -v train tiny.ini run.dir=new train.products=onednn
    climb -v train tiny.ini run.dir=new train.products=onednn train.precision=bfloat16
fi
check "a model to import" "$SINKLAB" export a -o model
climb -v export a -o new
climb -v import model -o new
climb -v train tiny.ini run.dir=new
climb -v sweep sweep.ini run.dir=sweep-new --dry-run
climb -d train tiny.ini run.dir=new
climb -d analyze a
climb -d export a -o new
climb -d import model -o new

# A stack that threads of servers have, too
for command in "train tiny.ini run.dir=new" "train tiny.ini --dry-run" "train a" "analyze a" "analyze a b" \
    "compare a b" "runs a" "verify a" "sample a" "attention a --tokens 1" "data info tiny.ini" "data head tiny.ini" \
    "inputs a --columns sink_1" "export a -o new" "import model -o new" "import model -o new --state" \
    "bench --seconds 0.01 tiny.ini" "sweep sweep.ini run.dir=sweep-new" "sweep sweep.ini run.dir=sweep-new --dry-run"; do
    rm -rf new sweep-new
    # shellcheck disable=SC2086 # words
    limited -s 512 $command
    check "on a stack of 512 KiB: $command" test $? -eq 0
done

# The figures of the plan are in the message, and no folder is made
limited -v 200000 train tiny.ini run.dir=none
check "training that does not fit ends with 9" test $? -eq 9
check "both figures are told" grep -Eq \
    '^sinklab: training needs [0-9.]+ MiB of memory.* leaves [0-9.]+ MiB: ' told
check "no folder is made" test ! -e none

limited -v 4000000 train tiny.ini run.dir=none train.threads=64
check "so does one with too many threads" test $? -eq 9
check "no folder is made" test ! -e none

finish

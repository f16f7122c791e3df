#!/usr/bin/env bash
# Losses and gradient norms of the first steps are those of the commit that last
# changed them on purpose (tests/golden/first-steps.csv), within 1e-4 of
# themselves: a change of data, initial weights, model, optimizer or schedule
# shows here, the rounding of another processor does not. Training doubles it
# from step to step, from 1e-7 at the first to 5e-6 at the eighth and 5e-4 at the
# fourteenth; so eight are held. The learning rate knows no rounding.
#
#   tests/system/golden.sh --write    after a change that is meant
. "$(dirname "$0")/lib.sh"
golden=$ROOT/tests/golden/first-steps.csv
cd "$T" || exit 1

settings() { # one run a line: name, overrides
    cat <<'END'
gpt2
llama model.preset=llama
key-bias attention.bias=key
sigmoid attention.weights=sigmoid
sigmoid-sum attention.weights=sigmoid attention.normalizer=sum
relu attention.weights=relu
framework model.init=framework model.tied_head=no
decay optim.weight_decay=1 optim.decay=matrices
sgd optim.name=sgd optim.lr=0.1 optim.clip=0.5
cosine optim.schedule=cosine optim.warmup_steps=5 optim.min_lr=0.1
linear optim.schedule=linear train.accumulate=2
END
}

curves() {
    echo "run,step,loss,grad_norm,lr"
    settings | while read -r name overrides; do
        # shellcheck disable=SC2086
        "$SINKLAB" train "$ROOT/configs/quick.ini" run.dir="$name" \
            model.layers=2 model.heads=2 train.steps=20 train.batch=8 \
            train.log_every=1 train.val_every=0 sink.probe_every=0 \
            $overrides >/dev/null || exit 1
        awk -F, -v name="$name" 'NR > 1 && $1 > 0 { print name "," $1 "," $3 "," $4 "," $5 }' \
            "$name/metrics.csv"
    done
}

curves >got.csv
if [ "${1-}" = --write ]; then
    mkdir -p "$(dirname "$golden")" && cp got.csv "$golden"
    exit
fi
near() { # name: rows of one run, cell by cell
    paste -d, <(grep "^$1," "$golden") <(grep "^$1," got.csv) | awk -F, '
        # relative; of step and learning rate, which no rounding of the model
        # reaches, what the nine digits in the file leave
        function is_off(i, bound) {
            d = $i - $(i + 5)
            return (d < 0 ? -d : d) > bound * $i
        }
        {
            n++
            if (is_off(2, 0) || is_off(5, 1e-8) ||
                ($2 <= 8 && (is_off(3, 1e-4) || is_off(4, 1e-4)))) {
                bad = 1
                print
            }
        }
        END { exit bad || n != 20 }'
}
while read -r name _; do
    check "$name: the first steps are the golden ones" near "$name"
done < <(settings)

finish

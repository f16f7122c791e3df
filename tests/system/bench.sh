#!/usr/bin/env bash
# The speed measurement works: it says what it promises, for people and for
# programs. Whether it is fast is not for a shared machine to judge.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1

cat >tiny.ini <<'END'
[model]
layers = 2
width = 32
heads = 2
context = 48
[train]
batch = 4
END

"$SINKLAB" bench tiny.ini --seconds 0.5 >people
check "bench, for people" test $? -eq 0
for word in ceiling core threads tokens/s utilisation memory probe resume.h5; do
    check "it names $word" grep -q "$word" people
done
"$SINKLAB" bench tiny.ini --seconds 0.1 --json >json
for key in utilisation tokens_per_s ceiling_gflops blas_core threads \
    products precision \
    peak_memory_mib parts_ms; do
    check "--json has $key" grep -q "\"$key\":" json
done
check "--json is one line" test "$(wc -l <json)" -eq 1

# The parts of a step sum to its wall time within 3 %; the step's own figure is
# a median, so the mean that bench prints beside the sum is what counts.
sum_is_whole() {
    awk '$1 == "sum" { share = $4 }
        END { exit !(share >= 97 && share <= 103) }' people
}
check "the parts sum to the wall time" sum_is_whole
check "nothing is left behind" test -z "$(find . -name '.bench*')"
expect_fail 2 'seconds' "$SINKLAB" bench tiny.ini --seconds x
expect_fail 2 'which config' "$SINKLAB" bench
expect_fail 5 'none.ini' "$SINKLAB" bench none.ini

finish

/* The Bigram-Backcopy task (Guo et al., 2024). */
#include "data/source.h"
#include "data/corpus_bigram.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct data_options bigram_options(idx vocab, idx triggers)
{
    struct data_options o = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    o.vocab = vocab;
    o.triggers = triggers;
    o.source = 0;
    while (strcmp(corpus_name(o.source), "bigram-backcopy") != 0)
        o.source++;
    return o;
}

/* `seed` is that of task and training. */
static void open_bigram(struct source *s, idx vocab, idx triggers, bool bos,
                        uint64_t seed, idx T)
{
    struct data_options o = bigram_options(vocab, triggers);
    struct err e = { 0 };
    o.task_seed = (idx)seed;
    o.bos = bos;
    assert_int_equal(source_open(s, &o, seed, T, &e), OK);
}

static void
test_bigram__trigger_is_followed_by_the_token_before_it(void **state)
{
    (void)state;
    enum { T = 63 };
    for (int bos = 0; bos <= 1; bos++) {
        for (idx triggers = 1; triggers <= 15; triggers += 7) {
            struct source s;
            open_bigram(&s, 16, triggers, bos, 1, T);
            idx n_copies = 0;
            for (idx j = 0; j < 500; j++) {
                int32_t x[T + 1];
                source_sample(&s, x, T + 1, SPLIT_TRAIN, j);
                assert_true(x[bos] < 16 - triggers); /* the first is none */
                for (idx t = bos + 1; t <= T; t++) {
                    if (x[t - 1] < 16 - triggers)
                        continue;
                    assert_int_equal(x[t], x[t - 2]);
                    assert_true(x[t] < 16 - triggers); /* never two in a row */
                    n_copies++;
                }
            }
            assert_true(n_copies > 500);
            source_release(&s);
        }
    }
}

static const double *cdf_of(const struct source *s)
{
    return ((const struct bigram *)s->parts[0].corpus.own)->cdf;
}

static double chance(const struct source *s, idx row, idx v)
{
    const double *cdf = cdf_of(s) + row * s->n_plain;
    return v ? cdf[v] - cdf[v - 1] : cdf[0];
}

/* Same seed, with triggers and without: each trigger is 4 times as likely
 * beside any plain token as it was. */
static void test_bigram__triggers_are_4_times_as_likely(void **state)
{
    (void)state;
    enum { V = 20, K = 3 };
    struct source with, without;
    open_bigram(&with, V, K, true, 7, 8);
    open_bigram(&without, V, 0, true, 7, 8);
    for (idx row = 0; row < V; row++) {
        double sum = 0;
        for (idx v = 0; v < V; v++) {
            double odds = chance(&with, row, v) / chance(&with, row, 0);
            double plain = chance(&without, row, v) / chance(&without, row, 0);
            assert_close(odds / plain, v < V - K ? 1 : 4, 1e-9);
            assert_true(chance(&with, row, v) > 0);
            sum += chance(&with, row, v);
        }
        assert_close(sum, 1, 1e-12);
    }
    source_release(&with);
    source_release(&without);
}

/* log odds of two tokens are the difference of two N(0,1) numbers. */
static void test_bigram__table_is_softmax_of_normal_logits(void **state)
{
    (void)state;
    enum { V = 200 };
    struct source s;
    double square = 0, same = 0;
    idx n = 0;
    open_bigram(&s, V, 0, true, 5, 8);
    for (idx row = 0; row < V; row++)
        for (idx v = 0; v + 1 < V; v += 2, n++) {
            double d = log(chance(&s, row, v) / chance(&s, row, v + 1));
            square += d * d;
            if (row > 0)
                same += fabs(chance(&s, row, v) - chance(&s, 0, v)) < 1e-12;
        }
    assert_close(square / (double)n, 2, 5 * 2 * sqrt(2 / (double)n));
    assert_true(same == 0); /* rows are drawn apart */
    source_release(&s);
}

static void test_bigram__frequencies_follow_the_table(void **state)
{
    (void)state;
    enum { V = 16, K = 3, T = 64, N = 3000 };
    static idx count[V][V];
    struct source s;
    idx first[V] = { 0 };
    memset(count, 0, sizeof count);
    open_bigram(&s, V, K, true, 2, T);
    for (idx j = 0; j < N; j++) {
        int32_t x[T + 1];
        source_sample(&s, x, T + 1, SPLIT_TRAIN, j);
        first[x[1]]++;
        for (idx t = 2; t <= T; t++)
            count[x[t - 1]][x[t]]++;
    }
    double uniform = (double)N / (V - K);
    for (idx row = 0; row < V - K; row++) {
        double total = 0, chi = 0;
        for (idx v = 0; v < V; v++)
            total += (double)count[row][v];
        assert_true(total > 1000);
        for (idx v = 0; v < V; v++) {
            double want = total * chance(&s, row, v);
            chi += pow((double)count[row][v] - want, 2) / want;
        }
        assert_true(chi < V - 1 + 6 * sqrt(2.0 * (V - 1)));
        assert_true(fabs((double)first[row] - uniform) < 6 * sqrt(uniform));
    }
    source_release(&s);
}

static void test_bigram__splits_are_other_samples_of_one_task(void **state)
{
    (void)state;
    enum { T = 40 };
    struct source s;
    open_bigram(&s, 16, 3, true, 2, T);
    for (idx j = 0; j < 20; j++) {
        int32_t x[3][T + 1];
        for (int split = SPLIT_TRAIN; split <= SPLIT_SINK; split++) {
            source_sample(&s, x[split], T + 1, (enum split)split, j);
            for (int other = SPLIT_TRAIN; other < split; other++)
                assert_memory_not_equal(x[split], x[other], sizeof x[0]);
        }
    }
    source_release(&s);
}

static void test_bigram__a_shorter_sample_is_the_beginning(void **state)
{
    (void)state;
    enum { T = 40 };
    struct source s;
    open_bigram(&s, 16, 3, true, 2, T);
    for (idx j = 0; j < 5; j++) {
        int32_t whole[T + 1], part[T + 1];
        source_sample(&s, whole, T + 1, SPLIT_SINK, j);
        for (idx n = 2; n <= T; n++) {
            source_sample(&s, part, n, SPLIT_SINK, j);
            assert_memory_equal(part, whole, (size_t)n * sizeof *part);
        }
    }
    source_release(&s);
}

static void test_bigram__table_depends_on_the_task_alone(void **state)
{
    (void)state;
    struct source a, b, c;
    struct data_options o = bigram_options(16, 3);
    struct err e = { 0 };
    o.task_seed = 2;
    o.bos = false;
    open_bigram(&a, 16, 3, true, 2, 8);
    assert_int_equal(source_open(&b, &o, 7, 30, &e), OK);
    open_bigram(&c, 16, 3, true, 3, 8);
    assert_memory_equal(cdf_of(&a), cdf_of(&b), 16 * 16 * sizeof(double));
    assert_memory_not_equal(cdf_of(&a), cdf_of(&c), 16 * 16 * sizeof(double));
    source_release(&a);
    source_release(&b);
    source_release(&c);
}

static void test_bigram__refuses_impossible_options(void **state)
{
    (void)state;
    static const idx wrong[][2] = { { 16, 16 }, { 16, 17 }, { 8193, 3 } };
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        struct data_options o = bigram_options(wrong[i][0], wrong[i][1]);
        struct source s = { 0 };
        struct err e = { 0 };
        assert_int_equal(source_open(&s, &o, 1, 8, &e), ERR_DATA);
        assert_non_null(strstr(e.text, i < 2 ? "triggers" : "vocab"));
        source_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_bigram__trigger_is_followed_by_the_token_before_it),
        cmocka_unit_test(test_bigram__triggers_are_4_times_as_likely),
        cmocka_unit_test(test_bigram__table_is_softmax_of_normal_logits),
        cmocka_unit_test(test_bigram__frequencies_follow_the_table),
        cmocka_unit_test(test_bigram__splits_are_other_samples_of_one_task),
        cmocka_unit_test(test_bigram__a_shorter_sample_is_the_beginning),
        cmocka_unit_test(test_bigram__table_depends_on_the_task_alone),
        cmocka_unit_test(test_bigram__refuses_impossible_options),
    };
    return cmocka_run_group_tests_name("corpus_bigram", tests, NULL, NULL);
}

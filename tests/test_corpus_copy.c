/* Blocks that come again, and one token that does. */
#include "data/source.h"
#include "harness.h"

#include <math.h>
#include <string.h>

enum { V = 6, T = 29, SAMPLES = 6000 };

static void open_source(struct source *s, const char *name, idx length,
                        bool bos)
{
    struct data_options o = { 0 };
    struct err e = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    while (strcmp(corpus_name(o.source), name) != 0)
        o.source++;
    o.vocab = V;
    o.copy_length = length;
    o.bos = bos;
    if (source_open(s, &o, 4, T, &e))
        fail_msg("%s", e.text);
}

static void test_copy__repeats_its_block_to_the_end(void **state)
{
    (void)state;
    static const idx lengths[] = { 1, 2, 7, 14, 15, T - 1 };
    for (int i = 0; i < COUNT_OF(lengths); i++)
        for (int bos = 0; bos <= 1; bos++) {
            struct source s;
            idx L = lengths[i];
            open_source(&s, "copy", L, bos);
            for (idx j = 0; j < 300; j++) {
                int32_t x[T + 1];
                double nats[T + 1];
                source_sample(&s, x, T + 1, SPLIT_VAL, j);
                source_floor(&s, nats, T, SPLIT_VAL, j);
                for (idx t = bos; t <= T; t++) {
                    if (t >= L + bos)
                        assert_int_equal(x[t], x[t - L]);
                    if (t > 0) /* is a target, number t - 1 */
                        assert_close(nats[t - 1], t < L + bos ? log(V) : 0, 0);
                }
            }
            source_release(&s);
        }
}

/* Two tokens of a block are any pair: chi squared over V^2 - 1, six standard
 * deviations. */
static void test_copy__tokens_of_a_block_are_uniform_and_independent(void **st)
{
    (void)st;
    static const idx places[][2] = { { 0, 1 }, { 1, 2 }, { 0, 4 }, { 3, 4 } };
    struct source s;
    open_source(&s, "copy", 5, false);
    for (int i = 0; i < COUNT_OF(places); i++) {
        idx count[V][V] = { { 0 } };
        double want = (double)SAMPLES / (V * V), chi = 0;
        for (idx j = 0; j < SAMPLES; j++) {
            int32_t x[T + 1];
            source_sample(&s, x, T + 1, SPLIT_TRAIN, j);
            count[x[places[i][0]]][x[places[i][1]]]++;
        }
        for (idx u = 0; u < V; u++)
            for (idx v = 0; v < V; v++)
                chi += pow((double)count[u][v] - want, 2) / want;
        assert_true(chi < V * V - 1 + 6 * sqrt(2.0 * (V * V - 1)));
    }
    source_release(&s);
}

static void test_repeat__is_one_uniform_token(void **state)
{
    (void)state;
    struct source s;
    idx count[V] = { 0 };
    double want = (double)SAMPLES / V, chi = 0;
    open_source(&s, "repeat", 16, true);
    for (idx j = 0; j < SAMPLES; j++) {
        int32_t x[T + 1];
        double nats[T + 1];
        source_sample(&s, x, T + 1, SPLIT_VAL, j);
        source_floor(&s, nats, T, SPLIT_VAL, j);
        assert_int_equal(x[0], s.bos);
        for (idx t = 1; t <= T; t++) {
            assert_int_equal(x[t], x[1]);
            assert_close(nats[t - 1], t == 1 ? log(V) : 0, 0);
        }
        count[x[1]]++;
    }
    for (idx v = 0; v < V; v++)
        chi += pow((double)count[v] - want, 2) / want;
    assert_true(chi < V - 1 + 6 * sqrt(2.0 * (V - 1)));
    source_release(&s);
}

static void test_repeat__is_a_copy_of_one_token(void **state)
{
    (void)state;
    struct source repeat, copy;
    open_source(&repeat, "repeat", 16, true);
    open_source(&copy, "copy", 1, true);
    for (idx j = 0; j < 200; j++) {
        int32_t x[T + 1], y[T + 1];
        source_sample(&repeat, x, T + 1, SPLIT_TRAIN, j);
        source_sample(&copy, y, T + 1, SPLIT_TRAIN, j);
        assert_memory_equal(x, y, sizeof x);
    }
    source_release(&repeat);
    source_release(&copy);
}

/* A sequence has T + 1 tokens, or behind a BOS T: the last of them may be the
 * only copy, but there must be one. */
static void test_copy__refuses_a_block_that_never_comes_again(void **state)
{
    (void)state;
    for (idx length = T - 2; length <= T + 3; length++)
        for (int bos = 0; bos <= 1; bos++) {
            struct source s;
            struct err e = { 0 };
            struct data_options o = { 0 };
            key_defaults(data_keys, n_data_keys, &o);
            while (strcmp(corpus_name(o.source), "copy") != 0)
                o.source++;
            o.copy_length = length;
            o.bos = bos;
            bool is_wrong = length >= T + 1 - bos;
            assert_int_equal(source_open(&s, &o, 1, T, &e),
                             is_wrong ? ERR_DATA : OK);
            if (is_wrong)
                assert_non_null(strstr(e.text, "copy_length"));
            source_release(&s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy__repeats_its_block_to_the_end),
        cmocka_unit_test(
            test_copy__tokens_of_a_block_are_uniform_and_independent),
        cmocka_unit_test(test_repeat__is_one_uniform_token),
        cmocka_unit_test(test_repeat__is_a_copy_of_one_token),
        cmocka_unit_test(test_copy__refuses_a_block_that_never_comes_again),
    };
    return cmocka_run_group_tests_name("corpus_copy", tests, NULL, NULL);
}

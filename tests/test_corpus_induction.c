/* Triggers whose successors only the sequence tells. */
#include "data/source.h"
#include "harness.h"

#include <math.h>
#include <string.h>

enum { V = 9, K = 3, PLAIN = V - K, T = 60, SAMPLES = 4000 };

static struct data_options induction_options(idx vocab, idx triggers)
{
    struct data_options o = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    while (strcmp(corpus_name(o.source), "induction") != 0)
        o.source++;
    o.vocab = vocab;
    o.triggers = triggers;
    return o;
}

static void open_source(struct source *s, idx vocab, idx triggers, bool bos)
{
    struct err e = { 0 };
    struct data_options o = induction_options(vocab, triggers);
    o.bos = bos;
    if (source_open(s, &o, 4, T, &e))
        fail_msg("%s", e.text);
}

static void test_induction__a_trigger_keeps_its_successor(void **state)
{
    (void)state;
    for (idx triggers = 1; triggers < V; triggers++) {
        struct source s;
        idx certain = 0;
        open_source(&s, V, triggers, true);
        for (idx j = 0; j < 300; j++) {
            int32_t x[T + 1];
            double nats[T + 1];
            idx after[V];
            source_sample(&s, x, T + 1, SPLIT_VAL, j);
            source_floor(&s, nats, T, SPLIT_VAL, j);
            for (idx v = 0; v < V; v++)
                after[v] = -1;
            for (idx t = 1; t <= T; t++) {
                idx last = t > 1 ? x[t - 1] : -1;
                double sum = (double)(V - triggers) + 4.0 * (double)triggers;
                if (last < V - triggers) {
                    double weight = x[t] < V - triggers ? 1 : 4;
                    assert_close(nats[t - 1], -log(weight / sum), 1e-14);
                } else if (after[last] >= 0) {
                    assert_int_equal(x[t], after[last]);
                    assert_true(nats[t - 1] == 0);
                    certain++;
                } else {
                    assert_in_range(x[t], 0, V - triggers - 1);
                    assert_close(nats[t - 1], log((double)(V - triggers)),
                                 1e-14);
                    after[last] = x[t];
                }
            }
        }
        assert_true(certain > 1000);
        source_release(&s);
    }
}

static double chi_of(const idx *count, const double *p, idx n)
{
    double total = 0, chi = 0;
    for (idx v = 0; v < n; v++)
        total += (double)count[v];
    assert_true(total > 1000);
    for (idx v = 0; v < n; v++)
        chi += pow((double)count[v] - total * p[v], 2) / (total * p[v]);
    return chi;
}

/* chi squared with n - 1 degrees of freedom, six standard deviations */
static double most(idx n)
{
    return (double)(n - 1) + 6 * sqrt(2 * (double)(n - 1));
}

static void test_induction__frequencies_are_those_of_its_law(void **state)
{
    (void)state;
    static idx first[V], next[PLAIN][V], successor[K][PLAIN],
        both[PLAIN * PLAIN];
    double p[V], uniform[PLAIN * PLAIN];
    struct source s;
    for (idx v = 0; v < V; v++)
        p[v] = (v < PLAIN ? 1.0 : 4.0) / (PLAIN + 4 * K);
    open_source(&s, V, K, false);
    for (idx j = 0; j < SAMPLES; j++) {
        int32_t x[T + 1];
        idx after[K] = { -1, -1, -1 };
        source_sample(&s, x, T + 1, SPLIT_TRAIN, j);
        first[x[0]]++;
        for (idx t = 1; t <= T; t++)
            if (x[t - 1] < PLAIN)
                next[x[t - 1]][x[t]]++;
            else
                after[x[t - 1] - PLAIN] = x[t];
        for (idx k = 0; k < K; k++)
            if (after[k] >= 0)
                successor[k][after[k]]++;
        if (after[0] >= 0 && after[1] >= 0)
            both[after[0] * PLAIN + after[1]]++;
    }
    assert_true(chi_of(first, p, V) < most(V));
    for (idx u = 0; u < PLAIN; u++)
        assert_true(chi_of(next[u], p, V) < most(V));
    for (idx v = 0; v < PLAIN; v++)
        uniform[v] = 1.0 / PLAIN;
    for (idx k = 0; k < K; k++)
        assert_true(chi_of(successor[k], uniform, PLAIN) < most(PLAIN));
    for (idx v = 0; v < PLAIN * PLAIN; v++) /* drawn apart */
        uniform[v] = 1.0 / (PLAIN * PLAIN);
    assert_true(chi_of(both, uniform, PLAIN * PLAIN) < most(PLAIN * PLAIN));
    source_release(&s);
}

/* Nothing is left to learn: as `random`. */
static void test_induction__without_triggers_is_uniform(void **state)
{
    (void)state;
    struct source s;
    double nats[T + 1];
    open_source(&s, V, 0, true);
    for (idx j = 0; j < 20; j++) {
        source_floor(&s, nats, T, SPLIT_VAL, j);
        for (idx t = 0; t < T; t++)
            assert_close(nats[t], log(V), 1e-14);
    }
    source_release(&s);
}

static void test_induction__refuses_triggers_alone(void **state)
{
    (void)state;
    for (idx triggers = V; triggers <= V + 1; triggers++) {
        struct data_options o = induction_options(V, triggers);
        struct source s;
        struct err e = { 0 };
        assert_int_equal(source_open(&s, &o, 1, T, &e), ERR_DATA);
        assert_non_null(strstr(e.text, "triggers"));
        source_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_induction__a_trigger_keeps_its_successor),
        cmocka_unit_test(test_induction__frequencies_are_those_of_its_law),
        cmocka_unit_test(test_induction__without_triggers_is_uniform),
        cmocka_unit_test(test_induction__refuses_triggers_alone),
    };
    return cmocka_run_group_tests_name("corpus_induction", tests, NULL, NULL);
}

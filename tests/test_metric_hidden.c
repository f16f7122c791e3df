/* Metrics of hidden states, keys and values on numbers made by hand: known
 * answers, and what was planted is found where it is and nowhere else. */
#include "base/rng.h"
#include "gradcheck.h"
#include "harness.h"
#include "metric_case.h"

#include <math.h>
#include <string.h>

enum { ROWS = 12, C = 10 };

static real x[ROWS * C];

static double rows_value(const char *name, idx i)
{
    return ratio_value(metric_of_rows(name, x, ROWS, C, i));
}

static void fill(double size)
{
    fill_normal(x, ROWS * C, size, 5);
}

/* ---- massive activations ----------------------------------------------- */

static void test_massive__is_found_where_it_was_planted(void **state)
{
    enum { TOKEN = 4, DIMENSION = 7 };
    (void)state;
    fill(0.1);
    assert_true(rows_value("massive_count", 0) == 0);
    x[TOKEN * C + DIMENSION] = -500;
    assert_true(rows_value("massive_count", 0) == 1);
    for (idx d = 0; d < C; d++) {
        assert_true(rows_value("massive_dimension", d) == (d == DIMENSION));
        assert_true((rows_value("dimension_max", d) > 1) == (d == DIMENSION));
    }
    for (idx t = 0; t < ROWS; t++)
        assert_true(rows_value("massive_position", t) == (t == TOKEN));
    assert_close(rows_value("dimension_max", DIMENSION), 500, 1e-9);
    assert_true(rows_value("max_over_median", 0) > 1000);
    x[TOKEN * C + DIMENSION] = 99; /* in the source's rule, not large enough */
    assert_true(rows_value("massive_count", 0) == 0);
    fill(1); /* large, but not against the median */
    x[TOKEN * C + DIMENSION] = -500;
    assert_true(rows_value("massive_count", 0) == 0);
    x[1] = (real)NAN;
    assert_true(isnan(rows_value("massive_count", 0)));
    assert_true(isnan(rows_value("massive_dimension", 3)));
    assert_true(isnan(rows_value("max_over_median", 0)));
    assert_true(isnan(rows_value("max_over_rms", 0)));
    assert_true(isnan(rows_value("dimension_max", 1)));
    assert_false(isnan(rows_value("dimension_max", 2)));
}

static void test_massive__ratios_have_known_values(void **state)
{
    (void)state;
    const real three[3 * 2] = { 3, 4, 1, 0, 0, -2 };
    assert_close(ratio_value(metric_of_rows("max_over_median", three, 3, 2, 0)),
                 4 / 1.5, 1e-12);
    assert_close(ratio_value(metric_of_rows("max_over_rms", three, 3, 2, 0)),
                 4 / sqrt(30 / 6.0), 1e-12);
    assert_close(ratio_value(metric_of_rows("hidden_peak", three, 3, 2, 0)),
                 5 / 1.5, 1e-12);
    assert_close(
        ratio_value(metric_of_rows("token_max_over_median", three, 3, 2, 0)),
        (4 / 3.5 + 1 / 0.5 + 2 / 1.0) / 3, 1e-12);
    assert_close(ratio_value(metric_of_rows("attention_max", three, 3, 2, 0)),
                 (4 + 1 + 2) / 3.0, 1e-12);
    assert_close(ratio_value(metric_of_rows("hidden_norm", three, 3, 2, 2)), 2,
                 1e-12);
    assert_close(ratio_value(metric_of_rows("hidden_cosine", three, 3, 2, 2)),
                 0.8, 1e-7);
}

static void test_rise__is_the_blocks_that_wrote_it(void **state)
{
    (void)state;
    real depths[3][ROWS * C];
    const real *at[3] = { depths[0], depths[1], depths[2] };
    memset(depths, 0, sizeof depths);
    depths[0][3] = 1;
    depths[1][8] = -9;
    depths[2][8] = 8;
    assert_close(ratio_value(metric_of_sequence("max_rise", at, 2, ROWS, C, 0)),
                 8, 1e-12);
    assert_close(ratio_value(metric_of_sequence("max_rise", at, 2, ROWS, C, 1)),
                 -1, 1e-12);
}

/* ---- kurtosis ---------------------------------------------------------- */

/* The four differ on the same numbers: +-1 but for one number of size 10. */
static void test_kurtosis__four_definitions_are_four_numbers(void **state)
{
    (void)state;
    double n = ROWS * C, m2 = (n - 1 + 100) / n;
    for (idx i = 0; i < ROWS * C; i++)
        x[i] = i % 2 ? 1 : -1;
    assert_close(rows_value("kurtosis_pooled", 0), 1, 1e-9);
    assert_true(rows_value("kurtosis_excess", 0) == 0); /* 1 - 3, cut */
    assert_close(rows_value("kurtosis_neuron", 0), 1, 1e-9);
    assert_close(rows_value("kurtosis_token", 0), 1 / (1 + 1e-6), 1e-9);
    x[0] = 10; /* number 0 of token 0 */
    double mean = 11 / n, m4 = 0, variance = 0, token4 = 0, token2 = 0;
    for (idx i = 0; i < ROWS * C; i++) {
        variance += pow((double)x[i] - mean, 2) / n;
        m4 += pow((double)x[i] - mean, 4) / n;
    }
    for (idx i = 0; i < C; i++) { /* its mean is 1.1 */
        token2 += pow((double)x[i] - 1.1, 2) / C;
        token4 += pow((double)x[i] - 1.1, 4) / C;
    }
    assert_close(variance, m2 - mean * mean, 1e-12);
    assert_close(rows_value("kurtosis_pooled", 0), m4 / (variance * variance),
                 1e-9);
    assert_close(rows_value("kurtosis_excess", 0),
                 (n - 1 + 1e4) / n / (variance * variance) - 3, 1e-9);
    double s = (ROWS - 1 + 100) / (double)ROWS;
    assert_close(rows_value("kurtosis_neuron", 0),
                 (s * s + C - 1) / C / pow((s + C - 1) / C, 2), 1e-9);
    assert_close(rows_value("kurtosis_token", 0),
                 (token4 / (token2 * token2 + 1e-6) + (ROWS - 1) / (1 + 1e-6)) /
                     ROWS,
                 1e-9);
}

static void test_kurtosis__of_one_neuron_is_the_number_of_them(void **state)
{
    (void)state;
    memset(x, 0, sizeof x);
    for (idx t = 0; t < ROWS; t++)
        x[t * C + 6] = (real)(t + 1);
    assert_close(rows_value("kurtosis_neuron", 0), C, 1e-9);
}

/* ---- rank -------------------------------------------------------------- */

/* Rows k of size s_k along axes of their own: singular values s_k. */
static void test_rank__of_axes_is_known(void **state)
{
    (void)state;
    double sum = 0, logs = 0, squares = 0;
    memset(x, 0, sizeof x);
    for (idx k = 0; k < C; k++) {
        x[k * C + (k + 3) % C] = (real)(k + 1);
        sum += (double)(k + 1);
        squares += pow((double)(k + 1), 2);
    }
    for (idx k = 0; k < C; k++)
        logs += (double)(k + 1) / sum * log((double)(k + 1) / sum);
    assert_close(rows_value("effective_rank", 0), exp(-logs), 1e-9);
    assert_close(rows_value("anisotropy", 0), C * C / squares, 1e-9);
    assert_close(rows_value("anisotropy_rest", 0), C * C / (squares - 1), 1e-9);
}

static void test_rank__one_direction_is_one(void **state)
{
    (void)state;
    for (idx t = 0; t < ROWS; t++)
        for (idx i = 0; i < C; i++)
            x[t * C + i] = (real)((double)(t + 1) * (double)(i + 1));
    assert_close(rows_value("effective_rank", 0), 1, 1e-4);
    assert_close(rows_value("anisotropy", 0), 1, 1e-9);
    assert_close(rows_value("mean_cosine_rest", 0), 1, 1e-6);
}

/* A massive first token makes all of it anisotropic; the rest are as before. */
static void test_rank__a_massive_token_is_not_in_the_rest(void **state)
{
    (void)state;
    fill(1);
    double rest = rows_value("anisotropy_rest", 0);
    double cosine = rows_value("mean_cosine_rest", 0);
    assert_true(rest < 0.6);
    x[2] = 3000;
    assert_true(rows_value("anisotropy", 0) > 0.999);
    assert_true(rows_value("effective_rank", 0) < 2);
    assert_close(rows_value("anisotropy_rest", 0), rest, 1e-12);
    assert_close(rows_value("mean_cosine_rest", 0), cosine, 1e-12);
    x[5 * C] = (real)NAN;
    assert_true(isnan(rows_value("anisotropy_rest", 0)));
    assert_true(isnan(rows_value("effective_rank", 0)));
    assert_true(isnan(rows_value("mean_cosine_rest", 0)));
}

/* ---- secondary sinks --------------------------------------------------- */

enum { L = 10 };
static real hidden[L + 1][ROWS * C];

static const real *const *depths(void)
{
    static const real *at[L + 1];
    for (idx depth = 0; depth <= L; depth++)
        at[depth] = hidden[depth];
    return at;
}

static double sequence_value(const char *name, idx i)
{
    return ratio_value(metric_of_sequence(name, depths(), L, ROWS, C, i));
}

/* The first token is large along one axis at depths 2 .. 9. */
static void fill_hidden(void)
{
    for (idx depth = 0; depth <= L; depth++) {
        fill_normal(hidden[depth], ROWS * C, 1, 40 + (uint64_t)depth);
        for (idx t = 0; t < ROWS; t++) /* nobody looks that way by chance */
            hidden[depth][t * C + 3] = 0;
        if (depth >= 2 && depth < 10)
            hidden[depth][3] = 400;
    }
}

static void turn(idx t, idx first, idx n)
{
    for (idx depth = first; depth < first + n; depth++)
        hidden[depth][t * C + 3] = -60;
}

static void test_secondary__are_found_by_level_and_lifetime(void **state)
{
    (void)state;
    fill_hidden();
    assert_close(sequence_value("sink_life", 0), 8.0 / L, 1e-12);
    assert_true(sequence_value("primary_sinks", 0) == 0);
    for (idx depth = 0; depth <= L; depth++)
        assert_true(sequence_value("secondary_sinks", depth) == 0);
    assert_true(
        metric_of_sequence("secondary_level", depths(), L, ROWS, C, 0).is_none);
    turn(5, 4, 3); /* secondary */
    turn(8, 6, 2); /* secondary */
    turn(7, 3, 5); /* more than half as long as the sink: one itself */
    turn(9, 6, 1); /* noise */
    for (idx depth = 0; depth <= L; depth++)
        assert_true(sequence_value("secondary_sinks", depth) ==
                    (depth == 4 || depth == 6));
    for (idx t = 0; t < ROWS; t++)
        assert_true(sequence_value("secondary_place", t) == (t == 5 || t == 8));
    assert_true(sequence_value("primary_sinks", 0) == 1);
    assert_close(sequence_value("secondary_level", 0), 5.0 / L, 1e-12);
    assert_close(sequence_value("secondary_life", 0), 2.5 / L, 1e-12);
    hidden[3][11 * C] = (real)NAN;
    assert_true(isnan(sequence_value("secondary_sinks", 4)));
    assert_true(isnan(sequence_value("secondary_place", 2)));
    assert_true(isnan(sequence_value("primary_sinks", 0)));
    assert_true(isnan(sequence_value("sink_life", 0)));
    assert_true(isnan(sequence_value("secondary_level", 0)));
}

/* The sink is the largest of the first three, and stays to the end if its norm
 * does not fall. */
static void test_secondary__the_sink_may_stand_behind_the_first(void **state)
{
    (void)state;
    fill_hidden();
    for (idx depth = 0; depth <= L; depth++) {
        hidden[depth][3] = 0;
        if (depth >= 4)
            hidden[depth][2 * C + 3] = (real)(400 + 10 * (double)depth);
    }
    assert_close(sequence_value("sink_life", 0), 7.0 / L, 1e-12);
    turn(6, 5, 2);
    assert_true(sequence_value("secondary_sinks", 5) == 1);
    assert_true(sequence_value("secondary_place", 6) == 1);
    assert_true(sequence_value("secondary_place", 2) == 0);
}

/* ---- queries, keys, values, outputs ------------------------------------ */

enum { ALL = 6, D = 4, LD = 9 };

static void test_geometry__angle_and_size_are_told_apart(void **state)
{
    (void)state;
    static struct metric_case c;
    real q[ALL * LD] = { 0 }, k[ALL * LD] = { 0 };
    metric_case_init(&c, 0);
    for (idx t = 0; t < ALL; t++) {
        q[t * LD] = 3; /* queries: (3, 4) */
        q[t * LD + 1] = 4;
        k[t * LD + 1] = 5; /* keys: (0, 5), cosine 0.8 */
    }
    k[0] = (real)0.3; /* but the first, (0.3, 0.4), cosine 1 */
    k[1] = (real)0.4;
    c.head.q = q;
    c.head.k = k;
    c.head.D = D;
    c.head.ld_qkv = LD;
    c.view.rows = ALL;
    c.view.scale = 0.5;
    assert_close(ratio_value(metric_of_head("first_cosine", &c, 0)), 1, 1e-6);
    assert_close(ratio_value(metric_of_head("rest_cosine", &c, 0)), 0.8, 1e-6);
    assert_close(ratio_value(metric_of_head("first_sizes", &c, 0)), 1.25, 1e-6);
    assert_close(ratio_value(metric_of_head("rest_sizes", &c, 0)), 12.5, 1e-6);
    assert_close(ratio_value(metric_of_head("first_key_norm", &c, 0)), 0.5,
                 1e-6);
    assert_close(ratio_value(metric_of_head("first_key_angle", &c, 0)),
                 acos(0.8) * 180 / acos(-1), 1e-5);
    double x0 = 0.3, x1 = 5 * (ALL - 1) + 0.4;
    assert_near(ratio_value(metric_of_head("first_keydiff", &c, 0)),
                1 - (x0 * 0.3 + x1 * 0.4) / (0.5 * hypot(x0, x1)), 1e-6, 1);
    assert_close(ratio_value(metric_of_head("key_norm", &c, 3)), 5, 1e-12);
    assert_true(metric_of_head("key_norm", &c, ALL).is_none);
    k[0] = (real)NAN;
    assert_true(isnan(ratio_value(metric_of_head("first_cosine", &c, 0))));
    assert_false(isnan(ratio_value(metric_of_head("rest_cosine", &c, 0))));
}

static void test_inactive__scores_have_known_values(void **state)
{
    (void)state;
    static struct metric_case c;
    real v[ALL * LD] = { 0 }, out[ALL * LD] = { 0 };
    metric_case_init(&c, 0);
    for (idx t = 0; t < ALL; t++) {
        v[t * LD] = t ? 2 : 1;
        out[t * LD + 1] = (real)(t + 1);
        *metric_case_weight(&c, t, 0) += (real)0.5;
        *metric_case_weight(&c, t, t) += (real)0.5;
    }
    c.head.v = v;
    c.head.out = out;
    c.head.E = D;
    c.head.ld_qkv = c.head.ld_out = LD;
    c.view.rows = ALL;
    assert_close(ratio_value(metric_of_head("awft", &c, 0)),
                 (1 + 0.5 * (ALL - 1)) / ALL, 1e-6);
    assert_close(ratio_value(metric_of_head("aeqd", &c, 0)),
                 log(2) * (ALL - 1) / ALL, 1e-6);
    assert_close(ratio_value(metric_of_head("ftvvn", &c, 0)), 1, 1e-12);
    assert_close(ratio_value(metric_of_head("avvn", &c, 0)), 11.0 / ALL, 1e-12);
    assert_close(ratio_value(metric_of_head("lthon", &c, 0)), ALL, 1e-12);
    assert_close(ratio_value(metric_of_head("ahon", &c, 0)), 3.5, 1e-12);
    assert_close(ratio_value(metric_of_head("value_norm", &c, 2)), 2, 1e-12);
    assert_close(ratio_value(metric_of_head("first_part", &c, 0)),
                 0.5 * (ALL - 1) / 20, 1e-6);
    memset(v, 0, sizeof v);
    memset(out, 0, sizeof out);
    assert_true(metric_of_head("first_part", &c, 0).is_none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_massive__is_found_where_it_was_planted),
        cmocka_unit_test(test_massive__ratios_have_known_values),
        cmocka_unit_test(test_rise__is_the_blocks_that_wrote_it),
        cmocka_unit_test(test_kurtosis__four_definitions_are_four_numbers),
        cmocka_unit_test(test_kurtosis__of_one_neuron_is_the_number_of_them),
        cmocka_unit_test(test_rank__of_axes_is_known),
        cmocka_unit_test(test_rank__one_direction_is_one),
        cmocka_unit_test(test_rank__a_massive_token_is_not_in_the_rest),
        cmocka_unit_test(test_secondary__are_found_by_level_and_lifetime),
        cmocka_unit_test(test_secondary__the_sink_may_stand_behind_the_first),
        cmocka_unit_test(test_geometry__angle_and_size_are_told_apart),
        cmocka_unit_test(test_inactive__scores_have_known_values),
    };
    return cmocka_run_group_tests_name("metric_hidden", tests, NULL, NULL);
}

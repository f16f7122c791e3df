/* Metrics of sinks by dimension, and of what feed-forwards write to secondary
 * sinks, on hidden states made by hand. */
#include "harness.h"
#include "metric_case.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

enum { ROWS = 16, C = 32, L = 10 };

static void fill_normal(real *x, idx n, uint64_t stream)
{
    struct rng r = rng_open(7, RNG_TEST, stream, 0);
    for (idx i = 0; i < n; i++)
        x[i] = (real)rng_normal(&r);
}

/* ---- dimensions -------------------------------------------------------- */

static real x[ROWS * C];

static double rows_value(const char *name, idx i)
{
    return ratio_value(metric_of_rows(name, x, ROWS, C, i));
}

/* The first token is large in dimensions 3 and 20; so is token 9, of another
 * sign, in the second of them alone. Token 5 is as large elsewhere. */
static void plant_dimensions(void)
{
    fill_normal(x, ROWS * C, 1);
    x[3] = 100;
    x[20] = -60;
    x[9 * C + 20] = 60;
    x[5 * C + 7] = 60;
}

static double root_mean_square(idx t)
{
    double sum = 0;
    for (idx i = 0; i < C; i++)
        sum += (double)x[t * C + i] * (double)x[t * C + i] / C;
    return sqrt(sum);
}

static void test_phi__is_found_where_it_was_planted(void **state)
{
    (void)state;
    plant_dimensions();
    assert_close(rows_value("sink_phi", 0), 100 / root_mean_square(0), 1e-9);
    assert_close(rows_value("sink_phi", 9), 60 / root_mean_square(9), 1e-9);
    for (idx t = 1; t < ROWS; t++)
        assert_true((rows_value("sink_phi", t) >= 5) == (t == 9));
    assert_true(rows_value("phi_sinks", 0) == 1);
    x[9 * C + 20] = 1;
    assert_true(rows_value("phi_sinks", 0) == 0);
}

/* The first of its dimensions may be the largest, of states of zeros nothing
 * is large. */
static void test_phi__has_no_wrong_dimension(void **state)
{
    (void)state;
    memset(x, 0, sizeof x);
    assert_true(rows_value("sink_phi", 0) == 0);
    x[0] = 2;
    x[1] = 1;
    x[4 * C + 1] = 1;
    x[5 * C + 2] = 1;
    assert_close(rows_value("sink_phi", 4), sqrt(C), 1e-9);
    assert_true(rows_value("sink_phi", 5) == 0);
    assert_true(rows_value("sink_phi", 6) == 0);
}

/* A dimension that is large of most tokens is one; one massive token is not. */
static void test_residual__is_what_most_tokens_have(void **state)
{
    (void)state;
    fill_normal(x, ROWS * C, 2);
    assert_true(rows_value("residual_sinks", 0) == 0);
    for (idx t = 0; t < ROWS; t++)
        if (t % 4 != 0)
            x[t * C + 11] = t % 2 ? 20 : -20;
    x[2 * C + 6] = 1000;
    assert_true(rows_value("residual_sinks", 0) == 1);
    for (idx i = 0; i < C; i++)
        assert_true((rows_value("residual_size", i) >= 3) == (i == 11));
    memset(x, 0, sizeof x);
    for (idx t = 0; t < ROWS; t++)
        x[t * C + 4] = 7;
    assert_close(rows_value("residual_size", 4), sqrt(C), 1e-9);
    assert_true(rows_value("residual_size", 5) == 0);
}

/* One number of a token, its others +-1, that is so many times their root mean
 * square. */
static void plant_ratio(idx t, idx dimension, double ratio)
{
    for (idx i = 0; i < C; i++)
        x[t * C + i] = i % 2 ? 1 : -1;
    x[t * C + dimension] =
        (real)sqrt((C - 1) * ratio * ratio / (C - ratio * ratio));
}

static void test_dimensions__have_their_thresholds(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        plant_dimensions();
        plant_ratio(9, 20, i ? 5.01 : 4.99);
        assert_true(rows_value("phi_sinks", 0) == i);
        for (idx t = 0; t < ROWS; t++)
            plant_ratio(t, 11, i ? 3.01 : 2.99);
        assert_true(rows_value("residual_sinks", 0) == i);
    }
}

static void test_dimensions__nan_stays(void **state)
{
    (void)state;
    plant_dimensions();
    x[4 * C + 2] = (real)NAN;
    assert_true(isnan(rows_value("sink_phi", 4)));
    assert_false(isnan(rows_value("sink_phi", 5)));
    assert_true(isnan(rows_value("phi_sinks", 0)));
    assert_true(isnan(rows_value("residual_size", 0)));
    assert_true(isnan(rows_value("residual_sinks", 0)));
    plant_dimensions();
    x[8] = (real)NAN;
    for (idx t = 0; t < ROWS; t++)
        assert_true(isnan(rows_value("sink_phi", t)));
}

/* ---- feed-forwards ----------------------------------------------------- */

static real hidden[L + 1][ROWS * C], written[L][ROWS * C];

static struct ratio write_ratio(const char *name, idx i)
{
    const real *depths[L + 1], *ffn[L];
    for (idx d = 0; d <= L; d++)
        depths[d] = hidden[d];
    for (idx l = 0; l < L; l++)
        ffn[l] = written[l];
    return metric_of_writes(name, depths, ffn, L, ROWS, C, i);
}

static double write_value(const char *name, idx i)
{
    return ratio_value(write_ratio(name, i));
}

static void turn(idx t, idx first, idx n, double size)
{
    for (idx depth = first; depth < first + n; depth++)
        hidden[depth][t * C + 3] = (real)size;
}

/* The first token is the sink from depth 2 to 9, so block 1 writes it; tokens 5
 * and 8 turn at depths 4 and 6, which blocks 3 and 5 end at. */
static void plant_writes(void)
{
    for (idx depth = 0; depth <= L; depth++) {
        fill_normal(hidden[depth], ROWS * C, 40 + (uint64_t)depth);
        for (idx t = 0; t < ROWS; t++)
            hidden[depth][t * C + 3] = 0;
    }
    turn(0, 2, 8, 400);
    turn(5, 4, 3, -60);
    turn(8, 6, 2, 60);
    for (idx l = 0; l < L; l++) {
        fill_normal(written[l], ROWS * C, 80 + (uint64_t)l);
        for (idx t = 0; t < ROWS; t++)
            written[l][t * C + 3] = 0;
    }
    written[1][3] = 400;
    written[3][5 * C + 3] = 200;
}

static double cosine_of(const real *a, const real *b)
{
    double ab = 0, aa = 0, bb = 0;
    for (idx i = 0; i < C; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

static double norm_of(const real *a)
{
    double sum = 0;
    for (idx i = 0; i < C; i++)
        sum += (double)a[i] * (double)a[i];
    return sqrt(sum);
}

static void test_alignment__is_found_where_it_was_planted(void **state)
{
    (void)state;
    plant_writes();
    const real *own = written[1], *five = written[3] + 5 * C;
    const real *eight = written[5] + 8 * C;
    for (idx l = 0; l < L; l++)
        for (idx t = 0; t < ROWS; t++)
            assert_true((write_value("ffn_cosine", l * ROWS + t) > 0.98) ==
                        ((l == 1 && t == 0) || (l == 3 && t == 5)));
    assert_close(write_value("secondary_ffn_aligned", 0), 0.5, 1e-12);
    assert_close(write_value("secondary_ffn_cosine", 0),
                 (cosine_of(five, own) + cosine_of(eight, own)) / 2, 1e-9);
    assert_close(write_value("secondary_ffn_size", 0),
                 (norm_of(five) + norm_of(eight)) / norm_of(own) / 2, 1e-9);
    turn(5, 4, 3, 0);
    turn(8, 6, 2, 0);
    assert_true(write_ratio("secondary_ffn_aligned", 0).is_none);
    assert_true(write_ratio("secondary_ffn_cosine", 0).is_none);
}

static void test_alignment__has_its_threshold(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        double cosine = i ? 0.981 : 0.979;
        plant_writes();
        memset(written[1], 0, C * sizeof(real));
        memset(written[3] + 5 * C, 0, C * sizeof(real));
        memset(written[5] + 8 * C, 0, C * sizeof(real));
        written[1][3] = 400;
        written[3][5 * C + 3] = (real)(7 * cosine);
        written[3][5 * C + 4] = (real)(7 * sqrt(1 - cosine * cosine));
        assert_true(write_value("secondary_ffn_aligned", 0) == i);
    }
}

static void test_alignment__nothing_written_has_no_direction(void **state)
{
    (void)state;
    plant_writes();
    memset(written[4] + 2 * C, 0, C * sizeof(real));
    assert_true(write_ratio("ffn_cosine", 4 * ROWS + 2).is_none);
    assert_false(write_ratio("ffn_cosine", 4 * ROWS + 3).is_none);
    /* of the secondary sinks 5 and 8 the first is aligned */
    memset(written[5] + 8 * C, 0, C * sizeof(real));
    assert_true(write_value("secondary_ffn_aligned", 0) == 1);
    assert_close(write_value("secondary_ffn_cosine", 0),
                 cosine_of(written[3] + 5 * C, written[1]), 1e-9);
    assert_close(write_value("secondary_ffn_size", 0),
                 norm_of(written[3] + 5 * C) / norm_of(written[1]) / 2, 1e-9);
    memset(written[3] + 5 * C, 0, C * sizeof(real));
    assert_true(write_ratio("secondary_ffn_aligned", 0).is_none);
    assert_true(write_ratio("secondary_ffn_cosine", 0).is_none);
    assert_true(write_value("secondary_ffn_size", 0) == 0);
    plant_writes();
    memset(written[1], 0, C * sizeof(real));
    assert_true(write_ratio("ffn_cosine", 4 * ROWS + 3).is_none);
    assert_true(write_ratio("secondary_ffn_aligned", 0).is_none);
    assert_true(write_ratio("secondary_ffn_cosine", 0).is_none);
    assert_true(write_ratio("secondary_ffn_size", 0).is_none);
}

static void test_alignment__nan_stays(void **state)
{
    static const char *const names[] = { "ffn_cosine", "secondary_ffn_cosine",
                                         "secondary_ffn_aligned",
                                         "secondary_ffn_size" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        plant_writes();
        hidden[7][11 * C] = (real)NAN;
        assert_true(isnan(write_value(names[i], 0)));
        plant_writes();
        written[7][11 * C] = (real)NAN;
        assert_true(isnan(write_value(names[i], 0)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phi__is_found_where_it_was_planted),
        cmocka_unit_test(test_phi__has_no_wrong_dimension),
        cmocka_unit_test(test_residual__is_what_most_tokens_have),
        cmocka_unit_test(test_dimensions__have_their_thresholds),
        cmocka_unit_test(test_dimensions__nan_stays),
        cmocka_unit_test(test_alignment__is_found_where_it_was_planted),
        cmocka_unit_test(test_alignment__has_its_threshold),
        cmocka_unit_test(test_alignment__nothing_written_has_no_direction),
        cmocka_unit_test(test_alignment__nan_stays),
    };
    return cmocka_run_group_tests_name("metric_dimensions", tests, NULL, NULL);
}

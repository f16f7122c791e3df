/* Sink metrics on weight matrices made by hand (definitions: arXiv 2410.10781,
 * section 2 and 7). */
#include "gradcheck.h"
#include "harness.h"
#include "metric/metric.h"
#include "metric/metric_table.h"

#include <math.h>
#include <string.h>

enum { T = 64 };

/* One head's weights, an extra column in front if n_extra is 1. */
struct hand {
    idx n_extra;
    real a[T * (T + 1)];
    double row_mass[T];
    struct head_view head;
    struct metric_head view;
};

static real *entry(struct hand *h, idx row, idx column)
{
    return &h->a[row * (h->n_extra + T) + column];
}

/* Uniform over what a row sees: the extra column and keys 0..row. */
static void fill_uniform(struct hand *h, idx n_extra)
{
    memset(h, 0, sizeof *h);
    h->n_extra = n_extra;
    for (idx row = 0; row < T; row++)
        for (idx j = 0; j <= n_extra + row; j++)
            *entry(h, row, j) = (real)(1.0 / (double)(n_extra + row + 1));
}

static const struct metric_head *look(struct hand *h, bool sums_to_one)
{
    for (idx row = 0; row < T; row++) {
        h->row_mass[row] = 0;
        for (idx j = 0; j < h->n_extra + T; j++)
            h->row_mass[row] += fabs((double)*entry(h, row, j));
    }
    h->head =
        (struct head_view){ .T = T, .n_extra = h->n_extra, .weights = h->a };
    h->view = (struct metric_head){ .head = &h->head,
                                    .rows = T,
                                    .eps = 0.3,
                                    .k = 1,
                                    .sums_to_one = sums_to_one,
                                    .row_mass = h->row_mass };
    return &h->view;
}

static double value(const char *name, const struct metric_head *v)
{
    for (idx i = 0; metric_at(i); i++)
        if (strcmp(metric_at(i)->text.name, name) == 0) {
            struct ratio r;
            metric_at(i)->of_head(&r, v);
            return r.top / r.bottom;
        }
    fail_msg("no metric %s", name);
    return NAN;
}

static double sink_at(const char *name, struct hand *h, bool sums_to_one, idx k,
                      double eps)
{
    look(h, sums_to_one);
    h->view.k = k;
    h->view.eps = eps;
    return value(name, &h->view);
}

/* The metric is 1 just below the importance wanted, 0 just above it. */
static void check_importance(const char *name, struct hand *h, idx k,
                             double want)
{
    assert_true(sink_at(name, h, true, k, want - 1e-6) == 1);
    assert_true(sink_at(name, h, true, k, want + 1e-6) == 0);
}

static double harmonic(idx n)
{
    double sum = 0;
    for (idx i = 1; i <= n; i++)
        sum += 1 / (double)i;
    return sum;
}

/* alpha_1 = H_64 / 64, alpha_2 = (H_64 - 1) / 63, and so on. */
static void test_sink__uniform_attention_has_the_published_values(void **state)
{
    (void)state;
    static struct hand h;
    fill_uniform(&h, 0);
    /* within half of the last digit published */
    assert_near(harmonic(64) / 64, 0.0741, 5e-5, 1);
    assert_near((harmonic(64) - 1) / 63, 0.0594, 5e-5, 1);
    assert_close(value("first_mass", look(&h, true)), harmonic(64) / 64, 1e-6);
    assert_close(value("first_mass_raw", look(&h, true)), harmonic(64) / 64,
                 1e-6);
    for (idx k = 1; k <= T; k++)
        check_importance("sink_", &h, k,
                         (harmonic(64) - harmonic(k - 1)) /
                             (double)(64 - k + 1));
    check_importance("sink_1_raw", &h, 1, harmonic(64) / 64);
    assert_close(value("row_sum", look(&h, true)), 1, 1e-6);
}

/* With a column that every row sees: 0.0732 with the study's artificial row
 * whose whole weight lies there, and 0.0587 for the first token. */
static void test_sink__extra_column_has_the_published_values(void **state)
{
    (void)state;
    static struct hand h;
    fill_uniform(&h, 1);
    assert_near(harmonic(65) / 65, 0.0732, 5e-5, 1);
    assert_near((harmonic(65) - 1) / 64, 0.0587, 5e-5, 1);
    check_importance("sink_bias", &h, 1, harmonic(65) / 65);
    check_importance("sink_", &h, 1, (harmonic(65) - 1) / 64);
    look(&h, true);
    assert_close(value("bias_mass", &h.view), (harmonic(65) - 1) / 64, 1e-6);
    assert_close(value("first_mass", &h.view), (harmonic(65) - 1) / 64, 1e-6);
    assert_close(value("row_sum", &h.view), 1, 1e-6);
}

/* Half of each row on key 1: its importance is exactly 0.5. */
static void test_sink__threshold_is_strict(void **state)
{
    (void)state;
    static struct hand h;
    fill_uniform(&h, 0);
    for (idx row = 0; row < T; row++)
        *entry(&h, row, 0) = (real)0.5;
    for (int sums_to_one = 0; sums_to_one <= 1; sums_to_one++) {
        assert_true(sink_at("sink_1_raw", &h, sums_to_one, 1, 0.5) == 0);
        assert_true(
            sink_at("sink_1_raw", &h, sums_to_one, 1, nextafter(0.5, 0)) == 1);
    }
    assert_true(sink_at("sink_", &h, true, 1, 0.5) == 0);
    assert_true(sink_at("sink_", &h, true, 1, nextafter(0.5, 0)) == 1);
}

/* Two sequences with 0.2 and 0.5 on the first token: half of them sink. Their
 * mean, 0.35, would say all do. */
static void test_sink__threshold_comes_before_the_mean(void **state)
{
    (void)state;
    static struct hand h;
    double mean = 0;
    for (int sequence = 0; sequence < 2; sequence++) {
        fill_uniform(&h, 0);
        for (idx row = 0; row < T; row++)
            *entry(&h, row, 0) = (real)(sequence ? 0.5 : 0.2);
        mean += value("sink_", look(&h, true)) / 2;
    }
    assert_close(mean, 0.5, 1e-12);
}

/* Rows of any size and sign give the same proxy weights as rows that sum to
 * one; the raw ones scale along. */
static void test_proxy__does_not_depend_on_row_sums_or_signs(void **state)
{
    (void)state;
    static struct hand h;
    for (idx extra = 0; extra <= 1; extra++) {
        double alpha = (harmonic(T + extra) - (double)extra) / T, raw = 0;
        fill_uniform(&h, extra);
        for (idx row = 0; row < T; row++) {
            double factor = pow(1.1, (double)(row - 30)) * (row % 2 ? -1 : 1);
            for (idx j = 0; j < extra + T; j++)
                *entry(&h, row, j) *= (real)(factor * (j % 3 ? -1 : 1));
            raw += (double)*entry(&h, row, extra) / T;
        }
        look(&h, false);
        assert_close(value("first_mass", &h.view), alpha, 1e-5);
        assert_close(value("first_mass_raw", &h.view), raw, 1e-5);
        assert_true(sink_at("sink_", &h, false, 1, alpha - 1e-5) == 1);
        assert_true(sink_at("sink_", &h, false, 1, alpha + 1e-5) == 0);
        if (extra)
            assert_close(value("bias_mass", look(&h, false)), alpha, 1e-5);
    }
}

/* The guard: |A| / (sum |A| + 1e-8). */
static void test_proxy__has_the_guard_of_the_study(void **state)
{
    (void)state;
    static struct hand h;
    fill_uniform(&h, 0);
    for (idx row = 0; row < T; row++) {
        memset(entry(&h, row, 0), 0, T * sizeof(real));
        *entry(&h, row, 0) = (real)3e-8; /* 3/4 of the row, it says */
    }
    assert_close(value("first_mass", look(&h, false)), 0.75, 1e-6);
}

static void test_sink__empty_rows_count_as_nothing(void **state)
{
    (void)state;
    static struct hand h;
    for (idx extra = 0; extra <= 1; extra++) {
        memset(&h, 0, sizeof h);
        h.n_extra = extra;
        look(&h, false);
        assert_true(value("sink_", &h.view) == 0);
        assert_true(value("sink_1_raw", &h.view) == 0);
        assert_true(value("first_mass", &h.view) == 0);
        assert_true(value("first_mass_raw", &h.view) == 0);
        assert_true(value("row_sum", &h.view) == 0);
        if (extra) {
            assert_true(value("bias_mass", &h.view) == 0);
            check_importance("sink_bias", &h, 1, 1.0 / (T + 1));
        }
    }
}

static void test_row_sum__is_the_mean_over_rows(void **state)
{
    (void)state;
    static struct hand h;
    for (idx extra = 0; extra <= 1; extra++) {
        fill_uniform(&h, extra);
        for (idx row = 0; row < T; row++)
            for (idx j = 0; j < extra + T; j++)
                *entry(&h, row, j) *= (real)(row % 2 ? 3 : 0.5);
        assert_close(value("row_sum", look(&h, false)), 1.75, 1e-6);
    }
}

/* Norm of the first row over the mean norm of the rest; rows lie apart. */
static void test_norm_ratios__are_first_over_mean_of_the_rest(void **state)
{
    (void)state;
    enum { ROWS = 9, D = 4, LD = 13 };
    static struct hand h;
    real x[ROWS * LD];
    double want[2] = { 0 };
    fill_normal(x, ROWS * LD, 1, 1);
    for (int part = 0; part < 2; part++) {
        double first = 0, rest = 0;
        for (idx t = 0; t < ROWS; t++) {
            double square = 0;
            for (idx d = 0; d < D; d++)
                square += pow((double)x[t * LD + part * D + d], 2);
            *(t ? &rest : &first) += sqrt(square);
        }
        want[part] = first / (rest / (ROWS - 1));
    }
    look(&h, true);
    h.head = (struct head_view){
        .T = ROWS, .D = D, .E = D, .k = x, .v = x + D, .ld_qkv = LD
    };
    h.view.rows = ROWS;
    assert_close(value("key_ratio", &h.view), want[0], 1e-6);
    assert_close(value("value_ratio", &h.view), want[1], 1e-6);
}

static void test_hidden_ratio__is_of_whole_rows(void **state)
{
    (void)state;
    const real x[3 * 2] = { 3, 4, 1, 0, 0, -3 };
    const struct metric_rows v = { .x = x, .rows = 3, .n = 2 };
    for (idx i = 0; metric_at(i); i++)
        if (strcmp(metric_at(i)->text.name, "hidden_ratio") == 0) {
            struct ratio r;
            metric_at(i)->of_rows(&r, &v);
            assert_close(r.top / r.bottom, 2.5, 1e-6);
        }
}

static bool is_group(const char *name)
{
    for (const struct metric_group *g = metric_groups; g->name; g++)
        if (strcmp(g->name, name) == 0)
            return true;
    return false;
}

static void test_metrics__every_row_is_complete(void **state)
{
    (void)state;
    for (idx i = 0; metric_at(i); i++) {
        const struct metric *m = metric_at(i);
        int functions = !!m->of_head + !!m->of_rows + !!m->of_sequence;
        assert_true(strlen(m->text.name) > 0 && strlen(m->unit) > 0);
        assert_true(strlen(m->text.formula) > 0 && strlen(m->title) > 0);
        assert_true(is_group(m->group));
        assert_true(functions <= 1 && metric_ndim(m) <= METRIC_NDIM_MAX);
        assert_int_equal(functions > 0, m->reads != 0);
        if (m->of_head)
            assert_true(m->axes[0] == OVER_LAYER && m->axes[1] == OVER_HEAD);
        if (m->of_rows)
            assert_true((m->axes[0] == OVER_DEPTH) ==
                        (m->reads == TAP_BIT(TAP_RESIDUAL) ||
                         m->reads == TAP_BIT(TAP_D_RESIDUAL)));
        if (m->of_sequence)
            assert_false(m->reads &
                         ~(TAP_BIT(TAP_RESIDUAL) | TAP_BIT(TAP_FFN)));
        if (m->of_copies) /* no target of theirs counts */
            assert_false(m->reads & (TAPS_OF_GRADIENTS | TAP_BIT(TAP_LOSS)));
        for (idx j = 0; j < i; j++)
            assert_string_not_equal(m->text.name, metric_at(j)->text.name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sink__uniform_attention_has_the_published_values),
        cmocka_unit_test(test_sink__extra_column_has_the_published_values),
        cmocka_unit_test(test_sink__threshold_is_strict),
        cmocka_unit_test(test_sink__threshold_comes_before_the_mean),
        cmocka_unit_test(test_proxy__does_not_depend_on_row_sums_or_signs),
        cmocka_unit_test(test_proxy__has_the_guard_of_the_study),
        cmocka_unit_test(test_sink__empty_rows_count_as_nothing),
        cmocka_unit_test(test_row_sum__is_the_mean_over_rows),
        cmocka_unit_test(test_norm_ratios__are_first_over_mean_of_the_rest),
        cmocka_unit_test(test_hidden_ratio__is_of_whole_rows),
        cmocka_unit_test(test_metrics__every_row_is_complete),
    };
    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}

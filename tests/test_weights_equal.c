/* Weight maps on long rows against their definitions, written plainly in
 * double; and settings under which two of them are the same. */
#include "gradcheck.h"
#include "harness.h"
#include "weight_cases.h"

#include <math.h>
#include <string.h>

#include "kern/rows.h"

struct plain {
    idx n;
    double n_keys, D, context, learned, query;
    const struct attention_options *o;
};

typedef void (*plain_map)(double *a, const double *s, const struct plain *p);

static void plain_exp(double *a, const double *s, double c, double one, idx n)
{
    double sum = one;
    for (idx j = 0; j < n; j++)
        sum += exp(c * s[j]);
    for (idx j = 0; j < n; j++)
        a[j] = exp(c * s[j]) / sum;
}

static void plain_softmax(double *a, const double *s, const struct plain *p)
{
    plain_exp(a, s, 1, 0, p->n);
}

static void plain_softmax1(double *a, const double *s, const struct plain *p)
{
    plain_exp(a, s, 1, 1, p->n);
}

static void plain_ssmax(double *a, const double *s, const struct plain *p)
{
    plain_exp(a, s, p->learned * log(p->n_keys), 0, p->n);
}

static void plain_softpick(double *a, const double *s, const struct plain *p)
{
    double sum = 1e-6;
    for (idx j = 0; j < p->n; j++)
        sum += fabs(exp(s[j]) - 1);
    for (idx j = 0; j < p->n; j++)
        a[j] = fmax(exp(s[j]) - 1, 0) / sum;
}

static void plain_clipped(double *a, const double *s, const struct plain *p)
{
    double n = p->o->clip_visible ? p->n_keys : p->context;
    double gamma = -p->o->clip_alpha / n;
    plain_softmax(a, s, p);
    for (idx j = 0; j < p->n; j++)
        a[j] = fmin(fmax((p->o->clip_zeta - gamma) * a[j] + gamma, 0), 1);
}

static void plain_elastic(double *a, const double *s, const struct plain *p)
{
    plain_softmax(a, s, p);
    for (idx j = 0; j < p->n; j++)
        a[j] = fmax(a[j] + p->learned / p->n_keys, 0);
}

static void plain_affine(double *a, const double *s, const struct plain *p)
{
    double alpha = fmin(fmax(0.1 * p->query + 0.5, 0), 1);
    plain_softmax(a, s, p);
    for (idx j = 0; j < p->n; j++)
        a[j] = alpha * a[j] + (p->learned - alpha) / (double)p->n;
}

/* The power of max(s/p - tau, 0) that sums to one, tau by bisection. */
static void plain_projection(double *a, const double *s, double power, idx n)
{
    double low = -100, high = 100;
    for (int i = 0; i < 200; i++) {
        double tau = (low + high) / 2, sum = 0;
        for (idx j = 0; j < n; j++) {
            a[j] = pow(fmax(s[j] / power - tau, 0), power);
            sum += a[j];
        }
        *(sum > 1 ? &low : &high) = tau;
    }
}

static void plain_sparsemax(double *a, const double *s, const struct plain *p)
{
    plain_projection(a, s, 1, p->n);
}

static void plain_entmax15(double *a, const double *s, const struct plain *p)
{
    plain_projection(a, s, 2, p->n);
}

static void plain_stick(double *a, const double *s, const struct plain *p)
{
    for (idx j = 0; j < p->n; j++) {
        double log_a = s[j];
        for (idx m = j; m < p->n; m++)
            log_a -= log1p(exp(s[m]));
        a[j] = exp(log_a);
    }
}

static double bias_of(const struct plain *p)
{
    if (p->o->sigmoid_bias == SIGMOID_LENGTH)
        return -log(p->n_keys);
    return p->o->sigmoid_bias == SIGMOID_LEARNED ? p->learned : p->o->sigmoid_b;
}

static void plain_sigmoid(double *a, const double *s, const struct plain *p)
{
    for (idx j = 0; j < p->n; j++)
        a[j] = 1 / (1 + exp(-s[j] - bias_of(p)));
}

static void plain_elu1(double *a, const double *s, const struct plain *p)
{
    for (idx j = 0; j < p->n; j++)
        a[j] = s[j] > 0 ? s[j] + 1 : exp(s[j]);
}

static void plain_relu2(double *a, const double *s, const struct plain *p)
{
    for (idx j = 0; j < p->n; j++)
        a[j] = pow(fmax(s[j], 0), 2);
}

static void plain_threshold(double *a, const double *s, const struct plain *p)
{
    double t = p->o->threshold_beta * sqrt(2 * log(p->n_keys) / p->D);
    for (idx j = 0; j < p->n; j++)
        a[j] = pow(fmax(s[j] - t, 0), p->o->threshold_power);
}

/* Maps whose golden vector says less than this: long rows, extra columns,
 * settings. The others are trivial. */
static const struct {
    const char *name;
    plain_map map;
} plain_maps[] = {
    { "softmax", plain_softmax },
    { "softmax1", plain_softmax1 },
    { "sigmoid", plain_sigmoid },
    { "relu2", plain_relu2 },
    { "elu1", plain_elu1 },
    { "softpick", plain_softpick },
    { "clipped", plain_clipped },
    { "elastic", plain_elastic },
    { "affine", plain_affine },
    { "ssmax", plain_ssmax },
    { "sparsemax", plain_sparsemax },
    { "entmax15", plain_entmax15 },
    { "stick_breaking", plain_stick },
    { "threshold_relu", plain_threshold },
};

static double plain_z(const struct weight_case *c, const double *f,
                      const struct plain *p)
{
    double sum = 0, powers = 0, power = c->options.normalizer_p;
    for (idx j = 0; j < p->n; j++) {
        sum += f[j];
        powers += f[j] > 0 ? pow(f[j], power) : 0;
    }
    switch (c->stage.normalizer) {
    case NORMALIZER_SUM:
        return sum + 1e-8;
    case NORMALIZER_LENGTH:
        return p->n_keys;
    case NORMALIZER_ABS_SUM:
        return fmax(fabs(sum), 1);
    case NORMALIZER_P_NORM:
        return pow(powers, 1 / power) + 1e-8;
    default:
        return 1;
    }
}

/* Low scores let stick-breaking reach the farthest keys. */
static void check_definition(struct weight_case *c, plain_map map, idx n,
                             idx extra, double mean)
{
    real s[CASE_N_MAX], a[CASE_N_MAX];
    double plain_s[CASE_N_MAX], f[CASE_N_MAX];
    struct weight_row row = weight_case_row(c, n, extra);
    struct plain p = { .n = n,
                       .n_keys = (double)row.n_keys,
                       .D = CASE_WIDTH,
                       .context = CASE_N_MAX,
                       .learned = (double)c->numbers[0],
                       .query = (double)row.query,
                       .o = &c->options };
    fill_normal(s, n, 2, (uint64_t)n);
    for (idx j = 0; j < n; j++)
        s[j] += (real)mean;
    s[n - 1] = (real)1.5; /* no empty row */
    for (idx j = 0; j < n; j++)
        plain_s[j] = (double)s[j];
    weight_stage_forward(&c->stage, a, s, &row);
    map(f, plain_s, &p);
    double z = plain_z(c, f, &p);
    for (idx j = 0; j < n; j++) {
        double want = c->options.scale * f[j] / z;
        if (!(fabs((double)a[j] - want) <= 3e-6 * fmax(1, fabs(want))))
            fail_msg("%s, n %td, extra %td: a[%td] = %g, want %g", c->text, n,
                     extra, j, (double)a[j], want);
    }
}

static void see_definition(struct weight_case *c)
{
    for (int i = 0; i < COUNT_OF(plain_maps); i++) {
        if (strcmp(plain_maps[i].name, c->map->text.name) != 0)
            continue;
        for (idx n = 1; n <= CASE_N_MAX; n += 1 + n / 4)
            for (idx extra = 0; extra <= 1 && extra < n; extra++) {
                check_definition(c, plain_maps[i].map, n, extra, 0);
                check_definition(c, plain_maps[i].map, n, extra, -5);
            }
    }
}

static void test_weights__match_their_definitions(void **state)
{
    (void)state;
    each_weight_case(see_definition);
}

/* What keeps a division from 0/0 is part of a map's definition, and shows where
 * a row has next to nothing. */
static void test_weights__have_the_guards_they_were_published_with(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        double s, want;
    } all[] = {
        { "weights=softpick", 0.001, 0.99900149925 }, /* x / (x + 1e-6) */
        { "weights=relu normalizer=sum", 2e-8, 2.0 / 3 },
        { "weights=relu normalizer=p_norm normalizer_p=2", 2e-8, 2.0 / 3 },
    };
    for (int i = 0; i < COUNT_OF(all); i++) {
        struct weight_case c;
        weight_case_open(&c, all[i].settings);
        struct weight_row row = weight_case_row(&c, 1, 0);
        real s = (real)all[i].s, a;
        weight_stage_forward(&c.stage, &a, &s, &row);
        assert_close((double)a, all[i].want, 1e-6);
    }
}

/* --- settings that are the same ------------------------------------------- */

enum { N = 67 };

struct result {
    real a[N + 1], ds[N + 1];
};

/* The same random row for all, `column` in front unless it is NAN. */
static struct result run(const char *settings, double learned, double query,
                         double column)
{
    struct weight_case c;
    struct result r = { { 0 }, { 0 } };
    real s[N + 1], g[N + 1];
    idx extra = isnan(column) ? 0 : 1;
    weight_case_open(&c, settings);
    struct weight_row row = weight_case_row(&c, N + extra, extra);
    if (!isnan(learned))
        c.numbers[0] = (real)learned;
    row.query = (real)query;
    fill_normal(s + extra, N, 2, 11);
    fill_normal(g + extra, N, 1, 12);
    if (extra) {
        s[0] = (real)column;
        g[0] = 0; /* its value is zero */
    }
    weight_stage_backward(&c.stage, r.a, s, g, &row);
    memcpy(r.ds, g, (size_t)row.n * sizeof *g);
    return r;
}

static void check_same(const struct result *x, idx x_from,
                       const struct result *y, double factor)
{
    for (idx j = 0; j < N; j++) {
        double a = factor * (double)y->a[j];
        assert_near((double)x->a[x_from + j], a, 1e-6, factor / N);
        /* a (g - sum a g), and the second factor may cancel */
        assert_near((double)x->ds[x_from + j], factor * (double)y->ds[j], 1e-6,
                    a + factor / N);
    }
}

static void test_weights__are_softmax_in_these_settings(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        double learned, query, factor;
    } same[] = {
        { "weights=softmax normalizer=p_norm normalizer_p=1", NAN, 0, 1 },
        { "weights=softmax scale=0.2", NAN, 0, 0.2 },
        { "weights=clipped clip_alpha=0 clip_zeta=1", NAN, 0, 1 },
        { "weights=elastic", 0, 0, 1 },
        { "weights=affine", 1, 5.5, 1 },   /* alpha clipped to 1 */
        { "weights=affine", 0.8, 3, 0.8 }, /* alpha at its mean */
    };
    struct result softmax = run("weights=softmax", NAN, 0, NAN);
    for (int i = 0; i < COUNT_OF(same); i++) {
        struct result r =
            run(same[i].settings, same[i].learned, same[i].query, NAN);
        check_same(&r, 0, &softmax, same[i].factor);
    }
    struct result ssmax = run("weights=ssmax", 1 / log(N), 0, NAN);
    check_same(&ssmax, 0, &softmax, 1);
}

static void test_weights__softmax1_is_a_column_of_score_0(void **state)
{
    (void)state;
    struct result softmax1 = run("weights=softmax1", NAN, 0, NAN);
    struct result column = run("weights=softmax", NAN, 0, 0);
    check_same(&column, 1, &softmax1, 1);
    double remainder = 1;
    for (idx j = 0; j < N; j++)
        remainder -= (double)softmax1.a[j];
    assert_near((double)column.a[0], remainder, 3e-7,
                1); /* 1 less a sum, whose factor has a few roundings */
    struct result softmax = run("weights=softmax", NAN, 0, NAN);
    struct result far = run("weights=softmax", NAN, 0, -1e4);
    check_same(&far, 1, &softmax, 1);
}

/* A learned score as the column: its weight goes nowhere, and its gradient is
 * -a* sum a g. */
static void
test_weights__softmax_of_a_column_matches_golden_vectors(void **state)
{
    (void)state;
    static const struct {
        double s, a[3], ds[3], dcolumn;
    } golden[] = {
        { 0,
          { 0.2320567119, 0.0517788513, 0.6307955432 },
          { -0.01732512553, -0.02975518368, 0.07906453476 },
          -0.03198422555 },
        { 0.7,
          { 0.2135734373, 0.04765467527, 0.5805527936 },
          { -0.009571826021, -0.02596310071, 0.09009163799 },
          -0.05455671126 },
    };
    for (int i = 0; i < COUNT_OF(golden); i++) {
        struct weight_case c;
        weight_case_open(&c, "weights=softmax");
        struct weight_row row = weight_case_row(&c, 4, 1);
        const real s[4] = { (real)golden[i].s, 1, (real)-0.5, 2 };
        real a[4], g[4] = { 0, (real)0.3, (real)-0.2, (real)0.5 };
        weight_stage_backward(&c.stage, a, s, g, &row);
        assert_close((double)g[0], golden[i].dcolumn, 2e-6);
        for (int j = 0; j < 3; j++) {
            assert_close((double)a[1 + j], golden[i].a[j], 1e-6);
            assert_close((double)g[1 + j], golden[i].ds[j], 4e-6);
        }
    }
}

static void test_weights__affine_rows_sum_to_the_mean(void **state)
{
    (void)state;
    for (double column = NAN; !(column > 1); column = isnan(column) ? 1 : 2) {
        struct result r = run("weights=affine", 0.3, 2, column);
        double sum = 0;
        for (idx j = 0; j < N + !isnan(column); j++)
            sum += (double)r.a[j];
        assert_close(sum, 0.3, 1e-5);
    }
}

static void test_log__is_within_2e_7_of_the_library(void **state)
{
    (void)state;
    for (double x = 1e-37; x < 1e37; x *= 1.0137)
        assert_close((double)vec_log((real)x), log((double)(real)x), 2e-7);
    assert_true(vec_log(1) == 0);
    assert_true(isnan(vec_log((real)NAN)));
    assert_close((double)vec_power((real)2.5, 3), 15.625, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights__match_their_definitions),
        cmocka_unit_test(
            test_weights__have_the_guards_they_were_published_with),
        cmocka_unit_test(test_weights__are_softmax_in_these_settings),
        cmocka_unit_test(test_weights__softmax1_is_a_column_of_score_0),
        cmocka_unit_test(
            test_weights__softmax_of_a_column_matches_golden_vectors),
        cmocka_unit_test(test_weights__affine_rows_sum_to_the_mean),
        cmocka_unit_test(test_log__is_within_2e_7_of_the_library),
    };
    return cmocka_run_group_tests_name("weights_equal", tests, NULL, NULL);
}

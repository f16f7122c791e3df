/* Products of one head whose operands are rounded, in software and by each
 * kernel of this processor: which are rounded, and when, against loops in
 * double; near to each other, and to float32 as near as rounding lets them. */
#include "harness.h"
#include "head_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/bfloat16.h"
#include "kern/pairs.h"

/* Around a half, one and two strips of 32 queries, tiles of 64; and longer. */
static const idx lengths[] = { 1, 2, 16, 31, 32, 33, 64, 65, 97, 130 };
static const idx widths[] = { 1, 5, 16, 33, 64 };

static const struct product_way float32, software = { .rounds = true };
static struct product_way ways[] = {
    { .rounds = true },
    { .rounds = true, .is_native = true, .pairs = &pairs_plain },
    { .rounds = true, .is_native = true, .pairs = &pairs_vectors },
    { .rounds = true, .is_native = true, .pairs = &pairs_tiles },
};

/* What the running test is of; skips it where the processor has none. */
static struct product_way way_of(void **state)
{
    const struct product_way *way = *state;
    if (way->pairs && !way->pairs->is_here())
        skip();
    return *way;
}

static double rounded(real x)
{
    bfloat16_round(&x, &x, 1);
    return (double)x;
}

static void run(struct head_case *c, const char *settings, idx T, idx D,
                struct product_way way)
{
    head_case_open_way(c, settings, T, D, 1, way);
    head_case_forward(c);
    head_case_backward(c);
}

/* --- which numbers are rounded -------------------------------------------- */

/* (T,D) of a case's rows, and of gradients. */
static double at_row(const struct head_case *c, const real *x, idx part, idx t,
                     idx d)
{
    return (double)x[t * c->ld + part * c->part + d];
}

static double q_hat(const struct head_case *c, idx t, idx d)
{
    return rounded(c->at.scale * c->qkv[t * c->ld + d]);
}

static double hat(const struct head_case *c, idx part, idx t, idx d)
{
    return rounded(c->qkv[t * c->ld + part * c->part + d]);
}

static double do_hat(const struct head_case *c, idx t, idx d)
{
    return rounded(c->do_[t * c->part + d]);
}

/* Off by no more than the order of K sums in float32. */
static void check_sum(double got, double want, double size, idx K)
{
    assert_near(got, want, (double)(K + 2) * 1.2e-7, size);
}

/* The weights that are shown are the scores, and no further rounded. */
static void check_weights(const struct head_case *c)
{
    idx n = 0;
    for (idx t = 0; t < c->at.T; t++)
        for (idx j = 0; j <= t; j++) {
            double sum = 0, size = 0;
            for (idx d = 0; d < c->at.D; d++) {
                double part = q_hat(c, t, d) * hat(c, 1, j, d);
                sum += part;
                size += fabs(part);
            }
            double got = (double)c->map[t * c->row_n + j];
            check_sum(got, sum, size, c->at.D);
            n += got != rounded((real)got);
        }
    assert_true(c->at.T < 16 || c->at.D < 5 || n > c->at.T);
}

static void check_outputs(const struct head_case *c)
{
    for (idx t = 0; t < c->at.T; t++)
        for (idx d = 0; d < c->at.E; d++) {
            double sum = 0, size = 0;
            for (idx j = 0; j <= t; j++) {
                double part =
                    rounded(c->map[t * c->row_n + j]) * hat(c, 2, j, d);
                sum += part;
                size += fabs(part);
            }
            check_sum((double)c->o[t * c->part + d], sum, size, t);
        }
}

static void check_dv(const struct head_case *c)
{
    for (idx j = 0; j < c->at.T; j++)
        for (idx d = 0; d < c->at.E; d++) {
            double sum = 0, size = 0;
            for (idx t = j; t < c->at.T; t++) {
                double part =
                    rounded(c->map[t * c->row_n + j]) * do_hat(c, t, d);
                sum += part;
                size += fabs(part);
            }
            check_sum(at_row(c, c->dqkv, 2, j, d), sum, size, c->at.T);
        }
}

/* The score's gradient is that of the weight here, g = do v. Summed up in
 * another order it may be rounded to its other neighbour, 2^-8 away: a few of
 * the sums of squares over rows may be off by that. */
static void check_dq_dk(const struct head_case *c)
{
    idx T = c->at.T, D = c->at.D;
    double off = 0, all = 0;
    double *want = calloc((size_t)(2 * T * D), sizeof *want),
           *dk = want + T * D;
    assert_non_null(want);
    for (idx t = 0; t < T; t++)
        for (idx j = 0; j <= t; j++) {
            double g = 0;
            for (idx d = 0; d < c->at.E; d++)
                g += do_hat(c, t, d) * hat(c, 2, j, d);
            g = rounded((real)g);
            for (idx d = 0; d < D; d++) {
                want[t * D + d] += (double)c->at.scale * g * hat(c, 1, j, d);
                dk[j * D + d] += g * q_hat(c, t, d);
            }
        }
    for (idx t = 0; t < T; t++)
        for (idx d = 0; d < D; d++) {
            double q = at_row(c, c->dqkv, 0, t, d) - want[t * D + d];
            double k = at_row(c, c->dqkv, 1, t, d) - dk[t * D + d];
            off += q * q + k * k;
            all += pow(want[t * D + d], 2) + pow(dk[t * D + d], 2);
        }
    free(want);
    assert_true(sqrt(off) <= ldexp(1, -11) * sqrt(all));
}

static void test_attention_products__round_what_they_say(void **state)
{
    const struct product_way way = way_of(state);
    for (idx i = 0; i < COUNT_OF(lengths); i++)
        for (idx j = 0; j < COUNT_OF(widths); j++) {
            struct head_case c;
            run(&c, "weights=identity normalizer=none", lengths[i], widths[j],
                way);
            check_weights(&c);
            check_outputs(&c);
            check_dv(&c);
            check_dq_dk(&c);
            head_case_close(&c);
        }
}

/* --- distances ------------------------------------------------------------ */

static const char *const settings[] = {
    "weights=softmax",
    "weights=softmax bias=key_value",
    "weights=sigmoid bias=logit",
    "weights=softmax window=30 registers=2",
    "weights=softmax prefix=40 bias=value",
    "weights=identity normalizer=length group=16 group_globals=2",
};

/* What a head gives, and the rows of gradients that lie in dqkv. */
enum { OUTPUTS, DQ, DK, DV, RESULTS };

static double result(const struct head_case *c, int which, idx t, idx d)
{
    return which == OUTPUTS ? (double)c->o[t * c->part + d]
                            : at_row(c, c->dqkv, which - DQ, t, d);
}

/* |a - b| as a part of |b|. */
static double distance(const struct head_case *a, const struct head_case *b,
                       int which)
{
    double off = 0, all = 0;
    for (idx t = 0; t < a->at.T; t++)
        for (idx d = 0; d < a->at.D; d++) {
            off += pow(result(a, which, t, d) - result(b, which, t, d), 2);
            all += pow(result(b, which, t, d), 2);
        }
    return sqrt(off / all);
}

/* As in test_products.c, 2 u sqrt(n): scores and mixing; the scores again and
 * the sum; and do v between these. The scores' own errors are of size u where
 * scores are about 1, as here, and a weight's are those of its score. */
static double bound_of(int which)
{
    return 2 / 256.0 * sqrt(which == OUTPUTS || which == DV ? 2 : 3);
}

static void test_attention_products__agree_up_to_rounding(void **state)
{
    const struct product_way way = way_of(state);
    for (idx i = 0; i < COUNT_OF(settings); i++)
        for (idx j = 0; j < COUNT_OF(lengths); j++) {
            struct head_case exact, soft, c;
            idx T = lengths[j];
            if (T < 16) /* a few numbers are no mean */
                continue;
            run(&exact, settings[i], T, 33, float32);
            run(&soft, settings[i], T, 33, software);
            run(&c, settings[i], T, 33, way);
            for (int k = 0; k < RESULTS; k++) {
                double far = distance(&c, &exact, k);
                double off = distance(&c, &soft, k);
                if (getenv("SHOW"))
                    printf("%s, T %td, %d: %.2e of %.2e, software %.2e\n",
                           settings[i], T, k, far, bound_of(k), off);
                assert_true(far < bound_of(k) && far > 0.1 / 256);
                assert_true(off < 0.25 * far);
            }
            head_case_close(&exact);
            head_case_close(&soft);
            head_case_close(&c);
        }
}

/* --- the rest ------------------------------------------------------------- */

/* Heads that share keys and values. */
static void test_attention_products__shared_gradients_add_up(void **state)
{
    const struct product_way way = way_of(state);
    for (idx i = 0; i < COUNT_OF(lengths); i++) {
        struct head_case c, twice;
        idx T = lengths[i], D = 33;
        run(&c, "weights=softmax", T, D, way);
        run(&twice, "weights=softmax", T, D, way);
        struct head head = head_case_head(&twice);
        struct head_grads grads = head_case_grads(&twice);
        grads.adds_k = grads.adds_v = true;
        attention_backward(&twice.at, &grads, twice.do_, &head, twice.scratch);
        for (idx t = 0; t < T; t++)
            for (idx d = 0; d < D; d++) {
                assert_true(result(&twice, DQ, t, d) == result(&c, DQ, t, d));
                double dk = result(&c, DK, t, d), dv = result(&c, DV, t, d);
                assert_near(result(&twice, DK, t, d), 2 * dk, 1e-6, 1);
                assert_near(result(&twice, DV, t, d), 2 * dv, 1e-6, 1);
            }
        head_case_close(&c);
        head_case_close(&twice);
    }
}

/* A query that is no number, and one value. */
static void test_attention_products__nan_shows(void **state)
{
    const struct product_way way = way_of(state);
    enum { T = 40, D = 16, QUERY = 35 };
    struct head_case c;
    head_case_open_way(&c, "weights=softmax", T, D, 1, way);
    c.qkv[QUERY * c.ld + 3] = (real)NAN;
    head_case_forward(&c);
    head_case_backward(&c);
    for (idx d = 0; d < D; d++) {
        assert_true(isnan(result(&c, OUTPUTS, QUERY, d)));
        assert_false(isnan(result(&c, OUTPUTS, QUERY - 1, d)));
        assert_true(isnan(result(&c, DQ, QUERY, d)));
        assert_true(isnan(result(&c, DK, 0, d)));
        assert_true(isnan(result(&c, DV, 0, d)));
    }
    head_case_close(&c);
}

#define WITH(test, i) cmocka_unit_test_prestate(test, &ways[i])
#define TESTS_OF(i)                                                            \
    WITH(test_attention_products__round_what_they_say, i),                     \
        WITH(test_attention_products__agree_up_to_rounding, i),                \
        WITH(test_attention_products__shared_gradients_add_up, i),             \
        WITH(test_attention_products__nan_shows, i)

int main(void)
{
    const struct CMUnitTest tests[] = { TESTS_OF(0), TESTS_OF(1), TESTS_OF(2),
                                        TESTS_OF(3) };
    return cmocka_run_group_tests_name("attention_products", tests, NULL, NULL);
}

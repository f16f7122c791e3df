/* Rows of one attention head, wherever they begin and end, against T x T
 * matrices in double. */
#include "harness.h"
#include "head_case.h"
#include "nn/attention/attention_rows.h"

#include <math.h>
#include <string.h>

#include "kern/gemm.h"
#include "nn/visible.h"

/* Lengths around one and two strips of 12 queries, and tiles of 24. */
static const idx lengths[] = { 1, 2, 11, 12, 13, 24, 25, 50, 130 };

enum { T_MAX = 200 };

static double dot(const real *x, const real *y, idx n)
{
    double sum = 0;
    for (idx i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

/* A row as (n_extra + T) numbers, hidden keys zero: the map is tested by itself
 * (test_weights.c), as are spans (test_visible.c); here it is given scores that
 * were made and gathered the plain way. */
static void naive_row(real *weights, struct head_case *c, idx t)
{
    struct head head = head_case_head(c);
    idx D = c->at.D, T = c->at.T, extra = c->at.n_extra, n = 0;
    struct span s = visible_span(&c->at.options, T, t, head.number, c->at.H,
                                 head.documents);
    struct weight_row row =
        weight_case_row(&c->weights, extra + s.globals + s.hi - s.lo, extra);
    const real *q = head.q + t * c->ld;
    double scale = 1 / sqrt((double)D);
    real a[T_MAX];
    row.settings = &c->at.weights.settings;
    row.query = head.query_numbers ? head.query_numbers[t * head.ld_query] : 0;
    if (extra)
        a[n++] = head.column_score
                     ? *head.column_score
                     : (real)(dot(q, head.column_key, c->at.bias_dims) * scale);
    for (idx j = 0; j < s.hi; j++)
        if (j < s.globals || j >= s.lo)
            a[n++] = (real)(dot(q, head.k + j * c->ld, D) * scale);
    assert_int_equal(n, row.n);
    weight_stage_forward(&c->at.weights, a, a, &row);
    memset(weights, 0, (size_t)c->row_n * sizeof *weights);
    n = 0;
    if (extra)
        weights[0] = a[n++];
    for (idx j = 0; j < s.hi; j++)
        if (j < s.globals || j >= s.lo)
            weights[extra + j] = a[n++];
}

/* Element d of the output that a row of weights makes, and the size of what it
 * was summed up from. */
static double mixed(const struct head_case *c, const real *row, idx d,
                    double *size)
{
    struct head head = head_case_head(c);
    idx extra = c->at.n_extra;
    double sum = 0;
    if (head.column_value)
        sum = (extra ? (double)row[0] : 1) * (double)head.column_value[d];
    *size = fabs(sum);
    for (idx j = 0; j < c->at.T; j++) {
        double part = (double)row[extra + j] * (double)head.v[j * c->ld + d];
        sum += part;
        *size += fabs(part);
    }
    return sum;
}

/* What element d of the output may be off by, if no weight of a row is off by
 * more than 1: the sum of the values' sizes. */
static double values_size(const struct head_case *c, idx d)
{
    struct head head = head_case_head(c);
    double sum = head.column_value ? fabs((double)head.column_value[d]) : 0;
    for (idx j = 0; j < c->at.T; j++)
        sum += fabs((double)head.v[j * c->ld + d]);
    return sum;
}

static void check_row(struct head_case *c, idx t, double bound)
{
    const real *got = c->map + t * c->row_n;
    real want[T_MAX];
    double largest = 0;
    naive_row(want, c, t);
    for (idx j = 0; j < c->row_n; j++)
        largest = fmax(largest, fabs((double)want[j]));
    /* the square of a small score has twice its root of the score's rounding */
    largest = fmax(largest, 0.2 * sqrt(largest));
    for (idx j = 0; j < c->row_n; j++) {
        if (want[j] == 0 && fabs((double)got[j]) > bound)
            fail_msg("%s: query %td, column %td: got %g, want 0",
                     c->weights.text, t, j, (double)got[j]);
        assert_near((double)got[j], (double)want[j], bound, largest);
    }
    for (idx d = 0; d < c->at.E; d++) {
        double o = (double)c->o[t * c->part + d], size;
        double mix = mixed(c, want, d, &size);
        /* each weight may be off by bound x largest, as above */
        assert_near(o, mix, bound,
                    fmax(size, largest * fmax(1, values_size(c, d))));
        assert_true(fabs(o - mixed(c, got, d, &size)) <= 1e-6 * size);
    }
    for (idx d = c->at.E; d < c->part; d++)
        assert_true(isnan(c->o[t * c->part + d])); /* the gap is not ours */
}

static void check_head(const char *settings, idx number, idx T, idx D)
{
    struct head_case c;
    head_case_open(&c, settings, T, D, 1);
    c.number = number;
    head_case_forward(&c);
    for (idx t = 0; t < T; t++)
        check_row(&c, t, 1e-5);
    head_case_close(&c);
}

static void test_attention_rows__match_the_plain_matrices(void **state)
{
    (void)state;
    static const idx widths[] = { 1, 5, 16 };
    char text[80];
    for (int map = 0; weight_map_name(map); map++) {
        for (int bias = 0; bias < 2; bias++) {
            snprintf(text, sizeof text, "weights=%s bias=%s",
                     weight_map_name(map), bias ? "key" : "none");
            for (int i = 0; i < COUNT_OF(lengths); i++)
                for (int j = 0; j < COUNT_OF(widths); j++)
                    check_head(text, 0, lengths[i], widths[j]);
        }
    }
}

static void test_attention_rows__columns_match_the_matrices(void **state)
{
    (void)state;
    static const char *const columns[] = {
        "bias=key_value",       "bias=key_value bias_dims=2",
        "bias=key bias_dims=1", "bias=key bias_value=uniform",
        "bias=value",           "bias=logit",
    };
    char text[120];
    for (int i = 0; i < COUNT_OF(columns); i++) {
        for (int map = 0; weight_map_name(map); map++) {
            snprintf(text, sizeof text, "weights=%s scale=0.7 %s",
                     weight_map_name(map), columns[i]);
            check_head(text, 0, 25, 5);
        }
        check_head(columns[i], 0, 130, 16);
    }
}

/* Every way of hiding keys, alone and with others, with and without a column,
 * in a head of either half. */
static void test_attention_rows__masks_match_the_matrices(void **state)
{
    (void)state;
    static const char *const masks[] = {
        "window=1",
        "window=5",
        "window=30",
        "window=5 registers=3",
        "prefix=1",
        "prefix=20",
        "prefix=60",
        "prefix=7 window=5",
        "prefix=7 window=5 registers=2",
        "group=16",
        "group=7 group_shift=yes",
        "group=16 group_globals=2",
        "group=16 group_globals=20 group_shift=yes registers=1",
        "document_token=0",
        "documents=within registers=1",
        "document_token=0 window=9 registers=2",
        "document_token=0 window=9 prefix=3 group=20 group_globals=2",
    };
    static const char *const rows[] = {
        "weights=softmax",
        "weights=softmax bias=key_value",
        "weights=identity normalizer=length bias=logit",
        "weights=affine bias=value",
        "weights=ssmax bias=key",
    };
    static const idx T[] = { 1, 13, 49, 60 };
    char text[160];
    for (int i = 0; i < COUNT_OF(masks); i++)
        for (int r = 0; r < COUNT_OF(rows); r++)
            for (int s = 0; s < COUNT_OF(T); s++) {
                snprintf(text, sizeof text, "%s %s", rows[r], masks[i]);
                check_head(text, 0, T[s], 5);
                check_head(text, HEAD_HEADS - 1, T[s], 5);
            }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention_rows__match_the_plain_matrices),
        cmocka_unit_test(test_attention_rows__columns_match_the_matrices),
        cmocka_unit_test(test_attention_rows__masks_match_the_matrices),
    };
    return cmocka_run_group_tests_name("attention_rows", tests, start, NULL);
}

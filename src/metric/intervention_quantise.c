/* intervention_quantise.c - fewer bits for weights, or for what the matrices of
 * a block read; what they give, attention itself, embedding and head keep
 * theirs. */
#include <math.h>

#include "metric/intervention.h"
#include "metric/metric_table.h"

/* KEEP WITH: range_at, places */
#define ACTIVATIONS(edit)                                                      \
    { TAP_NORM1, edit }, { TAP_MIXED, edit }, { TAP_NORM2, edit },             \
    {                                                                          \
        TAP_FFN_INNER, edit                                                    \
    }

/* Levels lie at step * (whole - zero), whole from least to most. */
struct grid {
    double step, zero, least, most;
};

static real on_grid(const struct grid *g, real x)
{
    double whole = nearbyint((double)x / g->step) + g->zero;
    if (whole < g->least)
        whole = g->least;
    if (whole > g->most)
        whole = g->most;
    return (real)(g->step * (whole - g->zero));
}

/* --- weights -------------------------------------------------------------- */

/* Symmetric: levels -n .. n, n = 2^(bits - 1) - 1, the largest |w| at n. A NaN
 * stays one. */
static void quantise_tensor(real *w, idx n, int bits)
{
    double largest = 0, most = (double)(1 << (bits - 1)) - 1;
    for (idx i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)w[i]));
    if (largest == 0)
        return;
    struct grid g = { largest / most, 0, -most, most };
    for (idx i = 0; i < n; i++)
        w[i] = on_grid(&g, w[i]);
}

static void quantise_weights(real *w, const struct model *m, int bits)
{
    for (idx i = 0; i < m->table.count; i++) {
        const struct param *p = &m->table.rows[i];
        idx width = p->n / p->shape[0], row = 0;
        if (param_group(p) != GROUP_MATRICES)
            continue;
        for (int k = 0; k < p->n_parts; k++) {
            quantise_tensor(w + p->offset + row * width,
                            p->parts[k].rows * width, bits);
            row += p->parts[k].rows;
        }
        if (!p->n_parts)
            quantise_tensor(w + p->offset, p->n, bits);
    }
}

static void weights_8(real *w, const struct model *m)
{
    quantise_weights(w, m, 8);
}

static void weights_4(real *w, const struct model *m)
{
    quantise_weights(w, m, 4);
}

/* --- activations ---------------------------------------------------------- */

/* From the least number, or 0, to the largest, or 0. */
struct range {
    double least, largest;
};

static struct range range_of(const struct tap_slice *s, idx row, idx rows)
{
    struct range x = { 0, 0 };
    for (idx r = row; r < row + rows; r++)
        for (idx i = 0; i < s->n; i++) {
            x.least = fmin(x.least, (double)s->x[r * s->ld + i]);
            x.largest = fmax(x.largest, (double)s->x[r * s->ld + i]);
        }
    return x;
}

/* Asymmetric: 2^bits levels over a range, 0 among them; what lies outside is
 * at its ends. */
static void quantise_in(const struct tap_slice *s, idx row, idx rows,
                        struct range x, int bits)
{
    double most = (double)(1 << bits) - 1;
    if (!(x.largest > x.least))
        return;
    struct grid g = { .step = (x.largest - x.least) / most, .most = most };
    g.zero = nearbyint(-x.least / g.step);
    for (idx r = row; r < row + rows; r++)
        for (idx i = 0; i < s->n; i++)
            s->x[r * s->ld + i] = on_grid(&g, s->x[r * s->ld + i]);
}

static void quantise_rows(const struct tap_slice *s, idx row, idx rows,
                          int bits)
{
    quantise_in(s, row, rows, range_of(s, row, rows), bits);
}

static void each_row(const struct tap_slice *s, int bits)
{
    for (idx r = 0; r < s->rows; r++)
        quantise_rows(s, r, 1, bits);
}

static void tensor_8(void *work, const struct tap_slice *s)
{
    (void)work;
    quantise_rows(s, 0, s->rows, 8);
}

static void tensor_4(void *work, const struct tap_slice *s)
{
    (void)work;
    quantise_rows(s, 0, s->rows, 4);
}

static void rows_8(void *work, const struct tap_slice *s)
{
    (void)work;
    each_row(s, 8);
}

static void rows_4(void *work, const struct tap_slice *s)
{
    (void)work;
    each_row(s, 4);
}

/* --- static ranges -------------------------------------------------------- */

enum { PLACES = 4, RANGE_DOUBLES = 2 };

/* What the range keeps of its past (Bondarenko et al., 2023). */
static const double MOMENTUM = 0.9;

static idx ranges_n(const struct intervention_shape *s)
{
    return s->L * PLACES * RANGE_DOUBLES;
}

/* Where the range of what one matrix reads stands.
 * KEEP WITH: ACTIVATIONS, points of the model */
static double *range_at(double *ranges, const struct tap_slice *s)
{
    static const enum tap taps[PLACES] = { TAP_NORM1, TAP_MIXED, TAP_NORM2,
                                           TAP_FFN_INNER };
    idx place = 0;
    while (place < PLACES && taps[place] != s->tap)
        place++;
    BUG_ON(place == PLACES);
    return ranges + (s->layer * PLACES + place) * RANGE_DOUBLES;
}

static void record_range(void *work, const struct tap_slice *s)
{
    double *at = range_at(work_record(work, s), s);
    struct range x = range_of(s, 0, s->rows);
    at[0] = x.least;
    at[1] = x.largest;
}

/* Of equal ranges that range, to the bit. */
static void learn_range(double *range, const double *record, idx n,
                        idx sequence)
{
    for (idx i = 0; i < n; i++)
        range[i] = sequence ? range[i] + (1 - MOMENTUM) * (record[i] - range[i])
                            : record[i];
}

static void quantise_static(const struct intervention_work *w,
                            const struct tap_slice *s, int bits)
{
    const double *at = range_at(w->learned, s);
    quantise_in(s, 0, s->rows, (struct range){ at[0], at[1] }, bits);
}

static void static_8(void *work, const struct tap_slice *s)
{
    quantise_static(work, s, 8);
}

static void static_4(void *work, const struct tap_slice *s)
{
    quantise_static(work, s, 4);
}

#define BONDARENKO "arXiv 2306.12929"
#define DYNAMIC BONDARENKO "; there ranges are static"
#define COMMON "common"
#define OF_WEIGHTS(bits)                                                       \
    "matrices of blocks have " bits                                            \
    " bits: symmetric, one step a matrix (queries, keys, values, gate and up " \
    "are one each), levels -n .. n, the largest |w| at n = 2^(bits-1) - 1"
#define OF_STATIC(bits)                                                        \
    "what matrices of blocks read has " bits                                   \
    " bits: asymmetric, 2^bits levels over a range, 0 among them, that is "    \
    "learned before: ends are running means, of momentum 0.9, of the least "   \
    "and the largest number of each of 16 sequences of training"
#define OF_INPUTS(bits, per)                                                   \
    "what matrices of blocks read has " bits                                   \
    " bits: asymmetric, 2^bits levels from the least number to the largest, "  \
    "0 among them; dynamic, one step a " per

static const struct intervention w8 = { .change = weights_8 };
static const struct intervention w4 = { .change = weights_4 };
static const struct intervention a8 = { .edits = { ACTIVATIONS(tensor_8) } };
static const struct intervention a4 = { .edits = { ACTIVATIONS(tensor_4) } };
static const struct intervention a8_token = { .edits = {
                                                  ACTIVATIONS(rows_8) } };
static const struct intervention a4_token = { .edits = {
                                                  ACTIVATIONS(rows_4) } };
static const struct intervention a8_static = {
    .edits = { ACTIVATIONS(static_8) },
    .learning = { ranges_n, { ACTIVATIONS(record_range) }, learn_range },
};
static const struct intervention a4_static = {
    .edits = { ACTIVATIONS(static_4) },
    .learning = { ranges_n, { ACTIVATIONS(record_range) }, learn_range },
};
static const struct intervention w8a8_static = {
    .edits = { ACTIVATIONS(static_8) },
    .learning = { ranges_n, { ACTIVATIONS(record_range) }, learn_range },
    .change = weights_8,
};
static const struct intervention w8a8 = {
    .edits = { ACTIVATIONS(tensor_8) },
    .change = weights_8,
};
static const struct intervention w4a4 = {
    .edits = { ACTIVATIONS(tensor_4) },
    .change = weights_4,
};

const struct metric metrics_intervention_quantise[] = {
    COST_OF_ALL(w8, "w8", "8-bit weights", BONDARENKO, OF_WEIGHTS("8")),
    COST_OF_ALL(w4, "w4", "4-bit weights", BONDARENKO, OF_WEIGHTS("4")),
    COST_OF_ALL(a8, "a8", "8-bit activations", DYNAMIC,
                OF_INPUTS("8", "sequence")),
    COST_OF_ALL(a4, "a4", "4-bit activations", DYNAMIC,
                OF_INPUTS("4", "sequence")),
    COST_OF_ALL(a8_token, "a8_token", "8-bit activations, a step a token",
                COMMON, OF_INPUTS("8", "token")),
    COST_OF_ALL(a4_token, "a4_token", "4-bit activations, a step a token",
                COMMON, OF_INPUTS("4", "token")),
    COST_OF_ALL(a8_static, "a8_static", "8-bit activations, static ranges",
                BONDARENKO, OF_STATIC("8")),
    COST_OF_ALL(a4_static, "a4_static", "4-bit activations, static ranges",
                BONDARENKO, OF_STATIC("4")),
    COST_OF_ALL(w8a8, "w8a8", "8-bit weights and activations", DYNAMIC,
                "weights are as for cost_w8, activations as for cost_a8"),
    COST_OF_ALL(w8a8_static, "w8a8_static",
                "8-bit weights and activations, static ranges", BONDARENKO,
                "weights are as for cost_w8, activations as for "
                "cost_a8_static"),
    COST_OF_ALL(w4a4, "w4a4", "4-bit weights and activations", COMMON,
                "weights are as for cost_w4, activations as for cost_a4"),
    { .text = { .name = NULL } },
};

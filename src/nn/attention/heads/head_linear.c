/* head_linear.c - weights = identity by running sums (Katharopoulos et al.
 * 2020): a row of weights is c_t q_t . k_j, so a head's output is c_t q_t
 * (sum_j k_j v_j^T), where c_t holds scale, normaliser and 1/sqrt(D).
 *
 * Backward needs no row either. With f_tj = q_t . k_j / sqrt(D) and the factor
 * F_t = 1/Z_t, normalizer.h's gradient of f_tj is F_t (scale do_t . v_j - e_t),
 * where e_t = do_t . o_t dZ/df is the same for all j. So
 *
 *   dq_t = sum_{j<=t} (c_t do_t . v_j) k_j - E_t sum_{j<=t} k_j
 *   dk_j = sum_{t>=j} (c_t do_t . v_j) q_t - sum_{t>=j} E_t q_t
 *   dv_j = sum_{t>=j} (q_t . k_j) c_t do_t          E_t = F_t e_t / sqrt(D)
 */
#include <string.h>

#include "nn/attention/attention.h"
#include "nn/attention/heads/head_sums.h"
#include "nn/attention/weights/normalizer.h"
#include "kern/rows.h"
#include "nn/visible.h"

struct linear_work {
    double *sum; /* (D) of keys, then of queries */
    real *sums;  /* scratch of head_sums */
    real *c, *e; /* (T) c_t, E_t */
    real *y;     /* (T,E) sum_j (q_t . k_j) v_j, then c_t do_t */
};

static bool is_on(const struct attention_options *o)
{
    return o->linear_time;
}

static idx scratch_of(const struct attention *at)
{
    return reals_of_doubles(at->D) + head_sums_scratch(at->D, at->E) +
           at->T * (2 + at->E);
}

static struct linear_work work_at(const struct attention *at, real *scratch)
{
    struct linear_work w = { .sum = (double *)(void *)scratch };
    BUG_ON(at->n_extra || at->n_edits || !visible_is_causal(&at->options));
    w.sums = scratch + reals_of_doubles(at->D);
    w.c = w.sums + head_sums_scratch(at->D, at->E);
    w.e = w.c + at->T;
    w.y = w.e + at->T;
    return w;
}

/* Does Z depend on the sum of a row? */
static bool has_row_sums(const struct attention *at)
{
    enum normalizer kind = at->weights.normalizer;
    BUG_ON(kind == NORMALIZER_P_NORM);
    return kind == NORMALIZER_SUM || kind == NORMALIZER_ABS_SUM;
}

/* dZ/df, the same for all f of a row whose sum is `sum`. */
static real slope(enum normalizer kind, real sum)
{
    if (kind == NORMALIZER_ABS_SUM && sum <= 1)
        return sum < -1 ? -1 : 0;
    return 1;
}

/* c_t; and E_t but for do_t . o_t, where Z depends on the sum of a row, to
 * which a row of that sum alone is as good as the whole. */
static void row_factors(const struct attention *at, const struct linear_work *w,
                        const struct head *head)
{
    enum normalizer kind = at->weights.normalizer;
    bool has_sums = has_row_sums(at);
    memset(w->sum, 0, (size_t)at->D * sizeof *w->sum);
    for (idx t = 0; t < at->T; t++) {
        real sum = 0;
        if (has_sums) {
            const real *q = head->q + t * head->ld_qkv;
            sum_add(w->sum, 1, head->k + t * head->ld_qkv, at->D);
            sum = (real)((double)at->scale * sum_dot(w->sum, q, 0, at->D));
        }
        real factor = at->scale * normalizer_factor(kind, &sum, 1, t + 1, 0);
        w->c[t] = at->weights.scale * factor;
        w->e[t] = slope(kind, sum) * factor;
    }
}

/* y = sum_j (q_t . k_j) v_j */
static struct head_sums outputs(const struct attention *at, real *y, idx ld_y,
                                const struct head *head)
{
    idx ld = head->ld_qkv;
    return (struct head_sums){ .y = y,
                               .ld_y = ld_y,
                               .q = { head->q, ld },
                               .k = { head->k, ld },
                               .x = { head->v, ld },
                               .T = at->T,
                               .D = at->D,
                               .E = at->E };
}

static void forward(const struct attention *at, real *o,
                    const struct head *head, real *weights, real *scratch)
{
    struct linear_work w = work_at(at, scratch);
    struct head_sums s = outputs(at, o, head->ld_o, head);
    stopwatch_mark(at->watch, PART_WAIT);
    row_factors(at, &w, head);
    stopwatch_mark(at->watch, PART_ROWS);
    head_sums(&s, w.sums);
    for (idx t = 0; t < at->T; t++)
        row_scale(o + t * head->ld_o, w.c[t], at->E);
    if (weights)
        head_sums_weights(weights, &s, w.c, NULL);
    stopwatch_mark(at->watch, PART_SCORES);
}

/* E_t, and y = c_t do_t. */
static void open_backward(const struct attention *at,
                          const struct linear_work *w, const real *do_,
                          const struct head *head)
{
    struct head_sums s = outputs(at, w->y, at->E, head);
    bool has_sums = has_row_sums(at);
    row_factors(at, w, head);
    stopwatch_mark(at->watch, PART_ROWS);
    if (has_sums)
        head_sums(&s, w->sums);
    for (idx t = 0; t < at->T; t++) {
        real *y = w->y + t * at->E;
        const real *d = do_ + t * head->ld_o;
        if (has_sums)
            w->e[t] *= w->c[t] * row_dot(d, y, at->E);
        for (idx i = 0; i < at->E; i++)
            y[i] = w->c[t] * d[i];
    }
}

/* The terms with E_t. */
static void add_row_sums(const struct attention *at,
                         const struct linear_work *w, struct head_grads *grads,
                         const struct head *head)
{
    idx T = at->T, D = at->D, ld = head->ld_qkv;
    memset(w->sum, 0, (size_t)D * sizeof *w->sum);
    for (idx t = 0; t < T; t++) {
        sum_add(w->sum, 1, head->k + t * ld, D);
        for (idx i = 0; i < D; i++)
            grads->dq[t * ld + i] -= w->e[t] * (real)w->sum[i];
    }
    memset(w->sum, 0, (size_t)D * sizeof *w->sum);
    for (idx t = T - 1; t >= 0; t--) {
        sum_add(w->sum, (double)w->e[t], head->q + t * ld, D);
        for (idx i = 0; i < D; i++)
            grads->dk[t * ld + i] -= (real)w->sum[i];
    }
}

static void backward(const struct attention *at, struct head_grads *grads,
                     const real *do_, const struct head *head, real *scratch)
{
    struct linear_work w = work_at(at, scratch);
    idx T = at->T, D = at->D, E = at->E, ld = head->ld_qkv;
    struct sums_rows q = { head->q, ld }, k = { head->k, ld };
    struct sums_rows v = { head->v, ld }, y = { w.y, E };
    struct head_sums dq = { grads->dq, ld, y, v, k, T, E, D, false, false };
    struct head_sums dk = { grads->dk, ld, v, y, q, T, E, D, true, false };
    struct head_sums dv = { grads->dv, ld, k, q, y, T, D, E, true, false };
    dk.is_added = grads->adds_k;
    dv.is_added = grads->adds_v;
    stopwatch_mark(at->watch, PART_WAIT);
    open_backward(at, &w, do_, head);
    head_sums(&dq, w.sums);
    head_sums(&dk, w.sums);
    head_sums(&dv, w.sums);
    if (has_row_sums(at))
        add_row_sums(at, &w, grads, head);
    stopwatch_mark(at->watch, PART_SCORES);
}

const struct head_operation head_linear = {
    .text = { .name = "linear",
              .key = "[attention] linear_time = yes",
              .formula = "o_t = c_t q_t (sum_{j<=t} k_j v_j^T), c_t = scale / "
                         "(sqrt(D) Z_t); weights = identity, the same "
                         "numbers in O(T D^2)",
              .parameters = "none; reads normalizer, scale and features",
              .source = "Katharopoulos et al., 2020, Transformers are RNNs; "
                        "maps and normalisers of arXiv 2410.10781",
              .sinks = "as weights = identity: sink_1 0.00 % (proxy), with "
                       "features = elu1 and normalizer = sum 53.65 % (proxy) "
                       "(arXiv 2410.10781)" },
    .has_sums = true,
    .is_on = is_on,
    .scratch = scratch_of,
    .forward = forward,
    .backward = backward,
};

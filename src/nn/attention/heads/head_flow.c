/* head_flow.c - causal Flow-attention (Wu et al., 2022): weights as the flow
 * from keys to queries. What reaches a query is normalised by what keys give
 * (`in`), what leaves a key by what queries take (`out`); keys then compete for
 * a share of what leaves, and each query takes in what reaches it. With
 * q, k = sigmoids of queries and keys, c_t = t + 1 and e = 1e-6,
 *
 *   in_t   = c_t / (q_t+e).(K_t+e)               K_t = sum_{j<=t} k_j
 *   out_t  = c_t / (k_t+e).(Q_t+e)               Q_t = sum_{j<=t} q_j
 *   take_t = sigmoid((q_t+e).(KO_t+e) / c_t)     KO_t = sum_{j<=t} out_j k_j
 *   give_t = (k_t+e).(QI_t+e) / c_t, clamped     QI_t = sum_{j<=t} in_j q_j
 *   share_t = exp(give_t) / sum_{j<=t} exp(give_j)
 *   o_t = take_t in_t / c_t sum_{j<=t} (q_t.k_j) c_j share_j v_j
 *
 * Backward goes from the last row to the first. Each sum over j <= t turns into
 * one over t >= j (a "tail"), and the sums themselves are taken apart again,
 * row by row: in double that costs no accuracy, and no (T,D) of them is kept.
 */
#include <math.h>
#include <string.h>

#include "nn/attention/attention.h"
#include "nn/attention/heads/head_sums.h"
#include "kern/rows.h"
#include "nn/visible.h"

static const double GUARD = 1e-6;

struct flow_row {
    double in, out, take, share;
    double give;    /* before the clamp */
    double dfactor; /* gradient of take in / c */
};

/* Sums over the rows up to one, and tails of their gradients. (D) each. */
struct flow_sums {
    double *k, *q, *kout, *qin;
};

struct flow_work {
    struct flow_sums sums, tails;
    struct flow_row *rows; /* (T) */
    real *scratch;         /* of head_sums; doubles first, for alignment */
    real *q, *k;           /* (T,D) sigmoids */
    real *factor, *gain;   /* (T) take in / c of a query, c share of a key */
    real *x;               /* (T,E) gain v */
    real *y;               /* (T,E) sum_j (q.k_j) x_j; then factor do_ */
    real *dq, *dk, *dx;    /* (T,D), (T,D), (T,E) of q, k and x */
};

enum { ROW_DOUBLES = sizeof(struct flow_row) / sizeof(double) };

static bool is_on(const struct attention_options *o)
{
    return o->operation == OPERATION_FLOW;
}

static idx scratch_of(const struct attention *at)
{
    return reals_of_doubles(8 * at->D + ROW_DOUBLES * at->T) +
           at->T * (4 * at->D + 3 * at->E + 2) +
           head_sums_scratch(at->D, at->E);
}

static struct flow_sums sums_at(double *place, idx D)
{
    return (struct flow_sums){ place, place + D, place + 2 * D, place + 3 * D };
}

static struct flow_work work_at(const struct attention *at, real *scratch)
{
    idx T = at->T, D = at->D, E = at->E;
    double *doubles = (double *)(void *)scratch;
    struct flow_work w = { .sums = sums_at(doubles, D),
                           .tails = sums_at(doubles + 4 * D, D),
                           .rows =
                               (struct flow_row *)(void *)(doubles + 8 * D) };
    BUG_ON(at->n_extra || at->n_edits || !visible_is_causal(&at->options));
    memset(doubles, 0, (size_t)(8 * D) * sizeof *doubles);
    w.scratch = scratch + reals_of_doubles(8 * D + ROW_DOUBLES * T);
    w.q = w.scratch + head_sums_scratch(D, E);
    w.k = w.q + T * D;
    w.dq = w.k + T * D;
    w.dk = w.dq + T * D;
    w.x = w.dk + T * D;
    w.y = w.x + T * E;
    w.dx = w.y + T * E;
    w.factor = w.dx + T * E;
    w.gain = w.factor + T;
    return w;
}

/* --- forward -------------------------------------------------------------- */

/* Into -bound .. bound; NaN stays. */
static double clamped(double x, double bound)
{
    if (x > bound)
        return bound;
    return x < -bound ? -bound : x;
}

/* Rows up to t are in the sums, q_t and k_t with them. */
static void flow_row(const struct attention *at, const struct flow_work *w,
                     idx t)
{
    const struct flow_sums *s = &w->sums;
    const real *q = w->q + t * at->D, *k = w->k + t * at->D;
    struct flow_row *row = &w->rows[t];
    double c = (double)(t + 1);
    idx D = at->D;
    sum_add(s->k, 1, k, D);
    sum_add(s->q, 1, q, D);
    row->in = c / sum_dot(s->k, q, GUARD, D);
    row->out = c / sum_dot(s->q, k, GUARD, D);
    sum_add(s->kout, row->out, k, D);
    sum_add(s->qin, row->in, q, D);
    row->take = 1 / (1 + exp(-sum_dot(s->kout, q, GUARD, D) / c));
    row->give = sum_dot(s->qin, k, GUARD, D) / c;
}

/* Everything that weighs rows; w->x. */
static void flows(const struct attention *at, const struct flow_work *w,
                  const struct head *head)
{
    double log_sum = -INFINITY; /* of exp(give): no exp can overflow */
    for (idx t = 0; t < at->T; t++) {
        struct flow_row *row = &w->rows[t];
        double c = (double)(t + 1);
        for (idx i = 0; i < at->D; i++) {
            w->q[t * at->D + i] = vec_sigmoid(head->q[t * head->ld_qkv + i]);
            w->k[t * at->D + i] = vec_sigmoid(head->k[t * head->ld_qkv + i]);
        }
        flow_row(at, w, t);
        double give = clamped(row->give, at->options.flow_clamp);
        row->share = 1 / (1 + exp(log_sum - give));
        log_sum = fmax(log_sum, give) + log1p(exp(-fabs(log_sum - give)));
        w->factor[t] = (real)(row->take * row->in / c);
        w->gain[t] = (real)(c * row->share);
        for (idx i = 0; i < at->E; i++)
            w->x[t * at->E + i] = w->gain[t] * head->v[t * head->ld_qkv + i];
    }
}

static struct head_sums outputs(const struct attention *at,
                                const struct flow_work *w, real *y, idx ld_y)
{
    return (struct head_sums){ .y = y,
                               .ld_y = ld_y,
                               .q = { w->q, at->D },
                               .k = { w->k, at->D },
                               .x = { w->x, at->E },
                               .T = at->T,
                               .D = at->D,
                               .E = at->E };
}

static void forward(const struct attention *at, real *o,
                    const struct head *head, real *weights, real *scratch)
{
    struct flow_work w = work_at(at, scratch);
    struct head_sums s = outputs(at, &w, o, head->ld_o);
    stopwatch_mark(at->watch, PART_WAIT);
    flows(at, &w, head);
    stopwatch_mark(at->watch, PART_ROWS);
    head_sums(&s, w.scratch);
    for (idx t = 0; t < at->T; t++)
        row_scale(o + t * head->ld_o, w.factor[t], at->E);
    if (weights)
        head_sums_weights(weights, &s, w.factor, w.gain);
    stopwatch_mark(at->watch, PART_SCORES);
}

/* --- backward ------------------------------------------------------------- */

/* Gradients of q, k and x from the sums over pairs, and of the factors. */
static void pairs_backward(const struct attention *at,
                           const struct flow_work *w, const real *do_, idx ld_o)
{
    idx T = at->T, D = at->D, E = at->E;
    struct head_sums s = outputs(at, w, w->y, E);
    struct sums_rows q = s.q, k = s.k, x = s.x, y = { w->y, E };
    struct head_sums dq = { w->dq, D, y, x, k, T, E, D, false, false };
    struct head_sums dk = { w->dk, D, x, y, q, T, E, D, true, false };
    struct head_sums dx = { w->dx, E, k, q, y, T, D, E, true, false };
    head_sums(&s, w->scratch);
    for (idx t = 0; t < T; t++) {
        real *y_t = w->y + t * E;
        const real *d = do_ + t * ld_o;
        w->rows[t].dfactor = (double)row_dot(d, y_t, E);
        for (idx i = 0; i < E; i++)
            y_t[i] = w->factor[t] * d[i];
    }
    head_sums(&dq, w->scratch);
    head_sums(&dk, w->scratch);
    head_sums(&dx, w->scratch);
}

/* Gradients of one row's numbers. */
struct flow_grads {
    double in, out;      /* of in_t, out_t, to be completed */
    double taken, given; /* of (q+e).(KO+e) and (k+e).(QI+e) */
};

/* The tails of KO and QI, and with them all of d in_t and d out_t. */
static void tails_of_flows(const struct attention *at,
                           const struct flow_work *w, struct flow_grads *g,
                           const real *q, const real *k)
{
    double *kout = w->tails.kout, *qin = w->tails.qin, in = 0, out = 0;
#pragma omp simd reduction(+ : in, out)
    for (idx i = 0; i < at->D; i++) {
        kout[i] += g->taken * ((double)q[i] + GUARD);
        qin[i] += g->given * ((double)k[i] + GUARD);
        out += (double)k[i] * kout[i];
        in += (double)q[i] * qin[i];
    }
    g->in += in;
    g->out += out;
}

/* All of dq_t and dk_t before their sigmoids; row t leaves the sums. */
static void vectors_backward(const struct attention *at,
                             const struct flow_work *w,
                             const struct flow_grads *g, idx t)
{
    const struct flow_sums *s = &w->sums, *tail = &w->tails;
    const real *q = w->q + t * at->D, *k = w->k + t * at->D;
    real *dq = w->dq + t * at->D, *dk = w->dk + t * at->D;
    double in = w->rows[t].in, out = w->rows[t].out, c = (double)(t + 1);
    double reached = -g->in * in * in / c; /* of (q+e).(K+e) */
    double left = -g->out * out * out / c; /* of (k+e).(Q+e) */
#pragma omp simd
    for (idx i = 0; i < at->D; i++) {
        double q_i = (double)q[i], k_i = (double)k[i];
        tail->k[i] += reached * (q_i + GUARD);
        tail->q[i] += left * (k_i + GUARD);
        dq[i] += (real)(g->taken * (s->kout[i] + GUARD) + in * tail->qin[i] +
                        reached * (s->k[i] + GUARD) + tail->q[i]);
        dk[i] += (real)(g->given * (s->qin[i] + GUARD) + out * tail->kout[i] +
                        left * (s->q[i] + GUARD) + tail->k[i]);
        s->kout[i] -= out * k_i;
        s->qin[i] -= in * q_i;
        s->k[i] -= k_i;
        s->q[i] -= q_i;
    }
}

static void flows_backward(const struct attention *at,
                           const struct flow_work *w, const struct head *head)
{
    idx D = at->D, E = at->E;
    double later = 0; /* sum over i >= t of share_i's gradient times share_i,
                         times what is left of row t's sum in row i's */
    for (idx t = at->T - 1; t >= 0; t--) {
        const struct flow_row *row = &w->rows[t];
        double c = (double)(t + 1), dgain = 0, take = row->take;
        for (idx i = 0; i < E; i++)
            dgain += (double)w->dx[t * E + i] *
                     (double)head->v[t * head->ld_qkv + i];
        double own = dgain * c * row->share;
        later += own;
        struct flow_grads g = {
            .in = row->dfactor * take / c,
            .taken = row->dfactor * row->in / c * take * (1 - take) / c,
        };
        if (fabs(row->give) < at->options.flow_clamp)
            g.given = (own - row->share * later) / c;
        later *= 1 - row->share;
        tails_of_flows(at, w, &g, w->q + t * D, w->k + t * D);
        vectors_backward(at, w, &g, t);
    }
}

static void backward(const struct attention *at, struct head_grads *grads,
                     const real *do_, const struct head *head, real *scratch)
{
    struct flow_work w = work_at(at, scratch);
    idx D = at->D, E = at->E;
    stopwatch_mark(at->watch, PART_WAIT);
    flows(at, &w, head);
    stopwatch_mark(at->watch, PART_ROWS);
    pairs_backward(at, &w, do_, head->ld_o);
    stopwatch_mark(at->watch, PART_SCORES);
    flows_backward(at, &w, head);
    for (idx t = 0; t < at->T; t++) {
        idx row = t * head->ld_qkv;
        real *dq = grads->dq + row, *dk = grads->dk + row;
        real *dv = grads->dv + row;
        const real *q = w.q + t * D, *k = w.k + t * D, *dx = w.dx + t * E;
        for (idx i = 0; i < D; i++) {
            real d = w.dk[t * D + i] * k[i] * (1 - k[i]);
            dq[i] = w.dq[t * D + i] * q[i] * (1 - q[i]);
            dk[i] = grads->adds_k ? dk[i] + d : d;
        }
        for (idx i = 0; i < E; i++)
            dv[i] = (grads->adds_v ? dv[i] : 0) + w.gain[t] * dx[i];
    }
    stopwatch_mark(at->watch, PART_ROWS);
}

const struct head_operation head_flow = {
    .text = { .name = "flow",
              .key = "[attention] operation = flow",
              .formula = "a_tj = take_t in_t / c_t (sigmoid(q_t).sigmoid(k_j)) "
                         "c_j share_j, c_t = t + 1: flows into queries and out "
                         "of keys, each conserved, keys competing",
              .parameters = "none; reads flow_clamp",
              .source = "Wu et al., 2022, Flowformer",
              .sinks = "not reported: \"sink\" is what receives flow there" },
    .has_own_weights = true,
    .has_sums = true,
    .is_on = is_on,
    .scratch = scratch_of,
    .forward = forward,
    .backward = backward,
};

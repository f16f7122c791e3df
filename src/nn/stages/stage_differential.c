/* stage_differential.c - pairs of heads with one value of twice the width:
 * y = (o1 - lambda o2) normed, times 1 - lambda0 (Ye et al., 2024), with
 * lambda = exp(lq1.lk1) - exp(lq2.lk2) + lambda0,
 * lambda0 = 0.8 - 0.6 exp(-0.3 layer). */
#include <math.h>
#include <string.h>

#include "kern/gemm.h"
#include "kern/headnorm.h"
#include "kern/norm.h"
#include "nn/model/stage.h"

enum { Q1, K1, Q2, K2, GAIN }; /* the stage's tensors, (D) each, and (E) */

static bool is_on(const struct model_spec *s)
{
    return attention_in_pairs(&s->attention);
}

static void declare(struct stage_tensors *t, const struct stage_block *b)
{
    static const char *const names[] = { "lambda_q1", "lambda_k1", "lambda_q2",
                                         "lambda_k2" };
    for (int i = 0; i < COUNT_OF(names); i++)
        stage_declare(t, names[i], 1, &b->D, 0, 0.1);
    stage_declare(t, "differential.gain", 1, &b->E, 1, 0);
}

static idx out_width(const struct stage_block *b, idx in_width)
{
    (void)b;
    return in_width / 2;
}

static double lambda_start(idx layer)
{
    return 0.8 - 0.6 * exp(-0.3 * (double)layer);
}

static double dot(const real *x, const real *y, idx n)
{
    double sum = 0;
    for (idx i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

/* The exponents have no bound; in double only a run that has diverged gets to
 * the end of exp. */
static double lambda_of(const real *const l[4], idx D, idx layer)
{
    return exp(dot(l[Q1], l[K1], D)) - exp(dot(l[Q2], l[K2], D)) +
           lambda_start(layer);
}

static real pair_factor(const struct block_stage *s, const real *w,
                        const struct stage_block *b)
{
    const real *l[4];
    for (int i = 0; i < 4; i++)
        l[i] = w + s->params[i].offset;
    return (real)lambda_of(l, b->D, b->layer);
}

/* What the rows of a tile share: the numbers, and the norm of the differences
 * with a gain that has 1 - lambda0 in it. */
struct pairs {
    const real *l[4];
    double lambda;
    real left; /* 1 - lambda0 */
    real *gain, *dgain;
    struct headnorm norm;
};

static idx scratch(const struct stage_block *b)
{
    return 2 * TILE_ROWS * b->A + 2 * b->E;
}

static struct pairs pairs_of(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    struct pairs p = { .gain = r->scratch, .dgain = r->scratch + b->E };
    for (int i = Q1; i <= K2; i++)
        p.l[i] = stage_weights(r, i);
    p.lambda = lambda_of(p.l, b->D, r->block.layer);
    p.left = (real)(1 - lambda_start(r->block.layer));
    for (idx i = 0; i < b->E; i++) {
        p.gain[i] = p.left * stage_weights(r, GAIN)[i];
        p.dgain[i] = 0;
    }
    p.norm = (struct headnorm){ .R = r->R,
                                .H = b->views,
                                .D = b->E,
                                .eps = NORM_EPS,
                                .ld_x = b->A,
                                .gain = p.gain };
    return p;
}

/* d (R,C) = o1 - lambda o2 of each pair. */
static void subtract(real *restrict d, const struct stage_rows *r, real lambda)
{
    idx E = r->block.E, n = r->R * r->block.views;
    for (idx i = 0; i < n; i++, d += E) {
        const real *o1 = r->in + 2 * i * E, *o2 = o1 + E;
#pragma omp simd
        for (idx c = 0; c < E; c++)
            d[c] = o1[c] - lambda * o2[c];
    }
}

static void forward(const struct stage_rows *r)
{
    struct pairs p = pairs_of(r);
    subtract(r->out, r, (real)p.lambda);
    p.norm.x = r->out;
    headnorm_forward(r->out, r->block.A, &p.norm);
}

/* Gradient of both of a pair's outputs from d (R,C), that of their difference.
 * Returns lambda's. */
static double split(const struct stage_rows *r, const real *restrict d,
                    real lambda)
{
    idx E = r->block.E, n = r->R * r->block.views;
    double dlambda = 0;
    for (idx i = 0; i < n; i++, d += E) {
        const real *o2 = r->in + (2 * i + 1) * E;
        real *restrict d1 = r->din + 2 * i * E, dot = 0;
#pragma omp simd reduction(+ : dot)
        for (idx c = 0; c < E; c++) {
            d1[c] = d[c];
            d1[E + c] = -lambda * d[c];
            dot += d[c] * o2[c];
        }
        dlambda -= (double)dot;
    }
    return dlambda;
}

/* The four vectors' gradients, from lambda's. */
static void vector_grads(const struct stage_rows *r, const struct pairs *p,
                         double dlambda)
{
    idx D = r->block.D;
    double d1 = dlambda * exp(dot(p->l[Q1], p->l[K1], D));
    double d2 = -dlambda * exp(dot(p->l[Q2], p->l[K2], D));
    for (int i = Q1; i <= K2; i++) {
        const real *partner = p->l[i ^ 1]; /* k of q, q of k */
        real *dl = stage_partials(r, i);
        for (idx c = 0; c < D; c++)
            dl[c] += (real)(i <= K1 ? d1 : d2) * partner[c];
    }
}

static void backward(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    idx n = r->R * b->A;
    struct pairs p = pairs_of(r);
    real *x = r->scratch + 2 * b->E, *d = x + n;
    subtract(x, r, (real)p.lambda);
    memcpy(d, r->dout, (size_t)n * sizeof *d);
    p.norm.x = x;
    headnorm_backward(d, b->A, p.dgain, &p.norm);
    for (idx i = 0; i < b->E; i++)
        stage_partials(r, GAIN)[i] += p.left * p.dgain[i];
    vector_grads(r, &p, split(r, d, (real)p.lambda));
}

const struct stage stage_differential = {
    .text = { .name = "differential",
              .key = "[attention] operation = differential",
              .formula = "(1 - lambda0) norm((A1 - lambda A2) v), lambda = "
                         "exp(lq1.lk1) - exp(lq2.lk2) + lambda0",
              .parameters = "lambda_q1, lambda_k1, lambda_q2, lambda_k2 (D) "
                            "and a gain (2D) a layer",
              .source = "Ye et al., 2024, Differential Transformer",
              .sinks = "not reported with the study's metric" },
    .moves_gradient = true,
    .is_on = is_on,
    .declare = declare,
    .out_width = out_width,
    .scratch = scratch,
    .forward = forward,
    .backward = backward,
    .pair_factor = pair_factor,
};

/* Each stage against its definition, written out in double. */
#include "harness.h"
#include "nn/model/stage.h"
#include "stage_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/gemm.h"
#include "kern/norm.h"
#include "nn/model/pass.h"

/* 300 rows and more: two tiles, whose border cuts a sequence. */
enum { B = 3, T = 100 };

/* A stage on made-up rows. */
struct bench {
    struct tiny t;
    const struct block_stage *s;
    idx layer;
    real *in, *out; /* (M,width) */
};

static double weight(const struct bench *k, int tensor, idx i)
{
    return (double)k->t.w[k->s->params[tensor].offset + i];
}

static double in(const struct bench *k, idx row, idx c)
{
    return (double)k->in[row * k->s->in_width + c];
}

/* What heads read. */
static double qkv(const struct bench *k, idx layer, idx row, idx c)
{
    const struct block_acts *a = &k->t.x.blocks[layer];
    idx n = k->t.m.blocks[layer].n_in;
    return (double)(n ? a->in[n - 1] : a->qkv)[row * k->t.m.W + c];
}

/* The stage's own projection. */
static double projected(const struct bench *k, idx row, idx i)
{
    idx n = k->t.m.blocks[k->layer].projections[k->s->projection].n;
    return (double)k->t.x.blocks[k->layer]
        .projected[k->s->projection][row * n + i];
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* y[c], what the stage should make of a row in column c. */
typedef double (*definition)(const struct bench *k, idx row, idx c);

/* Part (0: queries, 1: keys, 2: values) that column c is of, and the place in
 * its head. */
static int part_of(const struct model *m, idx c, idx *d)
{
    int part = c < model_k(m, 0) ? 0 : c < model_v(m, 0) ? 1 : 2;
    *d = part == 2 ? (c - model_v(m, 0)) % m->E : c % m->D;
    return part;
}

static double conv(const struct bench *k, idx row, idx c)
{
    idx d, taps = k->t.m.blocks[0].attention.conv, n = k->t.m.D;
    int part = part_of(&k->t.m, c, &d);
    if (part == 2)
        n = k->t.m.E;
    double y = weight(k, 2 * part + 1, d);
    for (idx i = 0; i < taps && i <= row % k->t.x.S; i++)
        y += weight(k, 2 * part, i * n + d) * in(k, row - i, c);
    return y;
}

static double rope(const struct bench *k, idx row, idx c)
{
    idx d, half = k->t.m.D / 2;
    if (part_of(&k->t.m, c, &d) == 2)
        return in(k, row, c);
    double angle = (double)(row % k->t.x.S) *
                   pow(10000, -2 * (double)(d % half) / (double)k->t.m.D);
    double other = d < half ? -in(k, row, c + half) : in(k, row, c - half);
    return in(k, row, c) * cos(angle) + other * sin(angle);
}

/* Mean square of the n numbers that c is one of. */
static double mean_square(const struct bench *k, idx row, idx c, idx n)
{
    double sum = 0;
    for (idx i = c / n * n; i < c / n * n + n; i++)
        sum += in(k, row, i) * in(k, row, i);
    return sum / (double)n;
}

static double qk_norm(const struct bench *k, idx row, idx c)
{
    const struct model *m = &k->t.m;
    const struct attention_options *a = &m->blocks[0].attention;
    idx d, D = m->D;
    int part = part_of(m, c, &d);
    double x = in(k, row, c), square = mean_square(k, row, c, D);
    if (part == 2)
        return x;
    if (a->qk_norm == QK_NORM_UNIT)
        return x / sqrt((double)D * square);
    if (a->qk_norm ==
        QK_NORM_RMS_WIDE) { /* queries, then keys: one size each */
        idx from = part == 0 ? 0 : m->H * D, n = (part == 0 ? m->H : m->K) * D;
        square = 0;
        for (idx i = from; i < from + n; i++)
            square += in(k, row, i) * in(k, row, i) / (double)n;
        d = c - from;
    }
    return weight(k, part, d) * x / sqrt(square + a->qk_norm_eps);
}

static double elu1(const struct bench *k, idx row, idx c)
{
    idx d;
    double x = in(k, row, c);
    if (part_of(&k->t.m, c, &d) == 2)
        return x;
    return x > 0 ? x + 1 : exp(x);
}

static double mlp(const struct bench *k, idx row, idx c)
{
    idx d, D = k->t.m.D;
    double y = 0;
    if (part_of(&k->t.m, c, &d) == 2)
        return in(k, row, c);
    for (idx i = 0; i < D; i++) {
        double hidden = 0;
        for (idx j = 0; j < D; j++)
            hidden += weight(k, 0, i * D + j) * in(k, row, c - d + j);
        y += weight(k, 1, d * D + i) * fmax(hidden, 0);
    }
    return y;
}

static double value_gate(const struct bench *k, idx row, idx c)
{
    idx d;
    double z = 0;
    if (part_of(&k->t.m, c, &d) != 2)
        return in(k, row, c);
    for (idx i = 0; i < k->t.m.E; i++)
        z += weight(k, 0, i) * in(k, row, c - d + i);
    return sigmoid(z) * in(k, row, c);
}

static double v_scale(const struct bench *k, idx row, idx c)
{
    const struct model *m = &k->t.m;
    idx d, v = (m->H + m->K) * m->D;
    if (part_of(m, c, &d) != 2)
        return in(k, row, c);
    bool is_a_head = m->blocks[0].attention.v_scale == V_SCALE_HEAD;
    return weight(k, 0, is_a_head ? (c - v) / m->E : 0) * in(k, row, c);
}

static double value_residual(const struct bench *k, idx row, idx c)
{
    idx d;
    double x = in(k, row, c), first = qkv(k, 0, row, c);
    if (part_of(&k->t.m, c, &d) != 2 || k->layer == 0)
        return x;
    if (k->t.m.blocks[0].attention.value_residual == VALUE_RESIDUAL_FIXED)
        return (first + x) / 2;
    return weight(k, 0, 0) * first + weight(k, 0, 1) * x;
}

static double differential(const struct bench *k, idx row, idx c)
{
    idx D = k->t.m.D, E = 2 * D, pair = c / E * 2 * E;
    double start = 0.8 - 0.6 * exp(-0.3 * (double)k->layer);
    double l[2] = { 0, 0 }, square = 0, o = 0;
    for (idx i = 0; i < D; i++) {
        l[0] += weight(k, 0, i) * weight(k, 1, i);
        l[1] += weight(k, 2, i) * weight(k, 3, i);
    }
    double lambda = exp(l[0]) - exp(l[1]) + start;
    for (idx i = 0; i < E; i++) {
        double x = in(k, row, pair + i) - lambda * in(k, row, pair + E + i);
        square += x * x / (double)E;
        o = i == c % E ? x : o;
    }
    return (1 - start) * weight(k, 4, c % E) * o / sqrt(square + NORM_EPS);
}

static double exclusive(const struct bench *k, idx row, idx c)
{
    const struct model *m = &k->t.m;
    idx E = m->E, head = c / E;
    /* the first of the query heads that this output is made of */
    idx v = model_v(m, head * (m->H / m->views));
    double square = 0, dot = 0;
    for (idx i = 0; i < E; i++) {
        double value = qkv(k, k->layer, row, v + i);
        square += value * value;
        dot += value * in(k, row, head * E + i);
    }
    return in(k, row, c) - tanh(projected(k, row, head)) * dot / square *
                               qkv(k, k->layer, row, v + c % E);
}

static double head_norm(const struct bench *k, idx row, idx c)
{
    double square = mean_square(k, row, c, k->t.m.E);
    return weight(k, 0, c % k->t.m.E) * in(k, row, c) / sqrt(square + NORM_EPS);
}

static double gate(const struct bench *k, idx row, idx c)
{
    const struct attention_options *a = &k->t.m.blocks[0].attention;
    idx i = a->gate_per == GATE_PER_HEAD ? c / k->t.m.E : c;
    double z = a->gate == GATE_STATIC ? weight(k, 0, i) : projected(k, row, i);
    return sigmoid(z) * in(k, row, c);
}

static double context_scale(const struct bench *k, idx row, idx c)
{
    return 2 * sigmoid(projected(k, row, c / k->t.m.E)) * in(k, row, c);
}

static double add_heads(const struct bench *k, idx row, idx c)
{
    double sum = 0;
    for (idx h = 0; h < k->t.m.views; h++)
        sum += in(k, row, h * k->t.m.E + c);
    return sum;
}

static const struct {
    const char *name;
    definition y;
} definitions[] = {
    { "conv", conv },
    { "rope", rope },
    { "qk_norm", qk_norm },
    { "elu1", elu1 },
    { "mlp", mlp },
    { "value_gate", value_gate },
    { "v_scale", v_scale },
    { "value_residual", value_residual },
    { "differential", differential },
    { "exclusive", exclusive },
    { "head_norm", head_norm },
    { "gate", gate },
    { "context_scale", context_scale },
    { "add_heads", add_heads },
};

static idx definition_of(const struct stage *s)
{
    for (idx i = 0; i < COUNT_OF(definitions); i++)
        if (strcmp(definitions[i].name, s->text.name) == 0)
            return i;
    fail_msg("stage %s: give it a definition here", s->text.name);
    return -1;
}

static void jiggle(real *x, idx n, double std, struct rng *r)
{
    for (idx i = 0; x && i < n; i++)
        x[i] += (real)(std * rng_normal(r));
}

static void check_stage(struct bench *k)
{
    struct acts *x = &k->t.x;
    idx n_in = k->s->in_width, n_out = k->s->out_width;
    const struct stage *s = k->s->stage;
    struct pass p = { .m = &k->t.m, .x = x, .w = k->t.w, .B = B, .M = x->M };
    definition y = definitions[definition_of(s)].y;
    struct rng r = rng_open(4, RNG_TEST, 0, 0);
    k->in = calloc((size_t)(x->M * n_in), sizeof *k->in);
    k->out = calloc((size_t)(x->M * n_in), sizeof *k->out);
    jiggle(k->in, x->M * n_in, 1, &r);
    memcpy(k->out, k->in, (size_t)(x->M * n_in) * sizeof *k->in);
    for (idx row0 = 0; row0 < x->M; row0 += TILE_ROWS) {
        struct stage_rows rows =
            pass_stage_rows(&p, k->layer, k->s, row0 / TILE_ROWS);
        rows.in = (s->is_in_place ? k->out : k->in) + row0 * n_in;
        rows.out = k->out + row0 * n_out;
        s->forward(&rows);
    }
    for (idx row = 0; row < x->M; row++)
        for (idx c = 0; c < n_out; c++)
            /* rows of N(0,1) go in */
            assert_near((double)k->out[row * n_out + c], y(k, row, c), 1e-6, 1);
    free(k->in), free(k->out);
}

/* What stages look up beside their rows. */
static void fill(struct tiny *t)
{
    struct rng r = rng_open(5, RNG_TEST, 0, 0);
    for (idx l = 0; l < t->m.L; l++) {
        const struct block_params *b = &t->m.blocks[l];
        struct block_acts *a = &t->x.blocks[l];
        jiggle(a->qkv, t->x.M * t->m.W, 1, &r);
        for (idx i = 0; i < b->n_in; i++)
            jiggle(a->in[i], t->x.M * t->m.W, 1, &r);
        for (int i = 0; i < b->n_projections; i++)
            jiggle(a->projected[i], t->x.M * b->projections[i].n, 1, &r);
    }
}

static void test_stage__forward_is_its_definition(void **state)
{
    (void)state;
    bool is_seen[COUNT_OF(definitions)] = { false };
    for (const struct stage_case *c = stage_cases; c->name; c++) {
        struct bench k = { 0 };
        stage_case_open(&k.t, c, B, T, 1, 0.4);
        fill(&k.t);
        for (k.layer = 0; k.layer < k.t.m.L; k.layer++) {
            const struct block_params *b = &k.t.m.blocks[k.layer];
            for (idx i = 0; i < b->n_in + b->n_out; i++) {
                k.s = i < b->n_in ? &b->in[i] : &b->out[i - b->n_in];
                is_seen[definition_of(k.s->stage)] = true;
                check_stage(&k);
            }
        }
        tiny_close(&k.t);
    }
    for (int i = 0; i < COUNT_OF(definitions); i++)
        assert_true(is_seen[i]);
    for (idx i = 0; stages_in[i]; i++)
        definition_of(stages_in[i]);
    for (idx i = 0; stages_out[i]; i++)
        definition_of(stages_out[i]);
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stage__forward_is_its_definition),
    };
    return cmocka_run_group_tests_name("stage_forward", tests, start, NULL);
}

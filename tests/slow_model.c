#include "slow_model.h"

#include <math.h>
#include <string.h>

#include "harness.h"

struct slow {
    const struct tiny *t;
    const struct slow_hooks *hooks;
    idx sequence;
    double x[SLOW_T][SLOW_ROW], normed[SLOW_T][SLOW_ROW];
    double qkv[SLOW_T][3 * SLOW_ROW], mixed[SLOW_T][SLOW_ROW];
};

static void norm(struct slow *s, struct norm_params p)
{
    const struct tiny *t = s->t;
    idx C = t->m.C;
    bool is_layer = t->m.spec.model.norm == NORM_LAYER;
    for (idx i = 0; i < t->m.T; i++) {
        double mean = 0, square = 0;
        for (idx c = 0; is_layer && c < C; c++)
            mean += s->x[i][c] / (double)C;
        for (idx c = 0; c < C; c++)
            square += pow(s->x[i][c] - mean, 2) / (double)C;
        for (idx c = 0; c < C; c++) {
            double y = (s->x[i][c] - mean) /
                       sqrt(square + t->m.spec.model.norm_eps) *
                       (double)t->w[p.gain + c];
            s->normed[i][c] =
                y + (p.shift == NO_PARAM ? 0 : (double)t->w[p.shift + c]);
        }
    }
}

static void linear(double *y, const struct tiny *t, idx w, idx b,
                   const double *x, idx n, idx k)
{
    for (idx i = 0; i < n; i++) {
        y[i] = b == NO_PARAM ? 0 : (double)t->w[b + i];
        for (idx j = 0; j < k; j++)
            y[i] += (double)t->w[w + i * k + j] * x[j];
    }
}

static void turn(double *x, idx place, idx N, double base)
{
    for (idx d = 0; d < N / 2; d++) {
        double angle = (double)place * pow(base, -2 * (double)d / (double)N);
        double low = x[d], high = x[d + N / 2];
        x[d] = low * cos(angle) - high * sin(angle);
        x[d + N / 2] = high * cos(angle) + low * sin(angle);
    }
}

static void head(struct slow *s, idx l, idx h)
{
    static double a[SLOW_T][SLOW_T], v[SLOW_T][SLOW_ROW], o[SLOW_T][SLOW_ROW];
    static double read[2][SLOW_T][SLOW_ROW];
    const struct model *m = &s->t->m;
    const struct slow_hooks *k = s->hooks;
    idx T = m->T, D = m->D;
    for (idx i = 0; i < T; i++)
        for (idx d = 0; d < D; d++)
            v[i][d] = s->qkv[i][model_v(m, h) + d];
    for (idx i = 0; i < T; i++)
        for (idx d = 0; d < D; d++) {
            read[0][i][d] = s->qkv[i][model_q(m, h) + d];
            read[1][i][d] = s->qkv[i][model_k(m, h) + d];
        }
    if (k->reads)
        k->reads(k->context, l, h, (const double(*)[SLOW_ROW])read[0],
                 (const double(*)[SLOW_ROW])read[1]);
    if (k->values)
        k->values(k->context, l, h, v);
    for (idx i = 0; i < T; i++)
        for (idx j = 0; j < T; j++) {
            a[i][j] = j > i ? -INFINITY : 0;
            for (idx d = 0; j <= i && d < D; d++)
                a[i][j] += s->qkv[i][model_q(m, h) + d] *
                           s->qkv[j][model_k(m, h) + d] / sqrt((double)D);
        }
    if (k->scores)
        k->scores(k->context, l, h, a);
    for (idx i = 0; i < T; i++) {
        double sum = 0;
        for (idx j = 0; j < T; j++)
            sum += a[i][j] = exp(a[i][j]);
        for (idx j = 0; j < T; j++)
            a[i][j] /= sum;
    }
    if (k->weights)
        k->weights(k->context, l, h, a);
    for (idx i = 0; i < T; i++)
        for (idx d = 0; d < D; d++) {
            o[i][d] = 0;
            for (idx j = 0; j <= i; j++)
                o[i][d] += a[i][j] * v[j][d];
        }
    if (k->head)
        k->head(k->context, l, h, o);
    for (idx i = 0; i < T; i++)
        memcpy(s->mixed[i] + h * D, o[i], (size_t)D * sizeof(double));
}

static void add(struct slow *s, idx w, idx b, double (*y)[SLOW_ROW], idx n)
{
    idx C = s->t->m.C;
    double sub[SLOW_ROW];
    for (idx i = 0; i < s->t->m.T; i++) {
        linear(sub, s->t, w, b, y[i], C, n);
        for (idx c = 0; c < C; c++)
            s->x[i][c] += sub[c];
    }
}

static void attention(struct slow *s, idx l)
{
    const struct model *m = &s->t->m;
    const struct block_params *p = &m->blocks[l];
    norm(s, p->norm[SUB_ATTENTION]);
    for (idx i = 0; i < m->T; i++) {
        linear(s->qkv[i], s->t, p->qkv_w, p->qkv_b, s->normed[i], m->W, m->C);
        if (m->spec.model.position == POSITION_ROPE)
            for (idx h = 0; h < m->H + m->K; h++)
                turn(s->qkv[i] + h * m->D, i,
                     (idx)((double)m->D * m->spec.model.rope_part),
                     m->spec.model.rope_base);
    }
    for (idx h = 0; h < m->H; h++)
        head(s, l, h);
    add(s, p->out_w, p->out_b, s->mixed, m->C);
}

static void ffn(struct slow *s, idx l)
{
    static double y[SLOW_T][SLOW_ROW];
    const struct model *m = &s->t->m;
    const struct block_params *p = &m->blocks[l];
    double u[2 * SLOW_ROW];
    norm(s, p->norm[SUB_FFN]);
    for (idx i = 0; i < m->T; i++) {
        linear(u, s->t, p->up_w, p->up_b, s->normed[i], m->U, m->C);
        for (idx j = 0; j < m->F; j++)
            y[i][j] = m->U > m->F
                          ? u[j] / (1 + exp(-u[j])) * u[m->F + j]
                          : u[j] / 2 *
                                (1 + tanh(sqrt(2 / M_PI) *
                                          (u[j] + 0.044715 * pow(u[j], 3))));
    }
    add(s, p->down_w, p->down_b, y, m->F);
}

static void stream(struct slow *s, idx depth)
{
    if (s->hooks->stream)
        s->hooks->stream(s->hooks->context, depth, s->x);
}

static double one_sequence(struct slow *s)
{
    const struct model *m = &s->t->m;
    const struct batch *b = &s->t->batch;
    double logits[SLOW_ROW], nats = 0;
    idx at = s->sequence * m->T;
    for (idx i = 0; i < m->T; i++)
        for (idx c = 0; c < m->C; c++) {
            idx token = b->tokens[at + i];
            s->x[i][c] = (double)s->t->w[m->token_w + token * m->C + c];
            if (m->position_w != NO_PARAM)
                s->x[i][c] += (double)s->t->w[m->position_w + i * m->C + c];
        }
    stream(s, 0);
    for (idx l = 0; l < m->L; l++) {
        attention(s, l);
        ffn(s, l);
        stream(s, l + 1);
    }
    norm(s, m->final);
    for (idx i = 0; i < m->T; i++) {
        double sum = 0;
        linear(logits, s->t, m->unembed_w, NO_PARAM, s->normed[i], m->V, m->C);
        for (idx v = 0; v < m->V; v++)
            sum += exp(logits[v]);
        nats += log(sum) - logits[b->targets[at + i]];
    }
    return nats;
}

double slow_loss(const struct tiny *t, const struct slow_hooks *hooks)
{
    static struct slow s;
    double sum = 0;
    assert_true(t->m.T <= SLOW_T && idx_max(t->m.F, t->m.C) <= SLOW_ROW &&
                t->m.V <= SLOW_ROW);
    for (idx b = 0; b < t->batch.B; b++) {
        s = (struct slow){ .t = t, .hooks = hooks, .sequence = b };
        sum += one_sequence(&s);
    }
    return sum / (double)(t->batch.B * t->m.T);
}

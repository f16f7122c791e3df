#include "report/attention_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/head_weights.h"
#include "nn/attention/attention_facts.h"
#include "nn/visible.h"
#include "prepare/spelling.h"
#include "train/session.h"

enum { PART = 0 };

/* ---- opening ----------------------------------------------------------- */

static int check_one(idx one, idx n, const char *option, struct err *e)
{
    if (one == ALL_OF_THEM || one < n)
        return OK;
    return err_set(
        e, ERR_USAGE,
        "attention: --%s %td: the model has %td %s%s, counted from 0", option,
        one, n, option, n == 1 ? "" : "s");
}

static int choose_heads(struct attention_map *m,
                        const struct attention_query *q, struct err *e)
{
    const struct model *model = &m->model.model;
    if (check_one(q->layer, model->L, "layer", e) ||
        check_one(q->head, model->views, "head", e))
        return e->code;
    m->layer = idx_max(q->layer, 0);
    m->head = idx_max(q->head, 0);
    m->n_layers = q->layer == ALL_OF_THEM ? model->L : 1;
    m->n_heads = q->head == ALL_OF_THEM ? model->views : 1;
    for (idx l = m->layer; l < m->layer + m->n_layers; l++)
        m->has_extra = m->has_extra || model_shows_extra(model, l);
    return OK;
}

static bool puts_bos(const struct attention_map *m,
                     const struct attention_query *q)
{
    return q->text && m->model.source.bos != NO_TOKEN &&
           m->model.config.sink.bos == SINK_BOS_DATA;
}

static int check_length(const struct attention_map *m,
                        const struct attention_query *q, struct err *e)
{
    const char *name = q->text ? "--text" : "--tokens";
    idx context = m->model.config.model.context;
    if (m->T == 0)
        return err_set(e, ERR_DATA, "%s: makes no token: give a text", name);
    if (m->T <= context)
        return OK;
    return err_set(e, ERR_DATA,
                   "%s: makes %td tokens%s, but the model was trained on %td "
                   "(model.context): give a shorter text",
                   name, m->T, puts_bos(m, q) ? " with BOS" : "", context);
}

static int read_tokens(struct attention_map *m, const struct attention_query *q,
                       struct err *e)
{
    int32_t *tokens = NULL;
    idx n = 0;
    if (q->text)
        spell(&tokens, &n, &m->model.text, PART, q->text, "--text", e);
    else
        spell_numbers(&tokens, &n, &m->model.source, q->tokens, "--tokens", e);
    idx front = puts_bos(m, q);
    m->tokens = e->code ? NULL : calloc((size_t)(n + 1), sizeof *m->tokens);
    if (!e->code && !m->tokens)
        err_memory(e, NULL);
    if (!e->code) {
        if (front)
            m->tokens[0] = m->model.source.bos;
        if (n > 0)
            memcpy(m->tokens + front, tokens, (size_t)n * sizeof *tokens);
        m->T = n + front;
    }
    free(tokens);
    return e->code ? e->code : check_length(m, q, e);
}

static int open_batch(struct attention_map *m, struct err *e)
{
    struct arena measure = { 0 };
    struct batch_rules rules =
        session_rules(&m->model.config, &m->model.model, m->T);
    batch_plan(&m->batch, &measure, 1, m->T, &rules);
    if (arena_open(&m->arena, measure.used_bytes, e))
        return e->code;
    batch_plan(&m->batch, &m->arena, 1, m->T, &rules);
    memcpy(m->batch.tokens, m->tokens, (size_t)m->T * sizeof *m->tokens);
    for (idx t = 0; t < m->T; t++) {
        m->batch.targets[t] = 0;
        m->batch.weights[t] = 0;
        if (m->batch.documents)
            m->batch.documents[t] = 0;
    }
    m->batch.used[0] = (int32_t)m->T;
    batch_mark(&m->batch);
    return OK;
}

int attention_map_open(struct attention_map *m, const struct attention_query *q,
                       struct err *e)
{
    *m = (struct attention_map){ .T = 0 };
    if (run_model_open(&m->model, &q->model, e) || choose_heads(m, q, e) ||
        read_tokens(m, q, e) ||
        run_model_start(&m->model, m->T, TAP_BIT(TAP_WEIGHTS), e))
        return e->code;
    return open_batch(m, e);
}

void attention_map_release(struct attention_map *m)
{
    arena_release(&m->arena);
    free(m->tokens);
    run_model_release(&m->model);
    *m = (struct attention_map){ .T = 0 };
}

/* ---- looking ----------------------------------------------------------- */

struct chosen {
    const struct attention_map *m;
    void (*see)(void *context, const struct head_view *h);
    void *context;
};

static void see_chosen(void *context, const struct head_view *h)
{
    const struct chosen *c = context;
    const struct attention_map *m = c->m;
    if (h->layer >= m->layer && h->layer < m->layer + m->n_layers &&
        h->head >= m->head && h->head < m->head + m->n_heads)
        c->see(c->context, h);
}

void attention_map_see(struct attention_map *m,
                       void (*see)(void *context, const struct head_view *h),
                       void *context)
{
    struct chosen chosen = { m, see, context };
    const struct observer observer = { .reads = TAP_BIT(TAP_WEIGHTS),
                                       .see_head = see_chosen,
                                       .context = &chosen };
    engine_observe(&m->model.engine, &m->batch, &observer);
}

static struct span span_of(const struct attention_map *m, idx layer, idx head,
                           idx t)
{
    const struct model *model = &m->model.model;
    const struct attention_options *o = &model->blocks[layer].attention;
    /* documents count tokens, spans rows: registers stand in front */
    struct attention_options bare = *o;
    bare.registers = 0;
    const int32_t *documents =
        attention_has_documents(o) ? m->batch.documents : NULL;
    return visible_span(&bare, m->T, t, head, model->views, documents);
}

static bool is_in(const struct span *s, idx k)
{
    return k < s->globals || (k >= s->lo && k < s->hi);
}

bool attention_map_sees(const struct attention_map *m, idx layer, idx head,
                        idx t, idx k)
{
    struct span s = span_of(m, layer, head, t);
    return is_in(&s, k);
}

struct attention_share attention_share_even(const struct attention_map *m,
                                            idx layer, idx head)
{
    struct attention_share x = { .previous = m->T > 1 ? 0 : NAN,
                                 .extra = NAN,
                                 .row_sum = 1,
                                 .least_sum = 1,
                                 .most_sum = 1 };
    double n = (double)m->T;
    for (idx t = 0; t < m->T; t++) {
        struct span s = span_of(m, layer, head, t);
        double each = 1 / (double)(s.globals + s.hi - s.lo); /* itself, too */
        x.first += is_in(&s, 0) ? each / n : 0;
        x.self += is_in(&s, t) ? each / n : 0;
        if (t > 0)
            x.previous += is_in(&s, t - 1) ? each / (n - 1) : 0;
    }
    return x;
}

/* A weight, or its part in what its row sums to (-1: as it is). */
static double taken(double weight, double row_mass)
{
    return row_mass < 0 ? weight : proxy_of(weight, row_mass);
}

static struct attention_share share_of(const struct head_view *h, bool is_part)
{
    struct attention_share s = { .previous = h->T > 1 ? 0 : NAN,
                                 .extra = h->n_extra ? 0 : NAN };
    idx row_n = h->n_extra + h->T;
    double n = (double)h->T;
    for (idx t = 0; t < h->T; t++) {
        const real *row = h->weights + t * row_n;
        const real *keys = row + h->n_extra;
        double mass = is_part ? row_mass_of(h, t) : -1, sum = 0;
        s.first += taken((double)keys[0], mass) / n;
        s.self += taken((double)keys[t], mass) / n;
        if (t > 0)
            s.previous += taken((double)keys[t - 1], mass) / (n - 1);
        if (h->n_extra)
            s.extra += taken(is_part && h->extra_mass ? (double)h->extra_mass[t]
                                                      : (double)row[0],
                             mass) /
                       n;
        for (idx i = 0; i < row_n; i++)
            sum += (double)row[i];
        s.row_sum += sum / n;
        s.least_sum = t > 0 ? fmin(s.least_sum, sum) : sum;
        s.most_sum = t > 0 ? fmax(s.most_sum, sum) : sum;
    }
    return s;
}

struct attention_share attention_share_of(const struct head_view *h)
{
    return share_of(h, false);
}

struct attention_share attention_part_of(const struct attention_map *m,
                                         const struct head_view *h)
{
    const struct model *model = &m->model.model;
    return share_of(h,
                    !attention_sums_to_one(&model->blocks[h->layer].attention));
}

/* ---- what rows sum to -------------------------------------------------- */

void attention_sums_of(struct attention_sums *s,
                       const struct attention_share *x)
{
    s->least = fmin(s->least, x->least_sum);
    s->most = fmax(s->most, x->most_sum);
}

bool attention_sums_differ(const struct attention_sums *s)
{
    return !(s->least >= 0.99 && s->most <= 1.01);
}

void attention_percent_add(struct text *t, double share)
{
    double percent = 100 * share;
    if (percent > 0 && percent < 0.001)
        text_add(t, "<0.001");
    else
        text_add(t, fabs(percent) < 10 ? "%.2g" : "%.0f", percent);
}

void attention_sums_add(struct text *t, const struct attention_sums *s)
{
    text_add(t, "rows of these heads do not all sum to 100 %%, but to ");
    attention_percent_add(t, s->least);
    text_add(t, " %% at least and ");
    attention_percent_add(t, s->most);
    text_add(
        t, " %% at most; a large part of a row that sums to hardly anything is "
           "no sink");
}

void attention_even_add(struct text *t, const struct attention_map *m,
                        size_t at)
{
    double least = INFINITY, most = -INFINITY;
    for (idx i = 0; i < m->n_layers * m->n_heads; i++) {
        struct attention_share even = attention_share_even(
            m, m->layer + i / m->n_heads, m->head + i % m->n_heads);
        double v = *(const double *)(const void *)((const char *)&even + at);
        least = fmin(least, 100 * v);
        most = fmax(most, 100 * v);
    }
    if (most - least >= 0.05)
        text_add(t, "%.1f to ", least);
    text_add(t, "%.1f %%", most);
}

/* ---- tokens ------------------------------------------------------------ */

#define OPEN_BOX "\xe2\x90\xa3" /* U+2423, a blank that is seen */

const char *attention_map_label(char text[TOKEN_TEXT_MAX],
                                const struct attention_map *m, idx t)
{
    char shown[TOKEN_TEXT_MAX];
    struct token_text how = m->model.text;
    size_t n = 0;
    how.unicode = true;
    token_show(shown, &how, PART, m->tokens[t]);
    for (const char *p = shown; *p && n + sizeof OPEN_BOX < TOKEN_TEXT_MAX; p++)
        n += (size_t)snprintf(text + n, TOKEN_TEXT_MAX - n, "%.*s",
                              *p == ' ' ? (int)strlen(OPEN_BOX) : 1,
                              *p == ' ' ? OPEN_BOX : p);
    text[n] = '\0';
    return text;
}

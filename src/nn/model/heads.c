/* heads.c - all heads of a block: what each reads and where its gradients go,
 * and what observers are shown. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "nn/attention/attention_facts.h"
#include "nn/model/pass.h"

const real *pass_qkv(const struct pass *p, idx l)
{
    const struct block_params *b = &p->m->blocks[l];
    const struct block_acts *a = &p->x->blocks[l];
    return b->n_in ? a->in[b->n_in - 1] : a->qkv;
}

/* The tensor's row for head h, NULL if there is none. */
static const real *head_param(const struct pass *p, idx l, int kind, idx h)
{
    const struct head_param *n = &p->m->blocks[l].head_params[kind];
    if (n->offset == NO_PARAM)
        return NULL;
    return p->w + n->offset + (n->is_shared ? 0 : h * n->n);
}

/* Head h's column of rows (M,n) that projection `i` of a block gives, from the
 * sequence's first row on; NULL if there is no such projection. */
static real *projected_column(const struct pass *p, idx l, real *const *rows,
                              int i, idx sequence, idx h)
{
    if (i == NO_PROJECTION)
        return NULL;
    return rows[i] + sequence * p->x->S * p->m->blocks[l].projections[i].n + h;
}

struct head pass_head(const struct pass *p, idx l, idx sequence, idx h,
                      real numbers[MAP_LEARNED_MAX])
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    const struct block_acts *a = &p->x->blocks[l];
    const struct attention *at = &a->attention;
    const real *qkv = pass_qkv(p, l) + sequence * p->x->S * m->W;
    struct head head = {
        .number = h / (m->H / m->views), /* a pair has one place in line */
        .q = qkv + model_q(m, h),
        .k = qkv + model_k(m, h),
        .v = qkv + model_v(m, h),
        .ld_qkv = m->W,
        .ld_o = m->H * m->E,
        .documents = p->documents ? p->documents + sequence * p->x->S : NULL,
        .column_key = head_param(p, l, HEAD_COLUMN_KEY, h),
        .column_value = head_param(p, l, HEAD_COLUMN_VALUE, h),
        .column_score = head_param(p, l, HEAD_COLUMN_SCORE, h),
        .query_numbers =
            projected_column(p, l, a->projected, b->of_map, sequence, h),
        .ld_query = m->H,
    };
    if (p->x->blocks[l].column_value)
        head.column_value = p->x->blocks[l].column_value;
    for (int i = 0; i < MAP_LEARNED_MAX; i++) {
        const real *number = head_param(p, l, HEAD_WEIGHTS + i, h);
        if (!number)
            break;
        numbers[i] = *number;
        head.learned = numbers;
    }
    for (idx i = 0; i < at->n_edits; i++) {
        head.edit_learned[i] = head_param(p, l, (int)(HEAD_EDITS + i), h);
        head.edit_projected[i] =
            projected_column(p, l, a->projected, b->of_edits[i], sequence, h);
        head.ld_projected[i] = m->H;
    }
    return head;
}

/* --- what observers see ------------------------------------------------ */

/* Where an observed head's weights lie in scratch, behind what attention
 * needs: as attention gives them; with all that goes to no token in one column,
 * and that column's mass; a pair's difference. Later ones only if needed. */
struct observed {
    real *raw, *folded, *mass, *pair;
};

static bool is_folded(const struct model *m, idx l)
{
    return m->R || attention_has_remainder(&m->blocks[l].attention);
}

idx observed_scratch(const struct model *m, idx l, idx S)
{
    idx n = S * (S + 1);
    return n + (is_folded(m, l) ? n + S : 0) + (m->views != m->H ? n : 0);
}

static struct observed observed_at(const struct model *m, idx l, idx S,
                                   real *scratch)
{
    struct observed s = { .raw = scratch };
    real *rest = scratch + S * (S + 1);
    if (is_folded(m, l)) {
        s.folded = rest;
        s.mass = rest + S * (S + 1);
        rest = s.mass + S;
    }
    s.pair = rest;
    return s;
}

/* Rows of tokens only; all that goes to no token in one column in front:
 * extra column, registers, and what a row lacks to a whole, if its map means
 * it. mass: the same without regard to sign. */
static void fold(const struct pass *p, idx l, const struct observed *s)
{
    const struct acts *x = p->x;
    const struct attention *at = &x->blocks[l].attention;
    idx S = x->S, R = p->m->R, row_n = at->n_extra + S;
    bool has_remainder = attention_has_remainder(&at->options);
    for (idx t = 0; t < x->T; t++) {
        const real *row = s->raw + (R + t) * row_n;
        real *to = s->folded + t * (1 + x->T);
        double left = at->options.scale, nowhere = 0, mass = 0;
        for (idx j = 0; j < row_n; j++) {
            left -= (double)row[j];
            if (j < at->n_extra + R) {
                nowhere += (double)row[j];
                mass += fabs((double)row[j]);
            }
        }
        /* rounding may leave less than nothing; NaN stays (fmax drops it) */
        left = has_remainder && !(left < 0) ? left : 0;
        to[0] = (real)(nowhere + left);
        s->mass[t] = (real)(mass + left);
        memcpy(to + 1, row + at->n_extra + R, (size_t)x->T * sizeof *to);
    }
}

static void show(const struct pass *p, idx l, idx sequence, idx view,
                 const struct head *head, const real *weights,
                 const real *extra_mass)
{
    idx R = p->m->R;
    struct head_view v = {
        .layer = l,
        .head = view,
        .sequence = sequence,
        .T = p->x->T,
        .D = p->m->D,
        .E = p->m->E,
        .n_extra = model_shows_extra(p->m, l) ? 1 : 0,
        .weights = weights,
        .extra_mass = extra_mass,
        .q = head->q + R * head->ld_qkv,
        .k = head->k + R * head->ld_qkv,
        .v = head->v + R * head->ld_qkv,
        .ld_qkv = head->ld_qkv,
        .worker = omp_get_thread_num(),
    };
    p->observer->see(p->observer->context, &v);
}

/* Pair's weights: those of its first head, less a share of its second's. */
static void add_to_pair(const struct pass *p, idx l, idx h, const real *seen,
                        real *pair)
{
    const struct block_stage *s = &p->m->blocks[l].out[0];
    struct stage_block block = model_stage_block(p->m, l);
    real factor = s->stage->pair_factor(s, p->w, &block);
    idx n = p->x->T * (p->x->T + (model_shows_extra(p->m, l) ? 1 : 0));
    for (idx i = 0; i < n; i++)
        pair[i] = h % 2 ? pair[i] - factor * seen[i] : seen[i];
}

/* --- forward ----------------------------------------------------------- */

static void one_head(const struct pass *p, idx l, idx sequence, idx h)
{
    struct acts *x = p->x;
    real numbers[MAP_LEARNED_MAX];
    struct head head = pass_head(p, l, sequence, h, numbers);
    idx row = p->m->H * p->m->E;
    real *o = x->blocks[l].mixed + sequence * x->S * row + h * p->m->E;
    real *scratch = pass_scratch(p);
    const struct attention *at = &x->blocks[l].attention;
    struct observed s = { 0 };
    struct head_terms terms;
    if (p->observer)
        s = observed_at(p->m, l, x->S, scratch + attention_scratch(at));
    head.terms = loss_head_forward(&terms, p, l, sequence, h);
    attention_forward(at, o, &head, s.raw, scratch);
    if (head.terms)
        loss_head_close(p, l, sequence, h);
    if (!p->observer)
        return;
    if (s.folded)
        fold(p, l, &s);
    const real *seen = s.folded ? s.folded : s.raw;
    if (p->m->views == p->m->H) {
        show(p, l, sequence, h, &head, seen, s.mass);
        return;
    }
    add_to_pair(p, l, h, seen, s.pair);
    if (h % 2) /* signs cancel between a pair's branches: no mass apart */
        show(p, l, sequence, h / 2, &head, s.pair, NULL);
}

void heads_forward(const struct pass *p, idx l)
{
    /* a pair's weights are shown together, so one thread has both */
    idx H = p->m->H, n = H / p->m->views;
#pragma omp for schedule(static)
    for (idx i = 0; i < p->B * H / n; i++)
        for (idx j = 0; j < n; j++)
            one_head(p, l, i / (H / n), i % (H / n) * n + j);
}

/* --- backward ---------------------------------------------------------- */

static real *dhead_param(const struct pass *p, idx l, int kind, real *grads)
{
    const struct head_param *n = &p->m->blocks[l].head_params[kind];
    return n->offset == NO_PARAM ? NULL : grads + n->at;
}

static struct head_grads grads_of(const struct pass *p, idx l, idx sequence,
                                  idx h, real *dqkv)
{
    const struct model *m = p->m;
    const struct attention *at = &p->x->blocks[l].attention;
    const struct block_params *b = &m->blocks[l];
    const struct back_acts *k = &p->x->back;
    idx n = m->head_grads_n;
    real *own = k->head_grads + (sequence * m->H + h) * n;
    memset(own, 0, (size_t)n * sizeof *own);
    dqkv += sequence * p->x->S * m->W;
    struct head_grads grads = {
        .dq = dqkv + model_q(m, h),
        .dk = dqkv + model_k(m, h),
        .dv = dqkv + model_v(m, h),
        .adds_k = h > 0 && model_k(m, h) == model_k(m, h - 1),
        .adds_v = h > 0 && model_v(m, h) == model_v(m, h - 1),
        .column_key = dhead_param(p, l, HEAD_COLUMN_KEY, own),
        .column_value = dhead_param(p, l, HEAD_COLUMN_VALUE, own),
        .column_score = dhead_param(p, l, HEAD_COLUMN_SCORE, own),
        .learned = own,
        .query_numbers =
            projected_column(p, l, k->dprojected, b->of_map, sequence, h),
        .share = p->row_share,
    };
    for (idx i = 0; i < at->n_edits; i++) {
        grads.edit_learned[i] = dhead_param(p, l, (int)(HEAD_EDITS + i), own);
        grads.edit_projected[i] =
            projected_column(p, l, k->dprojected, b->of_edits[i], sequence, h);
    }
    return grads;
}

static void one_head_backward(const struct pass *p, idx l, idx sequence, idx h,
                              const real *dmixed, real *dqkv)
{
    real numbers[MAP_LEARNED_MAX];
    struct head head = pass_head(p, l, sequence, h, numbers);
    struct head_grads grads = grads_of(p, l, sequence, h, dqkv);
    struct head_terms terms;
    idx row0 = sequence * p->x->S;
    head.terms = loss_head_backward(&terms, p, l, sequence, h);
    attention_backward(&p->x->blocks[l].attention, &grads,
                       dmixed + row0 * head.ld_o + h * p->m->E, &head,
                       pass_scratch(p));
}

void heads_backward(const struct pass *p, idx l, const real *dmixed, real *dqkv)
{
    idx n = model_group(p->m), groups = p->m->H / n;
#pragma omp for schedule(static)
    for (idx i = 0; i < p->B * groups; i++)
        for (idx j = 0; j < n; j++)
            one_head_backward(p, l, i / groups, i % groups * n + j, dmixed,
                              dqkv);
}

/* A task owns one tensor's row of one head, or a shared row. */
void heads_grads(const struct pass *p, idx l)
{
    const struct model *m = p->m;
    const struct head_param *params = m->blocks[l].head_params;
    idx H = m->H, n = m->head_grads_n;
#pragma omp for schedule(dynamic, 1) nowait
    for (idx i = 0; i < HEAD_PARAMS * H; i++) {
        const struct head_param *q = &params[i / H];
        idx h = i % H;
        if (q->offset == NO_PARAM || (q->is_shared && h))
            continue;
        const real *from = p->x->back.head_grads + q->at + h * n;
        if (q->is_shared)
            add_partials(p->dw + q->offset, from, p->B * H, n, 0, q->n);
        else
            add_partials(p->dw + q->offset + h * q->n, from, p->B, H * n, 0,
                         q->n);
    }
}

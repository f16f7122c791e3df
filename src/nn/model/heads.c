/* heads.c - all heads of a block: what each reads and where its gradients
 * go. */
#include <string.h>

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

/* --- forward ----------------------------------------------------------- */

/* Through its taps; scratch holds attention's, then what is read, then what is
 * changed. */
static void tapped_head(const struct pass *p, idx l, idx sequence, idx h,
                        struct head *head, real *o)
{
    const struct attention *at = &p->x->blocks[l].attention;
    real *scratch = pass_scratch(p), *rest = scratch + attention_scratch(at);
    struct seen_head seen = seen_head_of(p, l, sequence, h, rest);
    rest += seen_scratch(p->m, p->x, l);
    struct edited_head edited = edit_head_inputs(p, l, sequence, h, head, rest);
    struct head_taps taps = {
        .scores = seen.scores,
        .edit_scores = edited.edits_scores ? edit_head_scores : NULL,
        .edit_weights = edited.edits_weights ? edit_head_weights : NULL,
        .context = &edited,
    };
    head->taps = &taps;
    attention_forward(at, o, head, seen.weights, scratch);
    edit_head_output(&edited, o, head->ld_o);
    tell_head(p, &seen, head, o);
}

static void one_head(const struct pass *p, idx l, idx sequence, idx h)
{
    struct acts *x = p->x;
    real numbers[MAP_LEARNED_MAX];
    struct head head = pass_head(p, l, sequence, h, numbers);
    idx row = p->m->H * p->m->E;
    real *o = x->blocks[l].mixed + sequence * x->S * row + h * p->m->E;
    struct head_terms terms;
    if (p->observer || p->edits.n) {
        tapped_head(p, l, sequence, h, &head, o);
        return;
    }
    head.terms = loss_head_forward(&terms, p, l, sequence, h);
    attention_forward(&x->blocks[l].attention, o, &head, NULL, pass_scratch(p));
    if (head.terms)
        loss_head_close(p, l, sequence, h);
}

typedef void head_step(const struct pass *p, idx l, idx sequence, idx h);

/* n heads, `first` and on, counted through all sequences of a part: one
 * sequence's. */
static void some_heads(const struct pass *p, const struct pass_part *part,
                       idx l, idx first, idx n, head_step *step)
{
    idx H = p->m->H, sequence = part->sequence + first / H;
    for (idx i = 0; i < n; i++)
        step(p, l, sequence, first % H + i);
}

/* A step for each head of a part, n neighbours by one thread. */
static void share_heads(const struct pass *p, const struct pass_part *part,
                        idx l, idx n, head_step *step)
{
    idx heads = part->n_sequences * p->m->H;
    if (part->is_own) {
        for (idx i = 0; i < heads; i += n)
            some_heads(p, part, l, i, n, step);
        return;
    }
#pragma omp for schedule(static)
    for (idx i = 0; i < heads; i += n)
        some_heads(p, part, l, i, n, step);
}

void heads_forward(const struct pass *p, const struct pass_part *part, idx l)
{
    /* a pair's weights are shown together, so one thread has both */
    share_heads(p, part, l, p->m->H / p->m->views, one_head);
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

static void one_head_backward(const struct pass *p, idx l, idx sequence, idx h)
{
    real numbers[MAP_LEARNED_MAX];
    struct head head = pass_head(p, l, sequence, h, numbers);
    struct head_grads grads = grads_of(p, l, sequence, h, p->x->back.dqkv[0]);
    struct head_terms terms;
    const real *do_ = stages_dmixed(p, l) + sequence * p->x->S * head.ld_o;
    head.terms = loss_head_backward(&terms, p, l, sequence, h);
    attention_backward(&p->x->blocks[l].attention, &grads, do_ + h * p->m->E,
                       &head, pass_scratch(p));
}

void heads_backward(const struct pass *p, const struct pass_part *part, idx l)
{
    share_heads(p, part, l, model_group(p->m), one_head_backward);
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

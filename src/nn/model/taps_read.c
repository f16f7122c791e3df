/* taps_read.c - what observers are told of a pass (tap.h). */
#include <math.h>
#include <string.h>

#include "nn/attention/attention_facts.h"
#include "nn/model/pass.h"

/* --- rows --------------------------------------------------------------- */

struct tap_place pass_tap(const struct pass *p, enum tap tap, idx l)
{
    const struct model *m = p->m;
    struct acts *x = p->x;
    const struct block_acts *a = &x->blocks[l < m->L ? l : 0];
    bool is_normed = norm_place_of(m)->is_before;
    switch (tap) {
    case TAP_EMBEDDING:
        return (struct tap_place){ pass_stream(p, 0), m->C };
    case TAP_NORM1:
    case TAP_NORM2: {
        enum sublayer s = tap == TAP_NORM1 ? SUB_ATTENTION : SUB_FFN;
        return (struct tap_place){ is_normed ? a->norm[s]
                                             : pass_sub_stream(p, l, s),
                                   m->C };
    }
    case TAP_MIXED: {
        idx n = m->blocks[l].n_out;
        return (struct tap_place){ n ? a->out[n - 1] : a->mixed,
                                   m->blocks[l].O };
    }
    case TAP_ATTENTION:
    case TAP_FFN:
        return (struct tap_place){ x->sub, m->C };
    case TAP_MIDDLE:
        return (struct tap_place){ pass_stream(p, 2 * l + 1), m->C };
    case TAP_FFN_INNER:
        return (struct tap_place){ a->y, m->F };
    case TAP_RESIDUAL:
        return (struct tap_place){ pass_stream(p, 2 * l), m->C };
    case TAP_LOSS:
        return (struct tap_place){ x->loss, 1 };
    case TAP_D_RESIDUAL:
        return (struct tap_place){ x->back.dx[SUBLAYERS], m->C };
    default:
        return (struct tap_place){ NULL, 0 };
    }
}

void tell_rows(const struct pass *p, enum tap tap, idx layer)
{
    if (!pass_reads(p, tap))
        return;
    idx S = p->x->S, R = p->m->R;
#pragma omp barrier
    struct tap_place at = pass_tap(p, tap, layer);
    BUG_ON(!at.n);
#pragma omp for schedule(static)
    for (idx b = 0; b < p->B; b++) {
        struct tap_rows rows = { .tap = tap,
                                 .layer = layer,
                                 .sequence = b,
                                 .rows = p->x->T,
                                 .n = at.n,
                                 .x = at.x + (b * S + R) * at.n,
                                 .worker = omp_get_thread_num() };
        p->observer->see_rows(p->observer->context, &rows);
    }
}

void tell_block(const struct pass *p, idx l)
{
    static const enum tap kept[] = { TAP_NORM1, TAP_MIXED, TAP_MIDDLE,
                                     TAP_NORM2, TAP_FFN_INNER };
    for (int i = 0; i < COUNT_OF(kept); i++)
        tell_rows(p, kept[i], l);
    tell_rows(p, TAP_RESIDUAL, l + 1);
}

void tell_logits(const struct pass *p, const real *logits, idx row0, idx R)
{
    if (!pass_reads(p, TAP_LOGITS))
        return;
    idx S = p->x->S, V = p->m->V, first = row0 / S;
#pragma omp for schedule(static)
    for (idx b = first; b < idx_ceil_div(row0 + R, S); b++) {
        idx from = idx_max(row0, b * S + p->m->R);
        idx to = idx_min(row0 + R, (b + 1) * S);
        struct tap_rows rows = { .tap = TAP_LOGITS,
                                 .sequence = b,
                                 .first = from - b * S - p->m->R,
                                 .rows = to - from,
                                 .n = V,
                                 .x = logits + (from - row0) * V,
                                 .worker = omp_get_thread_num() };
        if (to > from)
            p->observer->see_rows(p->observer->context, &rows);
    }
}

/* --- heads -------------------------------------------------------------- */

static bool is_folded(const struct model *m, idx l)
{
    return m->R || attention_has_remainder(&m->blocks[l].attention);
}

static bool is_paired(const struct model *m)
{
    return m->views != m->H;
}

static bool has_scores(const struct model *m, idx l)
{
    return !is_paired(m) && attention_has_rows(&m->blocks[l].attention);
}

/* Scratch, a piece after the other; NULL: only counted. */
struct pieces {
    real *scratch;
    idx used;
};

static real *piece(struct pieces *p, bool is_wanted, idx n)
{
    idx at = p->used;
    if (!is_wanted)
        return NULL;
    p->used += n;
    return p->scratch ? p->scratch + at : NULL;
}

/* Places what these taps need. Weights: as attention gives them; with all that
 * goes to no token in one column, and that column's mass; a pair's
 * difference. */
static void place_seen(struct seen_head *s, struct pieces *from,
                       const struct model *m, idx S, idx l, int reads)
{
    bool weights = reads & TAP_BIT(TAP_WEIGHTS);
    bool scores = reads & TAP_BIT(TAP_SCORES) && has_scores(m, l);
    bool is_out = reads & TAP_BIT(TAP_HEAD) && is_paired(m);
    idx n = S * (S + 1);
    s->weights = piece(from, weights, n);
    s->folded = piece(from, weights && is_folded(m, l), n);
    s->mass = piece(from, weights && is_folded(m, l), S);
    s->pair = piece(from, weights && is_paired(m), n);
    s->scores = piece(from, scores, n);
    s->pair_out = piece(from, is_out, S * m->E);
}

idx seen_scratch(const struct model *m, const struct acts *x, idx l)
{
    struct seen_head s;
    struct pieces count = { NULL, 0 };
    place_seen(&s, &count, m, x->S, l, x->reads);
    return count.used;
}

struct seen_head seen_head_of(const struct pass *p, idx l, idx sequence, idx h,
                              real *scratch)
{
    struct seen_head s = { .layer = l, .sequence = sequence, .h = h };
    struct pieces from = { scratch, 0 };
    if (p->observer)
        place_seen(&s, &from, p->m, p->x->S, l, p->observer->reads);
    return s;
}

/* Rows of tokens only; all that goes to no token in one column in front:
 * extra column, registers, and what a row lacks to a whole, if its map means
 * it. mass: the same without regard to sign. */
static void fold(const struct pass *p, const struct seen_head *s)
{
    const struct acts *x = p->x;
    const struct attention *at = &x->blocks[s->layer].attention;
    idx S = x->S, R = p->m->R, row_n = at->n_extra + S;
    bool has_remainder = attention_has_remainder(&at->options);
    for (idx t = 0; t < x->T; t++) {
        const real *row = s->weights + (R + t) * row_n;
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

/* What is the first head's of a pair, less a share of its second's. */
static void add_to_pair(const struct pass *p, const struct seen_head *s,
                        real *pair, const real *seen, idx rows, idx n, idx ld)
{
    const struct block_stage *stage = &p->m->blocks[s->layer].out[0];
    struct stage_block block = model_stage_block(p->m, s->layer);
    real factor = stage->stage->pair_factor(stage, p->w, &block);
    for (idx r = 0; r < rows; r++)
        for (idx i = 0; i < n; i++) {
            real x = seen[r * ld + i];
            pair[r * n + i] = s->h % 2 ? pair[r * n + i] - factor * x : x;
        }
}

/* Sizes, place and tensors that both passes tell of. */
static struct head_view view_of(const struct pass *p, idx l, idx sequence,
                                idx view, const struct head *head)
{
    idx R = p->m->R, ld = head->ld_qkv;
    return (struct head_view){
        .layer = l,
        .head = view,
        .sequence = sequence,
        .T = p->x->T,
        .D = p->m->D,
        .E = p->m->E,
        .n_extra = model_shows_extra(p->m, l) ? 1 : 0,
        .q = head->q + R * ld,
        .k = head->k + R * ld,
        .v = head->v + R * ld,
        .ld_qkv = ld,
        .worker = omp_get_thread_num(),
    };
}

/* Weights and output of a pair, which is told with its second head. Its signs
 * cancel between the branches: no mass apart. */
static void tell_pair(const struct pass *p, const struct seen_head *s,
                      struct head_view *v, const real *weights)
{
    idx T = p->x->T, n = T + v->n_extra;
    if (weights)
        add_to_pair(p, s, s->pair, weights, T, n, n);
    if (s->pair_out)
        add_to_pair(p, s, s->pair_out, v->out, T, p->m->E, v->ld_out);
    v->weights = weights ? s->pair : NULL;
    v->out = s->pair_out;
    v->ld_out = p->m->E;
    if (s->h % 2)
        p->observer->see_head(p->observer->context, v);
}

void tell_head(const struct pass *p, const struct seen_head *s,
               const struct head *head, const real *o)
{
    const struct model *m = p->m;
    if (!p->observer || !(p->observer->reads & TAPS_OF_HEADS))
        return;
    if (s->folded)
        fold(p, s);
    const real *weights = s->folded ? s->folded : s->weights;
    struct head_view v =
        view_of(p, s->layer, s->sequence, s->h / (m->H / m->views), head);
    idx n_extra = p->x->blocks[s->layer].attention.n_extra;
    v.weights = weights;
    v.extra_mass = s->mass;
    if (p->observer->reads & TAP_BIT(TAP_HEAD)) {
        v.out = o + m->R * head->ld_o;
        v.ld_out = head->ld_o;
    }
    if (s->scores) {
        v.ld_scores = n_extra + p->x->S;
        v.scores = s->scores + m->R * v.ld_scores + n_extra + m->R;
    }
    if (is_paired(m))
        tell_pair(p, s, &v, weights);
    else
        p->observer->see_head(p->observer->context, &v);
}

void tell_head_gradients(const struct pass *p, idx l, const real *dqkv)
{
    const struct model *m = p->m;
    idx n = m->H / m->views;
    if (!p->observer || !(p->observer->reads & TAPS_OF_HEAD_GRADIENTS))
        return;
#pragma omp for schedule(static)
    for (idx i = 0; i < p->B * m->views; i++) {
        real numbers[MAP_LEARNED_MAX];
        idx b = i / m->views, view = i % m->views, h = view * n + n - 1;
        struct head head = pass_head(p, l, b, h, numbers);
        struct head_view v = view_of(p, l, b, view, &head);
        const real *rows = dqkv + (b * p->x->S + m->R) * m->W;
        v.dq = rows + model_q(m, h);
        v.dk = rows + model_k(m, h);
        v.dv = rows + model_v(m, h);
        v.ld_dqkv = m->W;
        p->observer->see_head(p->observer->context, &v);
    }
}

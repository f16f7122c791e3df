/* taps_write.c - edits of what passes a model's points (tap.h). */
#include <string.h>

#include "nn/attention/attention_facts.h"
#include "nn/model/pass.h"

/* --- what can be edited ------------------------------------------------- */

static const int of_heads = TAPS_OF_HEADS;
static const int of_rows_of_scores = TAP_BIT(TAP_SCORES) | TAP_BIT(TAP_WEIGHTS);
static const int of_norms = TAP_BIT(TAP_NORM1) | TAP_BIT(TAP_NORM2);

static int check_layer(const struct model *m, const struct tap_edit *edit,
                       idx l, struct err *e)
{
    const struct attention_options *a = &m->blocks[l].attention;
    const char *name = tap_texts[edit->tap].text.name;
    int bit = TAP_BIT(edit->tap);
    if (bit & of_rows_of_scores && !attention_has_rows(a))
        return err_set(e, ERR_CONFIG,
                       "%s, layer %td: the %s of its heads cannot be changed, "
                       "for they work on sums instead of rows: change their "
                       "values or what they give",
                       attention_operation(a)->text.key, l, name);
    if (bit & of_norms && !norm_place_of(m)->is_before)
        return err_set(e, ERR_CONFIG,
                       "[model] norm_place = %s: there is no norm in front of "
                       "attention and feed-forward, so %s cannot be changed: "
                       "change the stream",
                       norm_place_of(m)->text.name, name);
    return OK;
}

int model_check_edits(const struct model *m, const struct edits *edits,
                      struct err *e)
{
    for (idx i = 0; i < edits->n; i++) {
        const struct tap_edit *edit = &edits->list[i];
        bool is_head = TAP_BIT(edit->tap) & of_heads;
        bool is_depth = edit->tap == TAP_RESIDUAL;
        BUG_ON(!tap_texts[edit->tap].is_written);
        BUG_ON(edit->layer >= m->L + is_depth);
        BUG_ON(edit->head >= (is_head ? m->views : 1));
        for (idx l = 0; l < m->L; l++)
            if ((edit->layer < 0 || edit->layer == l) &&
                check_layer(m, edit, l, e))
                return e->code;
    }
    return OK;
}

/* --- rows --------------------------------------------------------------- */

bool pass_edits(const struct pass *p, enum tap tap, idx layer)
{
    for (idx i = 0; i < p->edits.n; i++) {
        const struct tap_edit *e = &p->edits.list[i];
        if (e->tap == tap && (e->layer < 0 || e->layer == layer))
            return true;
    }
    return false;
}

bool pass_edits_rows(const struct pass *p, idx l)
{
    static const enum tap within[] = { TAP_NORM1,  TAP_MIXED, TAP_ATTENTION,
                                       TAP_MIDDLE, TAP_NORM2, TAP_FFN_INNER,
                                       TAP_FFN };
    for (int i = 0; i < COUNT_OF(within); i++)
        if (pass_edits(p, within[i], l))
            return true;
    return pass_edits(p, TAP_RESIDUAL, l + 1);
}

static struct tap_slice slice_of(const struct pass *p, enum tap tap, idx layer,
                                 idx sequence)
{
    return (struct tap_slice){ .tap = tap,
                               .layer = layer,
                               .sequence = sequence,
                               .first = -p->m->R,
                               .rows = p->x->S,
                               .T = p->x->T,
                               .registers = p->m->R,
                               .worker = omp_get_thread_num() };
}

void edit_rows(const struct pass *p, enum tap tap, idx layer)
{
    if (!pass_edits(p, tap, layer))
        return;
#pragma omp barrier
    struct tap_place at = pass_tap(p, tap, layer);
    BUG_ON(!at.n);
#pragma omp for schedule(static)
    for (idx b = 0; b < p->B; b++) {
        struct tap_slice s = slice_of(p, tap, layer, b);
        s.n = s.ld = at.n;
        s.x = at.x + b * p->x->S * at.n;
        for (idx i = 0; i < p->edits.n; i++) {
            const struct tap_edit *e = &p->edits.list[i];
            if (tap_edit_is_of(e, tap, layer, 0))
                e->edit(e->context, &s);
        }
    }
}

/* --- heads -------------------------------------------------------------- */

static idx view_at(const struct edited_head *e)
{
    return e->h / (e->p->m->H / e->p->m->views);
}

static bool is_edited(const struct edited_head *h, enum tap tap)
{
    for (idx i = 0; i < h->p->edits.n; i++)
        if (tap_edit_is_of(&h->p->edits.list[i], tap, h->layer, view_at(h)))
            return true;
    return false;
}

/* The edits of a head at one point, of a slice that lacks all but numbers. */
static void edit_head(const struct edited_head *h, struct tap_slice s)
{
    s.head = view_at(h);
    for (idx i = 0; i < h->p->edits.n; i++) {
        const struct tap_edit *e = &h->p->edits.list[i];
        if (tap_edit_is_of(e, s.tap, h->layer, s.head))
            e->edit(e->context, &s);
    }
}

static void edit_tensor(const struct edited_head *h, enum tap tap, real *x,
                        idx n, idx ld)
{
    struct tap_slice s = slice_of(h->p, tap, h->layer, h->sequence);
    s.x = x;
    s.n = n;
    s.ld = ld;
    edit_head(h, s);
}

idx edited_scratch(const struct model *m, const struct acts *x)
{
    int inputs = TAP_BIT(TAP_Q) | TAP_BIT(TAP_K) | TAP_BIT(TAP_V);
    return x->writes & inputs ? x->S * (2 * m->D + m->E) : 0;
}

struct edited_head edit_head_inputs(const struct pass *p, idx l, idx sequence,
                                    idx h, struct head *head, real *scratch)
{
    struct edited_head e = { p, l, sequence, h, false, false };
    idx D = p->m->D, E = p->m->E, ld = 2 * D + E;
    e.edits_scores = is_edited(&e, TAP_SCORES);
    e.edits_weights = is_edited(&e, TAP_WEIGHTS);
    if (!is_edited(&e, TAP_Q) && !is_edited(&e, TAP_K) && !is_edited(&e, TAP_V))
        return e;
    /* heads may share keys and values, and stages read them, too */
    for (idx t = 0; t < p->x->S; t++) {
        real *row = scratch + t * ld;
        idx at = t * head->ld_qkv;
        memcpy(row, head->q + at, (size_t)D * sizeof *row);
        memcpy(row + D, head->k + at, (size_t)D * sizeof *row);
        memcpy(row + 2 * D, head->v + at, (size_t)E * sizeof *row);
    }
    edit_tensor(&e, TAP_Q, scratch, D, ld);
    edit_tensor(&e, TAP_K, scratch + D, D, ld);
    edit_tensor(&e, TAP_V, scratch + 2 * D, E, ld);
    head->q = scratch;
    head->k = scratch + D;
    head->v = scratch + 2 * D;
    head->ld_qkv = ld;
    return e;
}

/* Of one query's row; what it sees, counted in tokens. */
static void edit_row(const struct edited_head *h, enum tap tap, idx t,
                     struct span keys, real *key0)
{
    idx R = h->p->m->R;
    struct tap_slice s = slice_of(h->p, tap, h->layer, h->sequence);
    s.first = t - R;
    s.rows = 1;
    s.n = s.ld = h->p->x->T;
    s.x = key0 + R;
    s.n_extra = h->p->x->blocks[h->layer].attention.n_extra;
    s.globals = keys.globals - R;
    s.lo = keys.lo - R;
    s.hi = keys.hi - R;
    edit_head(h, s);
}

void edit_head_scores(void *edited_head, idx t, struct span keys, real *key0)
{
    edit_row(edited_head, TAP_SCORES, t, keys, key0);
}

void edit_head_weights(void *edited_head, idx t, struct span keys, real *key0)
{
    edit_row(edited_head, TAP_WEIGHTS, t, keys, key0);
}

void edit_head_output(const struct edited_head *e, real *o, idx ld)
{
    if (is_edited(e, TAP_HEAD))
        edit_tensor(e, TAP_HEAD, o, e->p->m->E, ld);
}

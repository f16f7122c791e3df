#include "exchange/model_tensors.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 16 };

/* The head is not within what has the prefix. */
static bool has_prefix(const struct family *f, const char *theirs)
{
    return f->prefix && strncmp(theirs, "lm_head.", 8) != 0 &&
           strncmp(theirs, "embed_out.", 10) != 0;
}

static void full_name(char name[2 * LINK_NAME_MAX], const struct family *f,
                      const char *theirs)
{
    snprintf(name, 2 * (size_t)LINK_NAME_MAX, "%s%s",
             has_prefix(f, theirs) ? f->prefix : "", theirs);
}

/* ---- in ------------------------------------------------------------------ */

struct taking {
    real *w;
    const struct model *m;
    const struct family *f;
    const struct safetensors *s;
    bool *is_used; /* (s->n) */
    real *room;    /* (CHUNK) */
};

/* With the prefix, or, as a model without a head has them, without. */
static const struct safetensor *find(const struct taking *t,
                                     const struct link *k)
{
    char name[2 * LINK_NAME_MAX];
    full_name(name, t->f, k->theirs);
    const struct safetensor *found = safetensors_find(t->s, name);
    return found ? found : safetensors_find(t->s, k->theirs);
}

static int say_shape(const struct safetensor *x, const struct link *k,
                     struct err *e)
{
    idx want[2];
    char got[128] = "";
    int ndim = link_shape(want, k);
    for (int i = 0; i < x->ndim; i++) {
        size_t n = strlen(got);
        snprintf(got + n, sizeof got - n, i ? ", %td" : "%td", x->shape[i]);
    }
    return err_set(e, ERR_DATA,
                   ndim == 2
                       ? "%s: tensor '%.100s' has shape (%s), want (%td, "
                         "%td), as config.json says"
                       : "%s: tensor '%.100s' has shape (%s), want (%td), as "
                         "config.json says",
                   x->place, x->name, got, want[0], want[1]);
}

static int take_tensor(struct taking *t, const struct link *k,
                       const struct safetensor *x, struct err *e)
{
    real *to = t->w + k->ours->offset;
    idx want[2];
    int ndim = link_shape(want, k);
    if (!safetensor_is_real(x))
        return err_set(
            e, ERR_DATA,
            "%s: tensor '%.100s' is of type %s: want F32, F16 or BF16",
            x->place, x->name, x->type);
    if (x->ndim != ndim || x->shape[0] != want[0] ||
        (ndim == 2 && x->shape[1] != want[1]))
        return say_shape(x, k, e);
    for (idx from = 0; from < x->n; from += CHUNK) {
        idx n = idx_min(CHUNK, x->n - from);
        safetensor_read(t->room, 1, x, from, n);
        for (idx i = 0; i < n; i++) {
            idx place = link_place(k, from + i, t->m->H, t->m->D);
            if (place >= 0)
                to[place] = t->room[i];
        }
    }
    t->is_used[x - t->s->tensors] = true;
    return OK;
}

static int take_link(struct taking *t, const struct link *k, struct err *e)
{
    const struct safetensor *x = k->theirs[0] ? find(t, k) : NULL;
    if (x)
        return take_tensor(t, k, x, e);
    if (k->theirs[0])
        return err_set(e, ERR_DATA,
                       "%s: no tensor '%.100s', which a %s model has: is it of "
                       "another family, or a part alone?",
                       t->s->n ? t->s->tensors[0].place : "no weights",
                       k->theirs, t->f->title);
    for (idx i = 0; i < k->rows * link_cols(k); i++)
        t->w[k->ours->offset + k->row0 * link_cols(k) + i] =
            k->kind == LINK_ONES;
    return OK;
}

/* A head that is tied to the embedding may be stored all the same. */
static bool is_tied_head(const struct taking *t, const char *name)
{
    return t->m->unembed_w == t->m->token_w &&
           (!strcmp(name, "lm_head.weight") ||
            !strcmp(name, "embed_out.weight"));
}

static int check_use(const struct taking *t, struct err *e)
{
    for (idx i = 0; i < t->s->n; i++) {
        const struct safetensor *x = &t->s->tensors[i];
        bool is_known = t->is_used[i] || is_tied_head(t, x->name);
        for (idx k = 0; !is_known && t->f->passed_over[k]; k++)
            is_known = text_ends_in(x->name, t->f->passed_over[k]);
        if (!is_known)
            return err_set(
                e, ERR_DATA,
                "%s: tensor '%.100s' has no place in the %s model that "
                "config.json describes",
                x->place, x->name, t->f->title);
    }
    return OK;
}

int weights_take(real *w, const struct model *m, const struct family *f,
                 const struct safetensors *s, struct err *e)
{
    struct links links = { .m = m };
    struct taking t = { w, m, f, s, NULL, NULL };
    idx filled = 0;
    f->link(&links);
    t.is_used = calloc((size_t)s->n + 1, sizeof *t.is_used);
    t.room = malloc(CHUNK * sizeof *t.room);
    if (links.is_out_of_memory || !t.is_used || !t.room)
        err_memory(e, NULL);
    for (idx i = 0; i < links.n && !e->code; i++) {
        filled += links.list[i].rows * link_cols(&links.list[i]);
        take_link(&t, &links.list[i], e);
    }
    BUG_ON(!e->code && filled != m->table.n);
    if (!e->code)
        check_use(&t, e);
    free(t.room);
    free(t.is_used);
    links_release(&links);
    return e->code;
}

/* ---- out ----------------------------------------------------------------- */

struct giving {
    const real *w;
    const struct model *m;
    struct link link; /* ours NULL: as it is */
    idx offset;
};

static void give(float *x, const struct safetensor_out *t, idx from, idx n)
{
    const struct giving *g = t->user;
    for (idx i = 0; i < n; i++) {
        idx place = from + i;
        if (g->link.ours)
            place = link_place(&g->link, place, g->m->H, g->m->D);
        x[i] = place >= 0 ? (float)g->w[g->offset + place] : 0;
    }
}

struct list {
    struct safetensor_out *tensors;
    struct giving *givings;
    char (*names)[2 * LINK_NAME_MAX];
    idx n;
};

static void add_links(struct list *l, const real *w, const struct model *m,
                      const struct family *f, const struct links *links)
{
    for (idx i = 0; i < links->n; i++) {
        const struct link *k = &links->list[i];
        struct safetensor_out *t = &l->tensors[l->n];
        if (!k->theirs[0])
            continue;
        full_name(l->names[l->n], f, k->theirs);
        l->givings[l->n] = (struct giving){ w, m, *k, k->ours->offset };
        *t = (struct safetensor_out){ .name = l->names[l->n],
                                      .read = give,
                                      .user = &l->givings[l->n] };
        t->ndim = link_shape(t->shape, k);
        l->n++;
    }
}

static void add_params(struct list *l, const real *w, const struct model *m)
{
    for (idx i = 0; i < m->table.count; i++) {
        const struct param *p = &m->table.rows[i];
        struct safetensor_out *t = &l->tensors[l->n];
        l->givings[l->n] =
            (struct giving){ .w = w, .m = m, .offset = p->offset };
        *t = (struct safetensor_out){ .name = p->name,
                                      .ndim = p->ndim,
                                      .read = give,
                                      .user = &l->givings[l->n] };
        memcpy(t->shape, p->shape, (size_t)p->ndim * sizeof *t->shape);
        l->n++;
    }
}

/* What they have no tensor for is 1, or 0. */
static int check_constants(const real *w, const struct family *f,
                           const struct links *links, struct err *e)
{
    for (idx i = 0; i < links->n; i++) {
        const struct link *k = &links->list[i];
        idx from = k->ours->offset + k->row0 * link_cols(k);
        real is = k->kind == LINK_ONES;
        for (idx j = 0; !k->theirs[0] && j < k->rows * link_cols(k); j++)
            if (w[from + j] != is)
                return err_set(e, ERR_CONFIG,
                               "export: %s has nothing that learns in the "
                               "place of %s, and here that has learned: "
                               "--format plain writes the weights in our names",
                               f->title, k->ours->name);
    }
    return OK;
}

int weights_fit(const real *w, const struct model *m, const struct family *f,
                struct err *e)
{
    struct links links = { .m = m };
    f->link(&links);
    if (links.is_out_of_memory)
        err_memory(e, NULL);
    else
        check_constants(w, f, &links, e);
    links_release(&links);
    return e->code;
}

int weights_give(const char *path, const real *w, const struct model *m,
                 const struct family *f, struct err *e)
{
    struct links links = { .m = m };
    if (f)
        f->link(&links);
    size_t n = (size_t)(f ? links.n : m->table.count) + 1;
    struct list l = { .tensors = calloc(n, sizeof *l.tensors),
                      .givings = calloc(n, sizeof *l.givings),
                      .names = calloc(n, sizeof *l.names) };
    if (links.is_out_of_memory || !l.tensors || !l.givings || !l.names) {
        err_memory(e, NULL);
    } else {
        if (f)
            add_links(&l, w, m, f, &links);
        else
            add_params(&l, w, m);
        safetensors_write(path, l.tensors, l.n, e);
    }
    free(l.tensors);
    free(l.givings);
    free(l.names);
    links_release(&links);
    return e->code;
}

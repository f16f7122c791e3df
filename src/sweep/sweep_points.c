/* The runs of a sweep: whether they can be built, and the list of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/source.h"
#include "nn/model/model.h"
#include "run/config_paths.h"
#include "sweep/sweep_walk.h"

/* ---- problems ---------------------------------------------------------- */

const char *sweep_show_choices(char out[SWEEP_SHOWN_MAX],
                               const struct sweep_walk *w)
{
    struct text t = { .at = out, .cap_bytes = SWEEP_SHOWN_MAX };
    char shown[TEXT_SHOW_MAX];
    text_add(&t, "%s", "");
    for (idx i = 0; i < w->n_choices; i++)
        text_add(&t, "%s%s.%s=%s", i ? " " : "",
                 w->choices[i].of->section->name, w->choices[i].of->key->name,
                 text_show(shown, w->choices[i].value));
    return out;
}

/* The last axis, or the last one that the message names. */
static struct place blame(const struct sweep_walk *w, const char *message)
{
    const struct sweep_axis *a = NULL;
    for (idx i = w->n_choices - 1; i >= 0; i--) {
        const struct sweep_choice *c = &w->choices[i];
        a = a ? a : c->axis;
        if (strstr(message, c->of->key->name)) {
            a = c->axis;
            break;
        }
    }
    return (struct place){ .file = a ? a->file : w->f->path,
                           .line = a ? a->line : 1 };
}

void sweep_tell_unbuildable(struct sweep_walk *w, int code, const char *message)
{
    char shown[SWEEP_SHOWN_MAX];
    struct place at = blame(w, message);
    draft_problem(&w->draft, &at, code, "the run with %s cannot be built: %s",
                  sweep_show_choices(shown, w), message);
}

/* ---- one run ----------------------------------------------------------- */

/* data.hash filled in, vocabulary found: as a run would open it. */
static int open_data(struct sweep_walk *w, struct config *c, struct err *e)
{
    struct sweep_opened *o = &w->data;
    struct source source = { 0 };
    idx T = c->model.context;
    if (config_data_path(c, w->f->dir, e))
        return e->code;
    if (!o->is_known || o->T != T ||
        memcmp(&o->options, &c->data, sizeof c->data) != 0) {
        int rc = source_open(&source, &c->data, 0, T, e);
        *o = (struct sweep_opened){ .is_known = rc == OK, .T = T };
        memcpy(&o->options, &c->data, sizeof c->data);
        o->vocab = source.vocab;
        o->hash = pool_text(&w->p->memory, source.hash, sizeof source.hash);
        source_release(&source);
        if (rc || pool_check(&w->p->memory, e))
            return e->code;
    }
    key_copy_text(c->data.hash, o->hash);
    return OK;
}

int sweep_check_run(struct sweep_walk *w, struct config *c, struct err *e)
{
    struct model m = { 0 };
    struct model_spec spec = config_spec(c);
    int rc = model_spec_check(&spec, e);
    if (rc == OK)
        rc = open_data(w, c, e);
    if (rc == OK)
        rc = model_init(&m, &spec, w->data.vocab, e);
    model_release(&m);
    return rc;
}

void sweep_identity(char id[CONFIG_ID_MAX], const struct config *c)
{
    struct config plain = *c;
    if (plain.data.hash[0])
        key_copy_text(plain.data.path, "");
    config_id(id, &plain);
}

/* ---- the points -------------------------------------------------------- */

/* Where this identity stands or would stand in the table. */
static idx *find_slot(const struct sweep_walk *w, const char *id)
{
    idx i = (idx)(strtoull(id, NULL, 16) % (uint64_t)w->n_slots);
    while (w->slots[i] >= 0 && strcmp(w->p->points[w->slots[i]].id, id) != 0)
        i = (i + 1) % w->n_slots;
    return &w->slots[i];
}

/* Room for one point more; the table is at most half full. */
static bool grow(struct sweep_walk *w)
{
    struct sweep_points *p = w->p;
    if (p->n < w->cap)
        return true;
    idx cap = w->cap ? 2 * w->cap : 64;
    struct sweep_point *points =
        realloc(p->points, (size_t)cap * sizeof *points);
    if (points)
        p->points = points;
    idx *slots = realloc(w->slots, 2 * (size_t)cap * sizeof *slots);
    if (slots)
        w->slots = slots;
    if (!points || !slots)
        return false;
    w->cap = cap;
    w->n_slots = 2 * cap;
    for (idx i = 0; i < w->n_slots; i++)
        w->slots[i] = -1;
    for (idx i = 0; i < p->n; i++)
        *find_slot(w, p->points[i].id) = i;
    return true;
}

static const char *change_text(struct sweep_walk *w,
                               const struct sweep_choice *c)
{
    struct text t = { 0 };
    for (int pass = 0; pass < 2; pass++) {
        t.n = 0;
        text_add(&t, "%s.%s=%s", c->of->section->name, c->of->key->name,
                 c->value);
        t.cap_bytes = t.n + 1;
        t.at = pass ? t.at : pool_bytes(&w->p->memory, t.cap_bytes);
        if (!t.at)
            return NULL;
    }
    return t.at;
}

static void tell_twins(struct sweep_walk *w, const struct sweep_point *first)
{
    char one[SWEEP_SHOWN_MAX], text[3 * SWEEP_SHOWN_MAX];
    struct text t = { .at = text, .cap_bytes = sizeof text };
    text_add(&t, "%s is ", sweep_show_choices(one, w));
    for (idx i = 0; i < first->n_changes; i++)
        text_add(&t, "%s%s", i ? " " : "", first->changes[i]);
    if (w->p->n_duplicates++ == 0)
        w->p->twins = pool_text(&w->p->memory, text, sizeof text);
}

void sweep_add_point(struct sweep_walk *w, const char *id)
{
    struct pool *pool = &w->p->memory;
    char label[SWEEP_LABEL_MAX];
    if (!grow(w)) {
        pool->is_out_of_memory = true;
        return;
    }
    idx *slot = find_slot(w, id);
    if (*slot >= 0) {
        tell_twins(w, &w->p->points[*slot]);
        return;
    }
    struct sweep_point *point = &w->p->points[w->p->n];
    sweep_label(label, sizeof label, w->choices, w->n_choices);
    *point = (struct sweep_point){
        .n_changes = w->n_choices,
        .changes = pool_bytes(pool, (size_t)w->n_choices * sizeof(char *)),
        .label = pool_text(pool, label, sizeof label),
        .hash = w->data.hash,
        .vocab = w->data.vocab,
    };
    strcpy(point->id, id);
    for (idx i = 0; i < w->n_choices && point->changes; i++)
        point->changes[i] = change_text(w, &w->choices[i]);
    *slot = w->p->n++;
}

void sweep_points_release(struct sweep_points *p)
{
    free(p->points);
    pool_release(&p->memory);
    *p = (struct sweep_points){ 0 };
}

int sweep_point_config(struct config *c, const struct sweep_file *f,
                       const struct sweep_point *point, struct err *e)
{
    *c = f->base;
    if (config_override(c, f->origins, point->changes, point->n_changes, 0,
                        NULL, e) ||
        config_data_path(c, f->dir, e))
        return e->code;
    key_copy_text(c->data.hash, point->hash);
    return OK;
}

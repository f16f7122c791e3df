#include "gradwalk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gradcheck.h"
#include "harness.h"

static const double BOUND = 1e-6, FLOOR = 1e-3;

static double objective(void *context)
{
    struct tiny *t = context;
    return model_forward_objective(&t->m, t->w, &t->x, &t->batch, 0).objective;
}

/* The last tensor's numbers; the others' names. */
static void note(char failed[WALK_TEXT_MAX], const struct param *p,
                 const struct gradient_fault *f)
{
    size_t n = strlen(failed);
    if (n)
        snprintf(failed + n, WALK_TEXT_MAX - n, ", %s", p->name);
    else
        snprintf(failed, WALK_TEXT_MAX, "%s (got %.9g, want %.9g)", p->name,
                 f->got, f->wanted);
}

void walk_fail(const char *what, const char *failed)
{
    /* cmocka's own messages end early */
    fprintf(stderr, "%s: wrong gradients, from the last tensor on: %s\n", what,
            failed);
    fail_msg("%.400s: %.400s", what, failed);
}

idx walk_entries(struct tiny *t, char failed[WALK_TEXT_MAX])
{
    idx n = 0;
    failed[0] = '\0';
    for (idx i = t->m.table.count - 1; i >= 0; i--) {
        const struct param *p = &t->m.table.rows[i];
        struct gradient_fault f;
        if (p->role == PARAM_STATE) /* follows, is not trained */
            continue;
        if (gradient_matches(&f, objective, t, t->w + p->offset,
                             t->dw + p->offset, p->n, BOUND, FLOOR))
            continue;
        note(failed, p, &f);
        n++;
    }
    return n;
}

/* A tensor that is moved along its direction. */
struct line {
    struct tiny *t;
    const struct param *p;
    const real *at, *direction;
    real step;
};

static double along(void *context)
{
    struct line *l = context;
    const struct param *p = l->p;
    real *w = l->t->w;
    for (idx i = p->offset; i < p->offset + p->n; i++)
        w[i] = l->at[i] + l->step * l->direction[i];
    double value = objective(l->t);
    memcpy(w + p->offset, l->at + p->offset, (size_t)p->n * sizeof *w);
    return value;
}

/* Relative to the size that the derivative would have if no terms cancelled. */
static bool line_matches(struct gradient_fault *f, struct line *l)
{
    double sum = 0, size = 0;
    for (idx i = l->p->offset; i < l->p->offset + l->p->n; i++) {
        double term = (double)l->t->dw[i] * (double)l->direction[i];
        sum += term;
        size += term * term;
    }
    real got = (real)sum;
    l->step = 0;
    return gradient_matches(f, along, l, &l->step, &got, 1, BOUND,
                            sqrt(size) + FLOOR);
}

idx walk_directions(struct tiny *t, const real *direction,
                    char failed[WALK_TEXT_MAX])
{
    size_t bytes = (size_t)t->m.table.total * sizeof(real);
    real *at = malloc(bytes);
    idx n = 0;
    assert_non_null(at);
    memcpy(at, t->w, bytes);
    failed[0] = '\0';
    for (idx i = t->m.table.count - 1; i >= 0; i--) {
        struct line l = { t, &t->m.table.rows[i], at, direction, 0 };
        struct gradient_fault f;
        if (l.p->role == PARAM_STATE || line_matches(&f, &l))
            continue;
        note(failed, l.p, &f);
        n++;
    }
    free(at);
    return n;
}

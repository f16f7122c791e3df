#include "optim/optim.h"

#include <math.h>
#include <string.h>

enum { STRETCH = 1 << 14 };

/* What PARAM_STATE says it is. */
static const real STATE_RATE = (real)PARAM_STATE_RATE;

void optim_plan(struct optim *s, struct arena *arena,
                const struct optim_options *o, const struct param_table *t,
                int threads)
{
    idx n = 0;
    for (idx i = 0; i < t->count; i++)
        n += idx_ceil_div(t->rows[i].n, STRETCH);
    *s = (struct optim){ .options = o,
                         .kind = optimizers[o->name],
                         .n_stretches = n,
                         .threads = threads };
    for (idx i = 0; i < s->kind->n_slots; i++)
        s->slots[i] = arena_reals(arena, t->total);
    s->stretches = arena_bytes(arena, (size_t)n * sizeof *s->stretches);
    s->partial = arena_doubles(arena, n);
    if (!s->stretches)
        return; /* measuring */
    idx at = 0;
    for (idx i = 0; i < t->count; i++) {
        const struct param *p = &t->rows[i];
        bool decays = o->decay == DECAY_ALL || param_is_matrix(p);
        for (idx from = 0; from < p->n; from += STRETCH)
            s->stretches[at++] =
                (struct stretch){ p->offset + from,
                                  idx_min(STRETCH, p->n - from), decays,
                                  p->role == PARAM_STATE };
    }
}

static double sum_squares(const real *x, idx n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

double optim_grad_norm(const struct optim *s, const real *dw)
{
#pragma omp parallel for schedule(static) num_threads(s->threads)
    for (idx i = 0; i < s->n_stretches; i++)
        s->partial[i] =
            s->stretches[i].is_state
                ? 0
                : sum_squares(dw + s->stretches[i].offset, s->stretches[i].n);
    double sum = 0;
    for (idx i = 0; i < s->n_stretches; i++)
        sum += s->partial[i];
    return sqrt(sum);
}

/* A state's gradient is what it follows, the mean over the batch. */
static void follow(real *w, const real *target, idx n)
{
    for (idx i = 0; i < n; i++)
        w[i] += STATE_RATE * (target[i] - w[i]);
}

void optim_step(const struct optim *s, real *w, real *dw, idx step, double lr,
                double grad_norm)
{
    const struct optim_options *o = s->options;
    double scale = 1;
    if (o->clip > 0 && grad_norm > o->clip)
        scale = o->clip / grad_norm;
#pragma omp parallel for schedule(static) num_threads(s->threads)
    for (idx i = 0; i < s->n_stretches; i++) {
        const struct stretch *x = &s->stretches[i];
        struct update u = {
            .options = o,
            .step = step,
            .lr = lr,
            .decay = x->decays ? o->weight_decay : 0,
            .grad_scale = (real)scale,
        };
        real *slot[OPTIM_SLOTS_MAX] = { NULL };
        for (idx k = 0; k < s->kind->n_slots; k++)
            slot[k] = s->slots[k] + x->offset;
        if (x->is_state)
            follow(w + x->offset, dw + x->offset, x->n);
        else
            s->kind->update(w + x->offset, dw + x->offset, slot, x->n, &u);
        memset(dw + x->offset, 0, (size_t)x->n * sizeof *dw);
    }
}

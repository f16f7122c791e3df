#include "analysis/formation.h"

#include "analysis/transition.h"

/* What counts as a sink of a head. */
static const double BORN = 0.3;

/* The head of n with the largest mass; NaN is passed over. */
static idx largest(const double *mass, idx n)
{
    idx at = 0;
    for (idx i = 1; i < n; i++)
        if (!(mass[at] >= mass[i]) && mass[i] == mass[i])
            at = i;
    return at;
}

struct masses {
    const double *mass;
    idx n_heads;
};

static double headline(const void *of, idx i)
{
    const struct masses *m = of;
    const double *mass = m->mass + i * m->n_heads;
    return mass[largest(mass, m->n_heads)];
}

struct formation formation_find(const double *mass, idx n, idx L, idx H)
{
    const struct masses all = { mass, L * H };
    struct formation f = { .is_formed = false, .n = n };
    f.at = transition_find(&transitions[TRANSITION_SINK], headline, &all, n);
    f.is_formed = f.at >= 0;
    f.is_gone = f.is_formed && !transition_holds(&transitions[TRANSITION_SINK],
                                                 headline(&all, n - 1));
    for (idx l = 0; f.is_formed && l < L; l++) {
        const double *layer = mass + (f.at * L + l) * H;
        f.layer = l;
        f.head = largest(layer, H);
        f.mass = layer[f.head];
        if (f.mass > BORN)
            break;
    }
    return f;
}

bool emerged_print(struct text *t, const double *share, const int64_t *steps,
                   idx n)
{
    const double last = share[n - 1];
    idx at = 0;
    while (at < n && !(share[at] > SINK_EMERGED))
        at++;
    if (at == n)
        text_add(t, "sink_1 at no step above %.0f %%, last %.1f %%",
                 100 * SINK_EMERGED, 100 * last);
    else
        text_add(t, "sink_1 above %.0f %% from step %lld, last %.1f %%%s",
                 100 * SINK_EMERGED, (long long)steps[at], 100 * last,
                 last > SINK_EMERGED ? "" : " (below again)");
    return at < n;
}

void formation_print(struct text *t, const struct formation *f,
                     const char *column, const int64_t *steps)
{
    if (f->is_formed)
        text_add(t,
                 "a head formed a strong sink at step %lld; it was born in "
                 "layer %td, head %td (%s %.1f %%)",
                 (long long)steps[f->at], f->layer, f->head, column,
                 100 * f->mass);
    else if (f->n < 2)
        text_add(t, "whether a head formed a strong sink takes two checkpoints "
                    "to tell");
    else
        text_add(t,
                 "no single head has formed a strong sink: none has %s of "
                 "%.0f %% at two steps in a row",
                 column, 100 * transitions[TRANSITION_SINK].threshold);
    if (f->is_gone)
        text_add(t, "; gone again by step %lld", (long long)steps[f->n - 1]);
}

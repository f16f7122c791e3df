#include "analysis/formation.h"

/* The headline of a sink, and what counts as one of a head. */
static const double FORMED = 0.5, BORN = 0.3;

/* The head of n with the largest mass; NaN is passed over. */
static idx largest(const double *mass, idx n)
{
    idx at = 0;
    for (idx i = 1; i < n; i++)
        if (!(mass[at] >= mass[i]) && mass[i] == mass[i])
            at = i;
    return at;
}

static bool is_formed(const double *mass, idx n)
{
    return mass[largest(mass, n)] >= FORMED;
}

struct formation formation_find(const double *mass, idx n, idx L, idx H)
{
    struct formation f = { .is_formed = false };
    while (f.at + 1 < n && !(is_formed(mass + f.at * L * H, L * H) &&
                             is_formed(mass + (f.at + 1) * L * H, L * H)))
        f.at++;
    f.is_formed = f.at + 1 < n;
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

void formation_print(struct text *t, const struct formation *f,
                     const char *column, const int64_t *steps)
{
    if (f->is_formed)
        text_add(t,
                 "a sink formed at step %lld; it was born in layer %td, head "
                 "%td (%s %.1f %%)",
                 (long long)steps[f->at], f->layer, f->head, column,
                 100 * f->mass);
    else
        text_add(t,
                 "no sink formed: at no two steps in a row has a head a %s of "
                 "%.0f %%",
                 column, 100 * FORMED);
}

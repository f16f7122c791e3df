/* compare's paired differences: of two groups, seed by seed. What seeds do to
 * both alike falls out of them. */
#include "report/compare_group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_same_seeds(const struct compared *a, const struct compared *b)
{
    const struct run_options *x = &a->config.run, *y = &b->config.run;
    return a->has_config && b->has_config && x->seed == y->seed &&
           x->init_seed == y->init_seed && x->data_seed == y->data_seed;
}

/* The one run of the group that counts and has the seeds of r; -1 if there is
 * none, or more than one. */
static idx find_partner(const struct group *g, const struct compared *r)
{
    idx found = -1;
    for (idx i = 0; i < g->n_counted; i++) {
        if (!has_same_seeds(g->runs[i], r))
            continue;
        if (found >= 0)
            return -1;
        found = i;
    }
    return found;
}

/* Were both measured on the same sequences, as far as anyone says? */
static bool are_alike(const struct compared *a, const struct compared *b,
                      bool is_log)
{
    const struct measured *x = is_log ? &a->logged : &a->analysed;
    const struct measured *y = is_log ? &b->logged : &b->analysed;
    return measured_sinks_alike(x, y) && measured_losses_alike(x, y) &&
           measured_data_alike(x, y);
}

static bool difference(double *d, const struct group *g, idx i,
                       const struct group *base, idx k, const char *column)
{
    double a, b;
    struct series x = group_series(g, i, column);
    struct series y = group_series(base, k, column);
    if (x.n == 0 || y.n == 0 || x.is_sparse != y.is_sparse ||
        !are_alike(g->runs[i], base->runs[k], x.is_sparse) ||
        !series_at_common(&a, &b, &x, &y))
        return false;
    *d = a - b;
    return true;
}

int group_pair(struct pair *p, const struct group *g, const struct group *base,
               const char *column, struct err *e)
{
    double *d = calloc((size_t)idx_max(1, g->n_counted), sizeof *d);
    *p = (struct pair){ 0, 0, 0, NAN, NAN, NAN };
    if (!d)
        return err_set(e, ERR_MEMORY, "not enough memory for %td pairs",
                       g->n_counted);
    for (idx i = 0; i < g->n_counted; i++) {
        idx k = find_partner(base, g->runs[i]);
        if (k < 0 || find_partner(g, g->runs[i]) != i ||
            !difference(&d[p->n], g, i, base, k, column))
            continue;
        p->n_up += d[p->n] > 0;
        p->n_down += d[p->n] < 0;
        p->n++;
    }
    struct summary s = summarise(d, p->n);
    p->mean = s.mean;
    p->spread = s.spread;
    p->error = s.spread / sqrt((double)p->n);
    free(d);
    return OK;
}

int groups_baseline(idx *i, const struct groups *s,
                    const struct compare_options *o, struct err *e)
{
    char labels[ERR_TEXT_MAX / 2] = "";
    for (*i = 0; o->baseline && *i < s->n; ++*i) {
        size_t used = strlen(labels);
        if (strcmp(s->g[*i].label, o->baseline) == 0)
            return OK;
        snprintf(labels + used, sizeof labels - used, "%s'%s'",
                 used ? ", " : "", s->g[*i].label);
    }
    if (!o->baseline)
        return OK;
    return err_set(e, ERR_USAGE,
                   "compare: --baseline: no group is called '%.80s'; there are "
                   "%s",
                   o->baseline, labels);
}

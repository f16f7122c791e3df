#include "report/figure.h"

#include <string.h>

/* The last values of loss and metric of each run, at the last step at which it
 * has both; n of them. */
static bool find_points(double *x, double *y, idx *n, const struct figure *f,
                        const struct group *g)
{
    *n = 0;
    for (idx i = 0; i < g->n_counted; i++) {
        struct series loss = group_series(g, i, f->o->loss);
        struct series metric = group_series(g, i, f->o->metric);
        *n += series_at_common(&x[*n], &y[*n], &loss, &metric);
    }
    return *n > 0;
}

/* Mean and its spread as one point with bars. */
static bool put_mean(struct plot_curve *c, struct figure *f, const double *x,
                     const double *y, idx n)
{
    double *v = figure_doubles(f, 6);
    struct summary u = summarise(x, n), w = summarise(y, n);
    if (!v)
        return false;
    const double numbers[6] = { u.mean,
                                w.mean,
                                u.mean - u.spread,
                                u.mean + u.spread,
                                w.mean - w.spread,
                                w.mean + w.spread };
    memcpy(v, numbers, sizeof numbers);
    c->form = PLOT_MARKS;
    c->n = 1;
    c->x = v;
    c->y = v + 1;
    if (n > 1) {
        c->x_low = v + 2;
        c->x_high = v + 3;
        c->low = v + 4;
        c->high = v + 5;
    }
    return true;
}

/* A group: its runs as dots, where it has several, and their mean. */
static int add_group(struct plot_panel *q, struct plot_curve *curves,
                     struct figure *f, idx group, bool is_faint, struct err *e)
{
    const struct group *g = &f->s->g[group];
    double *x = figure_doubles(f, g->n_counted);
    double *y = figure_doubles(f, g->n_counted);
    idx n;
    if (pool_check(&f->memory, e))
        return e->code;
    if (!find_points(x, y, &n, f, g))
        return OK;
    struct plot_style style = f->facets.style_of[group];
    if (is_faint)
        style.ink = PLOT_FAINT;
    if (n > 1 || is_faint)
        curves[q->n_curves++] = (struct plot_curve){
            .style = style, .form = PLOT_DOTS, .x = x, .y = y, .n = n
        };
    if (is_faint)
        return OK;
    struct plot_curve mean = { .style = style };
    if (put_mean(&mean, f, x, y, n))
        curves[q->n_curves++] = mean;
    return pool_check(&f->memory, e);
}

static int fill_panel(struct plot_panel *q, struct figure *f, idx panel,
                      struct err *e)
{
    const struct facets *facets = &f->facets;
    struct plot_curve *curves = figure_panel(q, f, panel, 2 * f->s->n + 1, e);
    if (!curves)
        return e->code;
    for (int own = 0; own < 2; own++)
        for (idx i = 0; i < f->s->n; i++) {
            bool is_own = facets->panel_of[i] == panel;
            if (is_own != (own == 1) || (!is_own && !facets->has_context))
                continue;
            if (add_group(q, curves, f, i, !is_own, e))
                return e->code;
        }
    return OK;
}

static int fill(struct figure *f, struct err *e)
{
    const char *const columns[] = { f->o->metric, f->o->loss };
    struct plot_block *block = pool_bytes(&f->memory, sizeof *block);
    if (pool_check(&f->memory, e) ||
        facets_make(&f->facets, &f->memory, f->s, -1,
                    f->o->output ? PLOT_STYLES : 0, e))
        return e->code;
    facets_add_context(&f->facets);
    struct plot_panel *panels =
        pool_bytes(&f->memory, (size_t)f->facets.n * sizeof *panels);
    f->plot = (struct plot){
        .blocks = block,
        .n_blocks = 1,
        .across = facets_across(&f->facets),
        .legend = f->facets.entries,
        .n_entries = f->facets.n_entries,
        .has_no_lines = true,
    };
    if (pool_check(&f->memory, e) ||
        figure_axis(&f->plot.x, f, f->o->loss, f->o->loss_range, e) ||
        figure_axis(&block->y, f, f->o->metric, f->o->y_range, e))
        return e->code;
    block->panels = panels;
    block->n_panels = f->facets.n;
    for (idx i = 0; i < block->n_panels; i++)
        if (fill_panel(&panels[i], f, i, e))
            return e->code;
    f->plot.caption = figure_caption(
        f, columns, COUNT_OF(columns), "%s%s",
        f->s->are_single ? "Each mark: a run at its end."
                         : "Small marks: runs at their end; large ones: means "
                           "with \u00b1 sample standard deviation. ",
        f->facets.words);
    return pool_check(&f->memory, e);
}

const struct figure_kind figure_loss = {
    .name = "loss",
    .what = "final metric against final loss, a mark a run",
    .reads = READS_Y_RANGE | READS_LOSS_RANGE,
    .has_text = true,
    .fill = fill,
};

#include "report/figure.h"

#include "metric/metric_table.h"

#include <math.h>
#include <string.h>

enum { COLUMNS_MAX = 12 };

/* The curves of a column, one a group, and those of single runs. */
struct drawn {
    const char *name;
    struct plot_curve *curves; /* (groups) means */
    struct plot_curve *seeds;  /* (n_seeds), in the order of groups */
    idx *seeds_of;             /* (n_seeds) their group */
    idx n_seeds;
    bool has_any;
};

/* ---- which columns ----------------------------------------------------- */

/* A figure of one panel has room to show the weights as they are, and the extra
 * column's, beside a metric of rows scaled to sum 1; not beside one layer's, as
 * they are of all. */
static idx add_drawn(const char *names[COLUMNS_MAX], idx n,
                     const struct figure *f)
{
    bool is_of_layer = column_is_of_layer(f->o->metric);
    for (idx i = 0; !is_of_layer && metric_at(i) && n < COLUMNS_MAX - 1; i++) {
        const char *name = metric_at(i)->text.name;
        if (metric_at(i)->is_drawn && strcmp(name, f->o->metric) != 0)
            names[n++] = name;
    }
    return n;
}

/* A curve a layer, in one panel: of one row. Of several rows a layer has a
 * panel, in which they can be compared. */
static bool has_layer_curves(const struct figure *f)
{
    return f->o->output && f->t->n_layers > 0 && f->s->n == 1;
}

static bool is_in_layer_curves(const struct figure *f, idx measure)
{
    for (idx i = 0; has_layer_curves(f) && i < f->t->n_layers; i++)
        if (f->t->layers[i] == measure)
            return true;
    return false;
}

/* Those of --columns and --layers: what comes with a sink is seen over one
 * axis. */
static idx add_asked(const char *names[COLUMNS_MAX], idx n, idx *n_left,
                     const struct figure *f)
{
    for (idx i = f->t->metric + 1; i < f->t->n_measures; i++) {
        if (f->t->measures[i].shown != SHOWN || is_in_layer_curves(f, i))
            continue;
        if (n < COLUMNS_MAX - 1)
            names[n++] = f->t->measures[i].name;
        else
            (*n_left)++;
    }
    return n;
}

/* n_left: that there is no room for. */
static idx choose_columns(const char *names[COLUMNS_MAX], idx *n_left,
                          const struct figure *f)
{
    idx n = 0;
    *n_left = 0;
    names[n++] = f->o->metric;
    if (f->o->output && (f->o->columns || f->o->has_layers))
        n = add_asked(names, n, n_left, f);
    else if (f->o->output && f->facets.n == 1)
        n = add_drawn(names, n, f);
    if (strcmp(f->o->loss, f->o->metric) != 0)
        names[n++] = f->o->loss;
    return n;
}

/* ---- curves ------------------------------------------------------------ */

static double *copy(struct figure *f, const double *v, idx n)
{
    double *own = figure_doubles(f, n);
    if (own && n > 0)
        memcpy(own, v, (size_t)n * sizeof *own);
    return own;
}

static bool has_bands(const struct figure *f)
{
    return f->facets.n_together <= FACETS_BANDS_MOST && !f->o->has_seeds;
}

static int make_mean(struct plot_curve *c, struct figure *f, idx group,
                     const char *column, struct err *e)
{
    const struct group *g = &f->s->g[group];
    struct band b = { 0 };
    int rc = band_make(&b, g, column, e);
    bool has_band = b.n_runs > 1 && has_bands(f);
    *c = (struct plot_curve){ .style = f->facets.style_of[group], .n = b.n };
    if (rc == OK) {
        double *x = copy(f, b.step, b.n);
        c->x = x;
        c->y = copy(f, b.mean, b.n);
        c->low = has_band ? copy(f, b.low, b.n) : NULL;
        c->high = has_band ? copy(f, b.high, b.n) : NULL;
        rc = pool_check(&f->memory, e);
        if (rc == OK)
            rc = figure_x(x, b.n, f, g, e);
    }
    band_release(&b);
    return rc;
}

static int make_seed(struct plot_curve *c, struct figure *f, idx group, idx run,
                     const char *column, struct err *e)
{
    const struct group *g = &f->s->g[group];
    struct series s = group_series(g, run, column);
    double *x, *y;
    *c = (struct plot_curve){ .style = f->facets.style_of[group],
                              .form = PLOT_THIN };
    if (!figure_series(&x, &y, &c->n, f, &s))
        return pool_check(&f->memory, e);
    c->x = x;
    c->y = y;
    return figure_x(x, c->n, f, g, e);
}

static int make_seeds(struct drawn *d, struct figure *f, struct err *e)
{
    idx n = 0;
    for (idx i = 0; i < f->s->n; i++)
        n += f->s->g[i].n_counted;
    d->seeds = pool_bytes(&f->memory, (size_t)(n + 1) * sizeof *d->seeds);
    d->seeds_of = pool_bytes(&f->memory, (size_t)(n + 1) * sizeof *d->seeds_of);
    if (pool_check(&f->memory, e))
        return e->code;
    for (idx i = 0; i < f->s->n; i++)
        for (idx k = 0; k < f->s->g[i].n_counted; k++) {
            if (make_seed(&d->seeds[d->n_seeds], f, i, k, d->name, e))
                return e->code;
            d->seeds_of[d->n_seeds++] = i;
        }
    return OK;
}

static int make_curves(struct drawn *d, struct figure *f, const char *column,
                       struct err *e)
{
    size_t n = (size_t)f->s->n;
    *d = (struct drawn){ .name = column };
    d->curves = pool_bytes(&f->memory, n * sizeof *d->curves);
    if (pool_check(&f->memory, e))
        return e->code;
    for (idx i = 0; i < f->s->n; i++) {
        if (make_mean(&d->curves[i], f, i, column, e))
            return e->code;
        d->has_any = d->has_any || d->curves[i].n > 0;
    }
    return f->o->has_seeds && !f->s->are_single ? make_seeds(d, f, e) : OK;
}

/* ---- panels ------------------------------------------------------------ */

/* The curves of a panel: the others in grey, single runs, means. */
static int fill_panel(struct plot_panel *q, struct figure *f,
                      const struct drawn *d, idx panel, struct err *e)
{
    const struct facets *facets = &f->facets;
    struct plot_curve *curves =
        figure_panel(q, f, panel, 2 * f->s->n + d->n_seeds, e);
    if (!curves)
        return e->code;
    for (idx i = 0; facets->has_context && i < f->s->n; i++)
        if (facets->panel_of[i] != panel) {
            curves[q->n_curves] = d->curves[i];
            curves[q->n_curves++].style.ink = PLOT_FAINT;
        }
    for (idx i = 0; i < d->n_seeds; i++)
        if (facets->panel_of[d->seeds_of[i]] == panel)
            curves[q->n_curves++] = d->seeds[i];
    for (idx i = 0; i < f->s->n; i++)
        if (facets->panel_of[i] == panel)
            curves[q->n_curves++] = d->curves[i];
    return OK;
}

static int fill_block(struct plot_block *b, struct figure *f,
                      const struct drawn *d, struct err *e)
{
    struct plot_panel *panels =
        pool_bytes(&f->memory, (size_t)f->facets.n * sizeof *panels);
    if (pool_check(&f->memory, e) ||
        figure_axis(&b->y, f, d->name, figure_range(f, d->name), e))
        return e->code;
    /* no caption could tell of it on a terminal */
    b->y.may_cut = strcmp(d->name, f->o->loss) == 0 && f->o->output;
    b->panels = panels;
    b->n_panels = f->facets.n;
    for (idx i = 0; i < b->n_panels; i++)
        if (fill_panel(&panels[i], f, d, i, e))
            return e->code;
    return OK;
}

/* ---- layers ------------------------------------------------------------ */

static struct plot_style layer_style(const struct figure *f, idx layer)
{
    idx last = idx_max(1, f->t->n_layers - 1);
    return (struct plot_style){ .ink = PLOT_SCALE,
                                .at = (double)layer / (double)last };
}

static bool has_points(const struct plot_curve *c)
{
    for (idx i = 0; i < c->n; i++)
        if (isfinite(c->x[i]) && isfinite(c->y[i]))
            return true;
    return false;
}

/* The metric of each layer of the only row that has any, and its name in the
 * legend: no bands, which would hide each other. */
static int fill_layers(struct plot_block *b, struct figure *f, struct err *e)
{
    idx n = f->t->n_layers, n_curves = 0, n_entries = f->facets.n_entries;
    struct plot_panel *panel = pool_bytes(&f->memory, sizeof *panel);
    struct plot_curve *curves =
        pool_bytes(&f->memory, (size_t)n * sizeof *curves);
    struct plot_entry *entries =
        pool_bytes(&f->memory, (size_t)(n_entries + n) * sizeof *entries);
    if (pool_check(&f->memory, e) ||
        figure_axis(&b->y, f, f->o->metric, f->o->y_range, e))
        return e->code;
    memcpy(entries, f->facets.entries, (size_t)n_entries * sizeof *entries);
    for (idx i = 0; i < n; i++) {
        struct plot_curve *c = &curves[n_curves];
        if (make_mean(c, f, 0, f->t->measures[f->t->layers[i]].name, e))
            return e->code;
        if (!has_points(c))
            continue;
        c->style = layer_style(f, i);
        c->low = c->high = NULL;
        n_curves++;
        entries[n_entries++] =
            (struct plot_entry){ layer_style(f, i),
                                 pool_print(&f->memory, "layer %td", i) };
    }
    *panel = (struct plot_panel){ .curves = curves, .n_curves = n_curves };
    b->title = "layer by layer";
    b->panels = panel;
    b->n_panels = 1;
    f->plot.legend = entries;
    f->plot.n_entries = n_entries;
    return pool_check(&f->memory, e);
}

/* ---- the whole --------------------------------------------------------- */

/* What lines and bands are, if they are of several runs. */
static const char *lines_words(struct figure *f)
{
    const struct groups *s = f->s;
    bool is_uneven = figure_is_uneven(s);
    if (s->are_single)
        return "";
    if (!is_uneven && s->g[0].n_counted == 1)
        return "Lines: one run each. ";
    idx least = s->g[0].n_counted, most = least;
    for (idx i = 1; i < s->n; i++) {
        least = idx_min(least, s->g[i].n_counted);
        most = idx_max(most, s->g[i].n_counted);
    }
    const char *n = is_uneven
                        ? pool_print(&f->memory, "n = %td to %td", least, most)
                        : pool_print(&f->memory, "n = %td", least);
    return pool_print(&f->memory, "Lines: means over %s runs%s. ", n ? n : "n",
                      f->o->has_seeds ? "; thin lines: the runs"
                      : has_bands(f)  ? "; bands: \u00b1 sample standard "
                                        "deviation"
                                      : "");
}

/* How many count, where that differs. */
static int number_entries(struct figure *f, struct err *e)
{
    const struct groups *s = f->s;
    struct facets *facets = &f->facets;
    if (s->are_single || !figure_is_uneven(s) || facets->n > 1 ||
        facets->n_entries != s->n)
        return OK;
    for (idx i = 0; i < s->n; i++) {
        struct plot_entry *entry = &facets->entries[facets->curve_of[i]];
        entry->label = pool_print(&f->memory, "%s (n=%td)", entry->label,
                                  s->g[i].n_counted);
    }
    return pool_check(&f->memory, e);
}

static const char *left_words(struct figure *f, idx n)
{
    const char *words =
        pool_print(&f->memory,
                   "%td more column%s no room for a panel: --columns chooses. ",
                   n, n == 1 ? " has" : "s have");
    return words ? words : "";
}

static bool cuts_any(const struct figure *f)
{
    for (idx i = 0; i < f->plot.n_blocks; i++)
        if (plot_cuts(&f->plot, &f->plot.blocks[i]))
            return true;
    return false;
}

static int fill(struct figure *f, struct err *e)
{
    const char *names[COLUMNS_MAX], *shown[COLUMNS_MAX];
    struct plot_block *blocks =
        pool_bytes(&f->memory, (COLUMNS_MAX + 1) * sizeof *blocks);
    if (pool_check(&f->memory, e) ||
        facets_make(&f->facets, &f->memory, f->s, -1, figure_most(f), e) ||
        number_entries(f, e))
        return e->code;
    idx n_left, n_shown = 0, n = choose_columns(names, &n_left, f);
    f->plot = (struct plot){
        .x = { .label = f->o->x, .is_log = f->o->log_x, .is_counted = true },
        .blocks = blocks,
        .across = facets_across(&f->facets),
        .legend = f->facets.entries,
        .n_entries = f->facets.n_entries,
    };
    for (idx i = 0; i < n; i++) {
        struct drawn d;
        if (make_curves(&d, f, names[i], e))
            return e->code;
        if (i > 0 && !d.has_any)
            continue;
        shown[n_shown++] = names[i];
        if (fill_block(&blocks[f->plot.n_blocks++], f, &d, e))
            return e->code;
        if (i > 0 || !has_layer_curves(f))
            continue;
        if (fill_layers(&blocks[f->plot.n_blocks++], f, e))
            return e->code;
    }
    f->plot.caption = figure_caption(
        f, shown, n_shown, "%s%s%s%s", lines_words(f), f->facets.words,
        n_left > 0 ? left_words(f, n_left) : "",
        cuts_any(f) ? "The beginning of curves may lie outside of the picture."
                    : "");
    return pool_check(&f->memory, e);
}

const struct figure_kind figure_curves = {
    .name = "curves",
    .what = "metric and loss over training",
    .reads =
        READS_Y_RANGE | READS_X | READS_LOG_X | READS_LOSS_RANGE | READS_SEEDS,
    .has_text = true,
    .fill = fill,
};

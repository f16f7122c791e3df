#include "report/compare_draw.h"

#include "metric/metric_table.h"
#include "report/plot.h"

#include <stdlib.h>
#include <string.h>

enum {
    BANDS_MAX = 8,  /* groups in a figure whose bands can be told apart */
    NAMED_MAX = 12, /* groups that a legend names */
    LABEL_MAX = GROUP_LABEL_MAX + 32,
};

/* A figure has room to show the weights as they are, and the extra column's,
 * beside a metric of rows scaled to sum 1. */
idx compare_panels(const char *names[PANELS_MAX],
                   const struct compare_options *o)
{
    idx n = 0;
    names[n++] = o->metric;
    for (idx i = 0; o->figure && metric_at(i); i++) {
        const char *name = metric_at(i)->text.name;
        if (metric_at(i)->is_drawn && strcmp(name, o->metric) != 0) {
            BUG_ON(n == PANELS_MAX - 1);
            names[n++] = name;
        }
    }
    if (strcmp(o->loss, o->metric) != 0)
        names[n++] = o->loss;
    return n;
}

/* Shares are shown in percent, from 0 to 100 unless they leave that. */
static struct plot_panel make_panel(char label[LABEL_MAX], const char *name,
                                    const struct plot_curve *curves, idx n)
{
    struct plot_panel panel = { .y_label = label };
    bool is_share = metric_is_share(name), is_within = is_share;
    for (idx c = 0; c < n; c++)
        for (idx i = 0; i < curves[c].n && is_within; i++)
            is_within = !(curves[c].y[i] < 0 || curves[c].y[i] > 1);
    snprintf(label, LABEL_MAX, is_share ? "%s, percent" : "%s", name);
    panel.scale = is_share ? 100 : 1;
    panel.y_max = is_within ? 100 : 0;
    panel.curves = curves;
    panel.n_curves = n;
    return panel;
}

static bool has_any(const struct plot_curve *curves, idx n)
{
    for (idx i = 0; i < n; i++)
        if (curves[i].n > 0)
            return true;
    return false;
}

/* Curves (names,groups) and their labels (groups). */
static void fill_curves(struct plot_curve *curves, char (*labels)[LABEL_MAX],
                        const struct groups *s, const struct band *bands, idx n,
                        bool has_bands)
{
    for (idx i = 0; i < n; i++) {
        const struct group *g = &s->g[i % s->n];
        const struct band *b = &bands[i];
        char *label = labels[i % s->n];
        if (s->are_single)
            snprintf(label, LABEL_MAX, "%s", g->label);
        else
            snprintf(label, LABEL_MAX, "%s (n=%td)", g->label, g->n_counted);
        curves[i] = (struct plot_curve){
            .label = label,
            .x = b->step,
            .y = b->mean,
            .n = b->n,
            .low = has_bands && b->n_runs > 1 ? b->low : NULL,
            .high = has_bands && b->n_runs > 1 ? b->high : NULL,
        };
    }
}

static void write_legend_note(char note[LABEL_MAX], const struct groups *s)
{
    if (s->n > NAMED_MAX)
        snprintf(note, LABEL_MAX,
                 "means of %td groups, coloured in the order of the table; %d "
                 "are named, bands are left out",
                 s->n, NAMED_MAX);
    else if (s->n > BANDS_MAX)
        snprintf(note, LABEL_MAX, "means over n runs; bands are left out");
    else
        snprintf(note, LABEL_MAX,
                 "line: mean over n runs; band: ± sample standard deviation");
}

static int draw(FILE *out, const struct compare_options *o,
                const struct groups *s, const char *const *names, idx n_names,
                const struct plot_curve *curves, struct err *e)
{
    char labels[PANELS_MAX][LABEL_MAX], note[LABEL_MAX];
    struct plot_panel panels[PANELS_MAX];
    struct plot p = { .x_label = "step", .log_x = o->log_x, .panels = panels };
    if (!s->are_single) {
        write_legend_note(note, s);
        p.named_max = NAMED_MAX;
        p.note = note;
    }
    for (idx i = 0; i < n_names; i++)
        if (i == 0 || has_any(curves + i * s->n, s->n))
            panels[p.n_panels++] =
                make_panel(labels[i], names[i], curves + i * s->n, s->n);
    return o->figure ? plot_write(&p, o->figure, e)
                     : plot_text(out, &p, o->width, o->unicode, e);
}

int compare_draw(FILE *out, const struct compare_options *o,
                 const struct groups *s, const char *const *names, idx n_names,
                 const struct band *bands, struct err *e)
{
    idx n = n_names * s->n;
    struct plot_curve *curves = calloc((size_t)n, sizeof *curves);
    char(*labels)[LABEL_MAX] = calloc((size_t)s->n, sizeof *labels);
    int rc = OK;
    if (!curves || !labels) {
        rc = err_set(e, ERR_MEMORY, "not enough memory for a plot");
    } else {
        fill_curves(curves, labels, s, bands, n,
                    o->figure && s->n <= BANDS_MAX);
        rc = draw(out, o, s, names, n_names, curves, e);
    }
    free(curves);
    free(labels);
    return rc;
}

/* compare's plots: a panel for each column, a curve for each run or group. */
#include "report/compare.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_MAX = 256 };

/* A figure has room to show the weights as they are, and the extra column's,
 * beside a metric of rows scaled to sum 1. */
idx compare_panels(const char *names[PANELS_MAX],
                   const struct compare_options *o)
{
    const char *const beside[] = { "first_mass_raw", "bias_mass" };
    idx n = 0;
    names[n++] = o->metric;
    for (idx i = 0; o->figure && i < COUNT_OF(beside); i++)
        if (strcmp(beside[i], o->metric) != 0)
            names[n++] = beside[i];
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

int compare_draw(FILE *out, const struct compare_options *o, struct plot p,
                 const char *const *names, idx n_names,
                 const struct plot_curve *curves, idx n, struct err *e)
{
    char labels[PANELS_MAX][LABEL_MAX];
    struct plot_panel panels[PANELS_MAX];
    p.x_label = "step";
    p.log_x = o->log_x;
    p.panels = panels;
    p.n_panels = 0;
    BUG_ON(n_names > PANELS_MAX);
    for (idx i = 0; i < n_names; i++)
        if (i == 0 || has_any(curves + i * n, n))
            panels[p.n_panels++] =
                make_panel(labels[i], names[i], curves + i * n, n);
    int rc = o->figure ? plot_write(&p, o->figure, e)
             : compare_is_piped(o)
                 ? OK
                 : plot_text(out, &p, o->width, o->unicode, e);
    if (rc == OK && o->figure)
        fprintf(compare_notes(out, o), "figure: %s\n", o->figure);
    return rc;
}

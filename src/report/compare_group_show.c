/* compare's output for groups: the table, what it means, the plot. */
#include "report/compare_group.h"

#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BANDS_MAX = 8,  /* groups in a figure whose bands can be told apart */
    NAMED_MAX = 12, /* groups that a legend names */
    NOTES_MAX = 6,  /* lines about single runs and groups */
    NOTE_MAX = 256,
};

/* ---- what is noted ----------------------------------------------------- */

struct notes {
    FILE *out;
    bool unicode;
    idx n;
};

/* "note: WHO: WHAT", as long as there are few. */
static void add_note(struct notes *n, const char *who, const char *what)
{
    char name[NOTE_MAX], text[ERR_TEXT_MAX];
    if (++n->n > NOTES_MAX)
        return;
    utf8_show(name, sizeof name, who, COMPARE_CELL, n->unicode);
    utf8_show(text, sizeof text, what, ERR_TEXT_MAX, n->unicode);
    fprintf(n->out, "note: %s: %s\n", name, text);
}

static void note_column(struct notes *n, idx *n_logged, const struct group *g,
                        const struct band *b, const char *column)
{
    char text[NOTE_MAX];
    *n_logged += b->is_logged && b->n_runs > 0;
    if (b->n_runs > 0 && b->n_runs < g->n_counted) {
        snprintf(text, sizeof text,
                 "%s is the mean of %td, not %td: the "
                 "others have none",
                 column, b->n_runs, g->n_counted);
        add_note(n, g->label, text);
    }
    if (b->n_runs > 0 && b->n < b->n_any) {
        snprintf(text, sizeof text,
                 "%s was measured at %td steps by all its runs, at %td more "
                 "by some: only the former are shown",
                 column, b->n, b->n_any - b->n);
        add_note(n, g->label, text);
    }
}

struct identity {
    char id[CONFIG_ID_MAX];
    idx i; /* of the group */
};

static int order_identities(const void *a, const void *b)
{
    const struct identity *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order != 0 ? order : (x->i > y->i) - (x->i < y->i);
}

/* Two runs with the same settings compute the same numbers. (Without memory to
 * find them nothing is said.) */
static void note_copies(struct notes *n, const struct group *g)
{
    struct identity *all = calloc((size_t)g->n_counted + 1, sizeof *all);
    idx n_all = 0;
    for (idx i = 0; all && i < g->n_counted; i++)
        if (g->runs[i]->has_config) {
            config_id(all[n_all].id, &g->runs[i]->config);
            all[n_all++].i = i;
        }
    if (all)
        qsort(all, (size_t)n_all, sizeof *all, order_identities);
    for (idx i = 1, first = 0; i < n_all; i++) {
        char text[NOTE_MAX];
        if (strcmp(all[first].id, all[i].id) != 0) {
            first = i;
            continue;
        }
        snprintf(text, sizeof text,
                 "has the settings and seeds of %.100s, so their numbers count "
                 "twice",
                 g->runs[all[first].i]->name);
        add_note(n, g->runs[all[i].i]->name, text);
    }
    free(all);
}

static void note_gone(struct notes *n, const struct group *g,
                      const struct compare_options *o,
                      const struct emergence *m)
{
    char text[NOTE_MAX];
    idx n_measured, n_gone;
    struct summary s = group_emergence(&n_measured, &n_gone, g, o->metric, m);
    if (n_gone == 0)
        return;
    snprintf(text, sizeof text,
             "%td of the %td that emerged: gone again at "
             "the end",
             n_gone, s.n);
    add_note(n, g->label, text);
}

static void print_keys(FILE *out, const char *before,
                       const struct config_key *keys, idx n)
{
    for (idx k = 0; k < n; k++)
        fprintf(out, "%s%s.%s", k > 0 ? ", " : before, keys[k].section->name,
                keys[k].key->name);
    if (n > 0)
        fputc('\n', out);
}

/* How the rows came about: what is averaged, and what is not. */
static void print_rules(FILE *out, const struct compare_options *o,
                        const struct groups *s)
{
    bool is_all_done = true, has_unfinished = false;
    for (idx i = 0; i < s->n; i++) {
        is_all_done = is_all_done && s->g[i].is_done &&
                      s->g[i].n_counted == s->g[i].n_runs;
        has_unfinished =
            has_unfinished || (!s->g[i].is_done && s->g[i].n_counted > 0);
    }
    fprintf(out,
            "mean over n runs, %s sample standard deviation (n - 1), at the "
            "last step that\nall n measured",
            o->unicode ? "±" : "+-");
    if (!is_all_done)
        fputs("; n counts the runs that are done, no others", out);
    if (has_unfinished)
        fputs(";\n(n): none is done, so those under way count as far as all of "
              "them came,\nbut none that diverged or failed",
              out);
    fputc('\n', out);
    compare_emerged(out, o, &s->emergence);
    fputs(s->emergence.is_asked ? ": mean over the runs that have one\n" : "\n",
          out);
    print_keys(out, "groups differ in ", s->keys, s->n_keys);
    print_keys(out, "averaged over ", s->over, s->n_over);
}

/* Between rows: means of numbers measured differently stand side by side. */
static void note_unlike(FILE *out, const char *column, const struct groups *s)
{
    const struct compared *first = NULL;
    const struct measured *x = NULL;
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_counted; k++) {
            const struct compared *r = s->g[i].runs[k];
            struct series of = group_series(&s->g[i], k, column);
            const struct measured *y = of.is_sparse ? &r->logged : &r->analysed;
            if (of.n == 0)
                continue;
            if (!first) {
                first = r;
                x = y;
            }
            if (compare_note_unlike(out, column, first->name, x, r->name, y))
                return;
        }
}

static const struct config *config_behind(const void *runs, idx i)
{
    const struct compared *const *r = runs;
    return r[i]->has_config ? &r[i]->config : NULL;
}

/* --by may name keys in which runs do not differ, so these are found anew. */
static void note_data(FILE *out, const struct groups *s)
{
    struct config_key keys[DIFFERING_MAX];
    idx n_runs = 0;
    for (idx i = 0; i < s->n; i++)
        n_runs += s->g[i].n_runs;
    compare_note_data(out, keys,
                      config_differing(keys, config_behind, s->runs, n_runs));
}

/* What a mean over other held-out sequences might have been. */
static void note_error(FILE *out, const struct groups *s)
{
    double least = INFINITY, most = -INFINITY;
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_counted; k++) {
            double v;
            struct series of = group_series(&s->g[i], k, "val_loss_se");
            if (!series_final(&v, &of) || isnan(v))
                continue;
            least = fmin(least, v);
            most = fmax(most, v);
        }
    if (most >= least)
        fprintf(
            out,
            "val_loss of a run has a standard error of %.4f to %.4f, from its "
            "held-out sequences,\nwhich runs share\n",
            least, most);
}

/* Where the numbers of the metric come from. */
static void note_source(FILE *out, const struct compare_options *o,
                        const struct groups *s, idx n_logged)
{
    char on[MEASURED_TEXT_MAX];
    const struct measured *m = NULL;
    for (idx i = 0; i < s->n && !m; i++)
        if (s->g[i].n_counted > 0)
            m = n_logged ? &s->g[i].runs[0]->logged
                         : &s->g[i].runs[0]->analysed;
    if (!m || s->n_counted == 0)
        return;
    measured_print_of(on, m, o->metric);
    if (n_logged == 0 && m->is_known)
        fprintf(out, "%s is of analysis.csv, in all runs: %s\n", o->metric, on);
    if (n_logged == 0)
        return;
    fprintf(out,
            "note: %s is what training measured (metrics.csv%s%s), for want of "
            "analysis.csv",
            o->metric, m->is_known ? ": " : "", m->is_known ? on : "");
    if (s->n_analysed > 0)
        fprintf(out, " in %td of %td runs", s->n_counted - s->n_analysed,
                s->n_counted);
    fputs(": `sinklab analyze` takes a sweep, too\n", out);
}

static void note_group(struct notes *n, idx *n_logged, const struct group *g,
                       const struct compare_options *o,
                       const struct emergence *m, const struct band *b)
{
    for (idx i = 0; i < g->n_runs; i++)
        if (g->runs[i]->note[0])
            add_note(n, g->runs[i]->name, g->runs[i]->note);
    note_column(n, n_logged, g, b, o->metric);
    note_copies(n, g);
    note_gone(n, g, o, m);
}

static void print_notes(FILE *out, const struct compare_options *o,
                        const struct groups *s, const struct band *metric)
{
    struct notes notes = { out, o->unicode, 0 };
    idx n_logged = 0;
    for (idx i = 0; i < s->n; i++)
        note_group(&notes, &n_logged, &s->g[i], o, &s->emergence, &metric[i]);
    if (notes.n > NOTES_MAX)
        fprintf(out, "note: and %td more like these\n", notes.n - NOTES_MAX);
    if (s->n_waiting > 0)
        fprintf(out, "note: %td more run%s not begun\n", s->n_waiting,
                s->n_waiting == 1 ? " has" : "s have");
    note_error(out, s);
    note_source(out, o, s, n_logged);
    note_unlike(out, o->metric, s);
    if (strcmp(o->loss, o->metric) != 0 && measured_is_loss(o->loss))
        note_unlike(out, o->loss, s);
    note_data(out, s);
    fputc('\n', out);
}

/* ---- what is drawn ----------------------------------------------------- */

static void fill_curves(struct plot_curve *curves, char (*labels)[NOTE_MAX],
                        const struct groups *s, const struct band *bands,
                        bool has_bands)
{
    for (idx i = 0; i < s->n; i++) {
        const struct band *b = &bands[i];
        snprintf(labels[i], NOTE_MAX, "%.200s (n=%td)", s->g[i].label,
                 s->g[i].n_counted);
        curves[i] = (struct plot_curve){
            .label = labels[i],
            .x = b->step,
            .y = b->mean,
            .n = b->n,
            .low = has_bands && b->n_runs > 1 ? b->low : NULL,
            .high = has_bands && b->n_runs > 1 ? b->high : NULL,
        };
    }
}

static void write_legend_note(char note[NOTE_MAX], const struct groups *s)
{
    if (s->n > NAMED_MAX)
        snprintf(note, NOTE_MAX,
                 "means of %td groups, coloured in the order of the table; %d "
                 "are named, bands are left out",
                 s->n, NAMED_MAX);
    else if (s->n > BANDS_MAX)
        snprintf(note, NOTE_MAX, "means over n runs; bands are left out");
    else
        snprintf(note, NOTE_MAX,
                 "line: mean over n runs; band: ± sample standard deviation");
}

/* bands (names,groups) */
static int draw(FILE *out, const struct compare_options *o,
                const struct groups *s, const char *const *names, idx n_names,
                const struct band *bands, struct err *e)
{
    char note[NOTE_MAX];
    struct plot p = { .named_max = NAMED_MAX, .note = note };
    struct plot_curve *curves =
        calloc((size_t)(s->n * n_names), sizeof *curves);
    char(*labels)[NOTE_MAX] = calloc((size_t)s->n, sizeof *labels);
    int rc = OK;
    write_legend_note(note, s);
    if (!curves || !labels)
        rc = err_set(e, ERR_MEMORY, "not enough memory for a plot");
    for (idx i = 0; i < n_names && rc == OK; i++)
        fill_curves(curves + i * s->n, labels, s, bands + i * s->n,
                    o->figure && s->n <= BANDS_MAX);
    if (rc == OK)
        rc = compare_draw(out, o, p, names, n_names, curves, s->n, e);
    free(curves);
    free(labels);
    return rc;
}

/* ---- the whole --------------------------------------------------------- */

static int print_table(FILE *out, const struct compare_options *o,
                       const struct groups *s, struct err *e)
{
    struct grid g = { 0 };
    int rc = groups_grid(&g, o, s, false, e);
    if (rc == OK && !compare_is_piped(o))
        grid_print(out, &g, COMPARE_CELL, o->unicode);
    grid_release(&g);
    return rc;
}

static int print_pairs(FILE *out, const struct compare_options *o,
                       const struct groups *s, struct err *e)
{
    struct grid g = { 0 };
    idx base, n_pairs;
    int rc = groups_pairs_grid(&g, &base, &n_pairs, o, s, e);
    if (rc == OK && g.rows <= 1 && o->baseline)
        fprintf(compare_notes(out, o),
                "note: no differences from %s are shown: they take two pairs "
                "of runs with the same\nseeds, measured alike on the same "
                "data, and %s\n\n",
                s->g[base].label,
                s->n == 1      ? "there is no other group"
                : n_pairs == 1 ? "no group has more than one"
                               : "no group has any");
    if (rc == OK && g.rows > 1 && !compare_is_piped(o)) {
        fprintf(
            out,
            "differences from %s between runs with the same seeds: mean, %s "
            "sample standard\ndeviation, standard error of the mean, and "
            "how many are above and below 0\n",
            s->g[base].label, o->unicode ? "±" : "+-");
        grid_print(out, &g, COMPARE_CELL, o->unicode);
        fputc('\n', out);
    }
    grid_release(&g);
    return rc;
}

static int write_csv(FILE *out, const struct compare_options *o,
                     const struct groups *s, struct err *e)
{
    struct grid g = { 0 };
    int rc = OK;
    if (o->csv)
        rc = groups_grid(&g, o, s, true, e);
    if (rc == OK && o->csv)
        rc = compare_write_csv(out, o->csv, &g, e);
    grid_release(&g);
    if (rc == OK && o->runs_csv)
        rc = groups_runs_grid(&g, o, s, e);
    if (rc == OK && o->runs_csv)
        rc = compare_write_csv(out, o->runs_csv, &g, e);
    grid_release(&g);
    return rc;
}

int groups_show(FILE *out, const struct compare_options *o,
                const struct groups *s, struct err *e)
{
    const char *names[PANELS_MAX];
    idx n_names = compare_panels(names, o), n = n_names * s->n;
    struct band *bands = calloc((size_t)n, sizeof *bands);
    int rc = bands ? OK : err_set(e, ERR_MEMORY, "not enough memory");
    if (rc == OK)
        rc = groups_check(s, o, e);
    for (idx i = 0; i < n && rc == OK; i++)
        rc = band_make(&bands[i], &s->g[i % s->n], names[i / s->n], e);
    if (rc == OK)
        rc = print_table(out, o, s, e);
    if (rc == OK) {
        print_rules(compare_notes(out, o), o, s);
        /* the metric comes first */
        print_notes(compare_notes(out, o), o, s, bands);
        rc = print_pairs(out, o, s, e);
    }
    if (rc == OK)
        rc = write_csv(out, o, s, e);
    if (rc == OK)
        rc = draw(out, o, s, names, n_names, bands, e);
    for (idx i = 0; bands && i < n; i++)
        band_release(&bands[i]);
    free(bands);
    return rc;
}

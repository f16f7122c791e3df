#include "report/compare.h"

#include "base/nearest.h"
#include "base/utf8.h"
#include "io/fsys.h"
#include "io/row_chain.h"
#include "report/compare_group.h"
#include "report/report_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SHOWN_MAX = 256 };

/* ---- what is printed ---- */

bool compare_is_piped(const struct compare_options *o)
{
    return report_is_stdout(o->csv) || report_is_stdout(o->runs_csv);
}

FILE *compare_notes(FILE *out, const struct compare_options *o)
{
    return compare_is_piped(o) ? stderr : out;
}

bool compare_note_unlike(FILE *out, const char *column, const char *a_name,
                         const struct measured *a, const char *b_name,
                         const struct measured *b)
{
    char a_on[MEASURED_TEXT_MAX], b_on[MEASURED_TEXT_MAX];
    bool is_loss = measured_is_loss(column);
    /* no analysis can measure models of two contexts alike */
    bool has_remedy = !is_loss || a->context == b->context;
    if (is_loss ? measured_losses_alike(a, b) : measured_sinks_alike(a, b))
        return false;
    fprintf(
        out, "note: %s was measured differently in %s (%s) and in %s (%s)%s\n",
        column, a_name, measured_print_of(a_on, a, column), b_name,
        measured_print_of(b_on, b, column),
        has_remedy ? ": `sinklab analyze` them alike before you compare them"
                   : "");
    return true;
}

/* What was measured differently stands side by side, which is said. */
static void note_unlike(FILE *out, const char *column,
                        const struct compared *runs, idx n)
{
    const struct compared *first = NULL; /* that has the column */
    for (idx i = 0; i < n; i++) {
        if (compared_series(&runs[i], column).n == 0)
            continue;
        if (!first)
            first = &runs[i];
        if (compare_note_unlike(out, column, first->label,
                                compared_measured(first, column), runs[i].label,
                                compared_measured(&runs[i], column)))
            return;
    }
}

static void print_notes(FILE *out, const struct compare_options *o,
                        const struct emergence *m, const struct compared *runs)
{
    char name[NAME_SHOWN_MAX], note[ERR_TEXT_MAX];
    compare_emerged(out, o, m);
    fputs(m->is_asked ? "; (in brackets): gone again at the end\n" : "\n", out);
    compare_differing(out, runs, o->n_runs);
    for (idx i = 0; i < o->n_runs; i++) {
        if (!runs[i].note[0])
            continue;
        utf8_show(name, sizeof name, runs[i].label, COMPARE_CELL, o->unicode);
        utf8_show(note, sizeof note, runs[i].note, ERR_TEXT_MAX, o->unicode);
        fprintf(out, "note: %s: %s\n", name, note);
    }
    note_unlike(out, o->metric, runs, o->n_runs);
    if (strcmp(o->loss, o->metric) != 0 && measured_is_loss(o->loss))
        note_unlike(out, o->loss, runs, o->n_runs);
    fputc('\n', out);
}

static int print_table(FILE *out, const struct compare_options *o,
                       const struct emergence *m, const struct compared *runs,
                       struct err *e)
{
    struct grid g = { 0 };
    int rc = compare_grid(&g, o, m, runs, false, e);
    if (rc == OK) {
        if (!compare_is_piped(o))
            grid_print(out, &g, COMPARE_CELL, o->unicode);
        print_notes(compare_notes(out, o), o, m, runs);
    }
    grid_release(&g);
    return rc;
}

int compare_write_csv(FILE *out, const char *path, const struct grid *g,
                      struct err *e)
{
    char *text = NULL;
    size_t n = 0;
    if (report_is_stdout(path)) {
        grid_csv(out, g);
        return OK;
    }
    FILE *memory = open_memstream(&text, &n);
    if (!memory)
        return err_set(e, ERR_MEMORY, "%s: not enough memory", path);
    grid_csv(memory, g);
    int rc = fclose(memory) == 0
                 ? fsys_replace(path, text, n, e)
                 : err_set(e, ERR_MEMORY, "%s: not enough memory", path);
    free(text);
    return rc;
}

static int write_csv(FILE *out, const struct compare_options *o,
                     const char *path, const struct emergence *m,
                     const struct compared *runs, struct err *e)
{
    struct grid g = { 0 };
    int rc = path ? compare_grid(&g, o, m, runs, true, e) : OK;
    if (rc == OK && path)
        rc = compare_write_csv(out, path, &g, e);
    grid_release(&g);
    return rc;
}

static int draw(FILE *out, const struct compare_options *o,
                const struct compared *runs, struct err *e)
{
    const char *names[PANELS_MAX];
    idx n = o->n_runs, n_names = compare_panels(names, o);
    struct plot_curve *curves = calloc((size_t)(n * n_names), sizeof *curves);
    if (!curves)
        return err_set(e, ERR_MEMORY, "not enough memory for a plot");
    for (idx i = 0; i < n * n_names; i++) {
        const struct compared *r = &runs[i % n];
        struct series s = compared_series(r, names[i / n]);
        curves[i] = (struct plot_curve){
            .label = r->label,
            .x = s.step,
            .y = s.value,
            .n = s.n,
            .is_sparse = s.is_sparse,
        };
    }
    int rc =
        compare_draw(out, o, (struct plot){ 0 }, names, n_names, curves, n, e);
    free(curves);
    return rc;
}

/* ---- the command ---- */

/* Other columns say when a row was written, and what it hangs on. */
static bool is_measured(const char *column)
{
    static const char *const others[] = { "step", "tokens", TABLE_ORIGIN,
                                          ROW_CHAIN_COLUMN };
    for (idx i = 0; i < COUNT_OF(others); i++)
        if (strcmp(column, others[i]) == 0)
            return false;
    return true;
}

/* A metric that no run has is a slip of the pen; say which there are. Runs of a
 * sweep that has only begun have no columns yet: then their table says so. */
static int check_metric(const struct compare_options *o,
                        const struct compared *runs, idx n, bool may_be_empty,
                        struct err *e)
{
    char names[ERR_TEXT_MAX / 2] = "", hint[NAME_SHOWN_MAX] = "";
    struct nearest near = { .wanted = o->metric };
    const struct compared *known = &runs[0]; /* a run that has columns */
    for (idx i = 0; i < n; i++) {
        const struct compared *r = &runs[i];
        if (is_measured(o->metric) &&
            (compared_series(r, o->metric).n > 0 ||
             table_find(&r->analysis, o->metric) >= 0 ||
             (may_be_empty && table_find(&r->metrics, o->metric) >= 0)))
            return OK;
        if (known->analysis.columns + known->metrics.columns == 0)
            known = r;
    }
    const struct table *t =
        known->analysis.columns > 0 ? &known->analysis : &known->metrics;
    if (t->columns == 0)
        return OK;
    for (idx c = 0; c < t->columns; c++) {
        size_t used = strlen(names);
        if (!is_measured(t->names[c]))
            continue;
        snprintf(names + used, sizeof names - used, "%s%s",
                 used > 0 ? ", " : "", t->names[c]);
        nearest_offer(&near, t->names[c]);
    }
    if (near.name)
        snprintf(hint, sizeof hint, " (did you mean %s?)", near.name);
    return err_set(e, ERR_DATA, "%s: no metric %s%s; there are %s", known->path,
                   o->metric, hint, names);
}

static int show_runs(FILE *out, const struct compare_options *o,
                     struct compared *runs, struct err *e)
{
    int rc = check_metric(o, runs, o->n_runs, false, e);
    if (rc != OK)
        return rc;
    compared_label(runs, o->n_runs);
    const struct measured *on = compared_measured(&runs[0], o->metric);
    struct emergence m =
        compare_emergence(o, on->is_known ? on->tokens : TOKENS_USUAL);
    rc = print_table(out, o, &m, runs, e);
    if (rc == OK)
        rc = write_csv(out, o, o->csv, &m, runs, e);
    if (rc == OK)
        rc = write_csv(out, o, o->runs_csv, &m, runs, e);
    return rc == OK ? draw(out, o, runs, e) : rc;
}

static int show_groups(FILE *out, const struct compare_options *o,
                       const struct compare_set *set, struct err *e)
{
    struct groups s = { 0 };
    int rc = check_metric(o, set->runs, set->n, true, e);
    if (rc == OK)
        rc = groups_make(&s, o, set->runs, set->n, e);
    s.n_waiting = set->n_waiting;
    if (rc == OK)
        rc = groups_show(out, o, &s, e);
    groups_release(&s);
    return rc;
}

int compare_run(FILE *out, const struct compare_options *o, struct err *e)
{
    struct compare_set set = { 0 };
    struct compare_options kept = *o; /* n_runs: those that fit --where */
    const char *const reports[] = { o->figure, o->csv, o->runs_csv };
    int rc = compare_check_threshold(o, e);
    if (rc == OK)
        rc = report_files_check(reports, COUNT_OF(reports), e);
    if (rc == OK && o->figure)
        rc = plot_file_check(o->figure, e);
    if (rc == OK)
        rc = compare_gather(&set, o, e);
    kept.n_runs = set.n;
    if (rc == OK)
        rc = set.is_grouped ? show_groups(out, o, &set, e)
                            : show_runs(out, &kept, set.runs, e);
    compare_set_release(&set);
    return rc;
}

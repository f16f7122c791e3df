#include "report/compare.h"

#include "analysis/analysis.h"
#include "base/nearest.h"
#include "metric/metric_table.h"
#include "report/alike.h"
#include "report/claims.h"
#include "report/compare_differences.h"
#include "report/compare_gather.h"
#include "report/compare_notes.h"
#include "report/compare_print.h"
#include "report/figure.h"
#include "report/html_page.h"
#include "report/report_file.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_SHOWN_MAX = 256 };

/* ---- what is printed --------------------------------------------------- */

/* Without gnuplot there is no plot in text, but a table all the same. */
static int draw(FILE *out, const struct compare_rows *t, struct err *e)
{
    struct err own = { 0 };
    const char *output = t->o->output;
    bool is_piped = compare_is_piped(t->o);
    if (!output && is_piped)
        return OK;
    int rc = figure_draw(out, is_piped ? stderr : out, t, &own);
    if (rc == OK && output)
        fprintf(is_piped ? stderr : out, "figure: %s\n", output);
    if (rc == ERR_TOOL && !output) {
        fprintf(out, "note: no plot: %s\n", own.text);
        return OK;
    }
    return err_pass(e, &own);
}

/* What stands below the tables. */
struct notes {
    char *text;     /* owned */
    size_t n_first; /* bytes of it that are of the first; the others of the
                       table of differences */
};

static int write_notes(struct notes *notes, const struct compare_rows *t,
                       const struct band *metric, struct err *e)
{
    size_t n = 0;
    FILE *memory = open_memstream(&notes->text, &n);
    if (!memory)
        return err_memory(e, NULL);
    int rc = compare_notes(memory, t, metric, e);
    bool failed = fflush(memory) != 0;
    notes->n_first = n;
    differences_notes(memory, t);
    failed = fclose(memory) != 0 || failed;
    return rc == OK && failed ? err_memory(e, NULL) : rc;
}

static int make_notes(struct notes *notes, const struct compare_rows *t,
                      struct err *e)
{
    struct band *metric = calloc((size_t)t->n, sizeof *metric);
    int rc = metric ? OK : err_memory(e, NULL);
    for (idx i = 0; i < t->n && rc == OK; i++)
        rc = band_make(&metric[i], &t->groups->g[i], t->o->metric, e);
    if (rc == OK)
        rc = write_notes(notes, t, metric, e);
    for (idx i = 0; metric && i < t->n; i++)
        band_release(&metric[i]);
    free(metric);
    return rc;
}

static int show_tables(FILE *out, const struct compare_rows *t,
                       const struct notes *notes, struct err *e)
{
    bool is_piped = compare_is_piped(t->o), has_differences = false;
    FILE *below = is_piped ? stderr : out;
    const char *second = notes->text + notes->n_first;
    if (!is_piped && compare_print_table(out, t, e))
        return e->code;
    fwrite(notes->text, 1, notes->n_first, below);
    if (!is_piped && compare_print_differences(&has_differences, out, t, e))
        return e->code;
    fputs(second, below);
    if (*second || has_differences)
        fputc('\n', below);
    return compare_write_tables(out, t, notes->text, notes->n_first, e);
}

/* The page of --report, whose notes are those below the table. */
static int write_page(char path[RUN_PATH_MAX], const struct compare_rows *t,
                      const struct notes *notes, struct err *e)
{
    char *claims = NULL;
    size_t n = 0;
    *path = '\0';
    if (!t->o->report)
        return OK;
    FILE *memory = open_memstream(&claims, &n);
    if (memory)
        claims_add(memory, t->o);
    if (!memory || fclose(memory)) {
        free(claims);
        return err_memory(e, NULL);
    }
    const struct page_texts texts = { notes->text, claims };
    int rc = html_page_write(path, t->o->report, t, &texts, e);
    free(claims);
    return rc;
}

static int show(FILE *out, const struct compare_rows *t, struct err *e)
{
    char page[RUN_PATH_MAX];
    struct notes notes = { 0 };
    int rc = make_notes(&notes, t, e);
    if (rc == OK)
        rc = show_tables(out, t, &notes, e);
    if (rc == OK)
        rc = write_page(page, t, &notes, e);
    free(notes.text);
    if (rc != OK)
        return rc;
    rc = draw(out, t, e);
    if (*page) /* it is there, whatever became of the figure */
        fprintf(compare_is_piped(t->o) ? stderr : out, "report: %s\n", page);
    return rc;
}

/* ---- the command ------------------------------------------------------- */

/* A column that there is, and that these runs have not. */
static int say_not_there(const char *path, const char *column,
                         const struct column_facts *facts, const char *hint,
                         const char *names, const struct compare_options *o,
                         const struct compare_set *set, struct err *e)
{
    char words[ADVICE_MAX];
    if (facts->is_of_layer)
        return err_set(
            e, ERR_DATA,
            "%s: no metric %s: no run has layer %td (they count from 0), or "
            "none has its metric measured by `sinklab analyze`",
            path, column, facts->layer);
    if (!facts->metric)
        return err_set(e, ERR_DATA,
                       "%s: no metric %s%s; %s (it is of training alone, "
                       "whose config or metrics.names asks for it)",
                       path, column, hint, names);
    if (set->runs[0].is_of_tables)
        return err_set(e, ERR_DATA,
                       "%s: no metric %s in the tables that are left of it; %s",
                       path, column, names);
    const struct run_data **runs = calloc((size_t)set->n, sizeof *runs);
    if (!runs)
        return err_memory(e, NULL);
    for (idx i = 0; i < set->n; i++)
        runs[i] = &set->runs[i];
    const struct advice missing = {
        .column = column,
        .runs = runs,
        .n = set->n,
        .o = o,
        .has_others = set->n_unwanted + set->n_copies > 0,
    };
    err_set(e, ERR_DATA, "%s: no metric %s: %s measures it; %s", path, column,
            advice(words, &missing), names);
    free(runs);
    return e->code;
}

/* What is there that may stand in its place: "there are loss, val_loss". */
static void list_columns(struct text *names, struct nearest *near,
                         const struct table *t, const char *metric,
                         const struct compare_options *o)
{
    const char *lacks;
    bool is_drawn = strcmp(metric, figure_column(o)) == 0;
    for (idx c = 0; c < t->columns; c++) {
        const char *column = t->names[c];
        if (!run_data_is_measured(column) ||
            (is_drawn && !figure_takes(&lacks, o, column)))
            continue;
        text_add(names, "%s%s", names->n > 0 ? ", " : "there are ", column);
        nearest_offer(near, column);
    }
    if (names->n == 0 && is_drawn && !figure_takes(&lacks, o, "") && *lacks)
        text_add(names, "what is there %s", lacks);
}

/* A metric (or --loss) that no run has is a slip of the pen if there is none of
 * that name, else was not measured; say which there are. Runs of a sweep
 * that has only begun have no columns yet: then their table says so. */
static int check_metric(const char *metric, const struct compare_options *o,
                        const struct compare_set *set, bool may_be_empty,
                        struct err *e)
{
    char names[ERR_TEXT_MAX / 2] = "", hint[NAME_SHOWN_MAX] = "";
    struct text list = { names, sizeof names, 0 };
    struct nearest near = { .wanted = metric };
    struct column_facts facts;
    const struct run_data *runs = set->runs;
    const struct run_data *known = &runs[0]; /* a run that has columns */
    for (idx i = 0; i < set->n; i++) {
        const struct run_data *r = &runs[i];
        if (run_data_is_measured(metric) &&
            (run_data_series(r, metric).n > 0 ||
             table_find(&r->analysis, metric) >= 0 ||
             (may_be_empty && table_find(&r->metrics, metric) >= 0)))
            return OK;
        if (known->analysis.columns + known->metrics.columns == 0)
            known = r;
    }
    const struct table *t =
        known->analysis.columns > 0 ? &known->analysis : &known->metrics;
    if (t->columns == 0)
        return OK;
    list_columns(&list, &near, t, metric, o);
    if (near.name)
        snprintf(hint, sizeof hint, " (did you mean %s?)", near.name);
    if (column_find(&facts, metric) && run_data_is_measured(metric))
        return say_not_there(known->path, metric, &facts, hint, names, o, set,
                             e);
    for (idx i = 0; metric_at(i); i++)
        nearest_offer(&near, metric_at(i)->text.name);
    if (near.name)
        snprintf(hint, sizeof hint, " (did you mean %s?)", near.name);
    return err_set(e, ERR_USAGE,
                   "compare: no metric %s%s; %s (`sinklab list metric` has all "
                   "that can be measured)",
                   metric, hint, names);
}

static int show_set(FILE *out, const struct compare_options *o,
                    const struct compare_set *set, struct err *e)
{
    struct groups s = { 0 };
    struct compare_rows t = { 0 };
    int rc = check_metric(o->metric, o, set, set->is_grouped, e);
    if (rc == OK && o->drawn)
        rc = check_metric(o->drawn, o, set, set->is_grouped, e);
    if (rc == OK && strcmp(o->loss, COMPARE_LOSS) != 0)
        rc = check_metric(o->loss, o, set, true, e);
    if (rc == OK)
        rc = groups_make(&s, o, set->runs, set->n, !set->is_grouped, e);
    s.n_waiting = set->n_waiting;
    s.n_copies = set->n_copies;
    s.n_unwanted = set->n_unwanted;
    if (rc == OK)
        rc = alike_check(&s, o, e);
    if (rc == OK)
        rc = rows_make(&t, o, &s, e);
    if (rc == OK)
        rc = show(out, &t, e);
    rows_release(&t);
    groups_release(&s);
    return rc;
}

int compare_run(FILE *out, const struct compare_options *o, struct err *e)
{
    struct compare_set set = { 0 };
    const char *const reports[] = { o->output, o->csv,      o->runs_csv,
                                    o->json,   o->markdown, o->latex };
    int rc = emergence_check(o, e);
    if (rc == OK && o->analysis)
        rc = run_analysis_check(o->analysis, "compare: --analysis", e);
    if (rc == OK)
        rc = report_files_check(reports, COUNT_OF(reports), e);
    if (rc == OK)
        rc = figure_check(o, e);
    if (rc == OK && o->report)
        rc = html_page_check(o->report, page_charts, reports, COUNT_OF(reports),
                             e);
    if (rc == OK)
        rc = compare_gather(&set, o, e);
    for (idx i = 0; rc == OK && i < COUNT_OF(reports); i++)
        rc = report_place_check(reports[i], i == 0 ? o->report : NULL, e);
    if (rc == OK)
        rc = show_set(out, o, &set, e);
    if (rc == OK) /* the others are shown; who asked for it shall know */
        rc = err_pass(e, &set.damaged);
    compare_set_release(&set);
    return rc;
}

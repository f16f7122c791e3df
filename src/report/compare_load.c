/* compare's reading of run folders. */
#include "report/compare.h"

#include "analysis/analysis.h"
#include "base/shell.h"
#include "base/text.h"
#include "io/arrays.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ANALYSIS[] = "analysis.csv";

/* A table that may be missing: then it stays empty. */
static int read_optional(struct table *t, const char *dir, const char *name,
                         struct err *e)
{
    char path[RUN_PATH_MAX];
    bool is_analysis = strcmp(name, ANALYSIS) == 0, is_there;
    run_path(path, dir, name);
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK || !is_there)
        return rc;
    if ((is_analysis ? analysis_read_csv(t, dir, e)
                     : run_metrics_read(t, dir, e)) != OK)
        return e->code;
    if (table_find(t, "step") >= 0)
        return OK;
    table_release(t);
    return err_set(e, ERR_DATA, "%s:1: no column named step", path);
}

/* Only the first line of text: a note is one line. */
static void add_note(struct compared *r, const char *before, const char *text)
{
    size_t used = strlen(r->note);
    snprintf(r->note + used, sizeof r->note - used, "%s%s%.*s",
             used > 0 ? "; " : "", before, (int)strcspn(text, "\n"), text);
}

/* Did the system refuse to show what is there? Then a comparison would lack
 * it by chance, and is none; what is damaged is told in a note. */
static bool is_refused(int rc)
{
    return rc == ERR_IO || rc == ERR_MEMORY;
}

/* As run_status_read; OK where there is none. */
static int read_status(struct run_status *status, bool *is_known,
                       const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct err own = { 0 };
    *is_known = false;
    run_path(path, dir, "status");
    int rc = fsys_exists(is_known, path, e);
    if (rc != OK || !*is_known)
        return rc;
    rc = run_status_read(status, dir, &own);
    *is_known = rc == OK;
    return is_refused(rc) ? err_set(e, rc, "%s", own.text) : OK;
}

static int read_config(struct compared *r, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct err own = { 0 };
    bool is_there;
    run_path(path, r->path, "config.ini");
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK)
        return rc;
    rc = run_config_load(&r->config, r->path, &own);
    r->has_config = rc == OK;
    if (!r->has_config)
        add_note(r, "settings unknown: ", own.text);
    return is_there && is_refused(rc) ? err_set(e, rc, "%s", own.text) : OK;
}

static int check_folder(const char *path, struct err *e)
{
    struct stat st;
    if (strlen(path) >= RUN_DIR_MAX)
        return err_set(e, ERR_USAGE, "%.60s...: path longer than %d bytes",
                       path, RUN_DIR_MAX - 1);
    if (stat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? err_set(e, ERR_DATA, "%s: no run folder: %s", path,
                             strerror(errno))
                   : err_system(e, path, "look at it");
    if (!S_ISDIR(st.st_mode))
        return err_set(e, ERR_DATA,
                       "%s: not a folder, want the folder of a run", path);
    return OK;
}

/* The last part of the path, unless that is no name of its own. */
static void name_run(struct compared *r)
{
    size_t end = strlen(r->path), start;
    while (end > 0 && r->path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && r->path[start - 1] != '/';)
        start--;
    snprintf(r->name, sizeof r->name, "%.*s", (int)(end - start),
             r->path + start);
    if (strcmp(r->name, ".") == 0 || strcmp(r->name, "..") == 0)
        r->name[0] = '\0';
}

/* The steps of a table, as a series of themselves. */
static struct series table_steps(const struct table *t)
{
    const double *step = table_column(t, table_find(t, "step"));
    return (struct series){ step, step, table_given(t, table_find(t, "step")),
                            step ? t->rows : 0, false };
}

/* Where the numbers are older than the run. */
static void note_age(struct compared *r)
{
    char text[ERR_TEXT_MAX];
    double analysed, logged;
    struct series s = table_steps(&r->analysis);
    struct series all = table_steps(&r->metrics);
    if (series_final(&analysed, &s) && series_final(&logged, &all) &&
        logged > analysed) {
        snprintf(text, sizeof text,
                 "analysed up to step %.0f, trained up to %.0f or more: "
                 "`sinklab analyze` brings the analysis up to date",
                 analysed, logged);
        add_note(r, "", text);
    }
}

/* What the numbers were measured on, as far as the files say. */
static int read_measured(struct compared *r, struct err *e)
{
    char path[RUN_PATH_MAX], *text = NULL;
    struct config analysed;
    struct err own = { 0 };
    int rc = OK;
    if (r->has_config)
        r->logged = measured_by(&r->config, false);
    if (r->analysis.columns == 0)
        return OK;
    run_path(path, r->path, "analysis.h5");
    if (r->analysis.origin[0])
        rc = note_load(&text, path, "config", &own);
    if (rc == OK && text)
        rc = config_load_text(&analysed, text, path, &own);
    if (rc == OK && text)
        r->analysed = measured_by(&analysed, true);
    if (own.code)
        add_note(r, "", own.text);
    free(text);
    return is_refused(rc) ? err_set(e, rc, "%s", own.text) : OK;
}

const struct measured *compared_measured(const struct compared *r,
                                         const char *column)
{
    return compared_analysed(r, column).n > 0 ? &r->analysed : &r->logged;
}

/* Of a run that still has the other table, and is compared by that. */
static void note_left_out(struct compared *r, const char *left,
                          const char *used, const char *why)
{
    char text[ERR_TEXT_MAX];
    snprintf(text, sizeof text, "its %s is left out, its %s is used: ", left,
             used);
    add_note(r, text, why);
}

/* Where they are not from analysis.csv. */
static void note_source(struct compared *r, const char *metric)
{
    char text[ERR_TEXT_MAX];
    if (r->analysis.columns > 0)
        return;
    snprintf(text, sizeof text,
             "no analysis.csv, so %s is what training measured "
             "(metrics.csv)",
             metric);
    add_note(r, "", text);
}

static int say_unmeasured(const char *path, const char *metric, struct err *e)
{
    char words[RUN_PATH_MAX * 4] = "";
    struct text command = { words, sizeof words, 0 };
    text_add(&command, "sinklab analyze ");
    shell_add(&command, path);
    return err_set(e, ERR_DATA,
                   "%s: no analysis.csv, and no %s in metrics.csv: run `%s` "
                   "first",
                   path, metric, words);
}

int compared_load(struct compared *r, const char *path, const char *metric,
                  struct err *e)
{
    struct run_status status;
    struct err own = { 0 };
    bool has_status;
    *r = (struct compared){ .path = path, .label = path, .status = "-" };
    int rc = check_folder(path, e);
    if (rc != OK)
        return rc;
    name_run(r);
    rc = read_status(&status, &has_status, path, e);
    if (rc != OK)
        return rc;
    if (has_status)
        r->status = run_state_name(status.state);
    rc = read_optional(&r->analysis, path, ANALYSIS, e);
    if (rc != OK)
        return rc;
    rc = read_optional(&r->metrics, path, "metrics.csv", &own);
    if (rc != OK && (r->analysis.columns == 0 || is_refused(rc)))
        return err_set(e, rc, "%s", own.text);
    if (r->analysis.columns == 0 && compared_series(r, metric).n == 0)
        return say_unmeasured(path, metric, e);
    note_source(r, metric);
    note_age(r);
    if (rc != OK)
        note_left_out(r, "metrics.csv", ANALYSIS, own.text);
    rc = read_config(r, e);
    return rc == OK ? read_measured(r, e) : rc;
}

void compared_load_member(struct compared *r, const char *path)
{
    static const char *const names[] = { ANALYSIS, "metrics.csv" };
    struct err left[COUNT_OF(names)] = { 0 };
    double step;
    struct err own = { 0 };
    *r = (struct compared){ .path = path, .label = path };
    struct table *tables[] = { &r->analysis, &r->metrics };
    name_run(r);
    r->status = run_standing(&step, path, &own);
    if (own.code)
        add_note(r, "", own.text);
    own.code = OK;
    for (idx i = 0; i < COUNT_OF(tables); i++)
        read_optional(tables[i], path, names[i], &left[i]);
    for (idx i = 0; i < COUNT_OF(tables); i++)
        if (left[i].code && tables[1 - i]->columns > 0)
            note_left_out(r, names[i], names[1 - i], left[i].text);
        else if (left[i].code)
            add_note(r, "left out: ", left[i].text);
    note_age(r);
    read_config(r, NULL); /* notes say so */
    read_measured(r, NULL);
}

void compared_release(struct compared *r)
{
    table_release(&r->analysis);
    table_release(&r->metrics);
    *r = (struct compared){ 0 };
}

void compared_label(struct compared *runs, idx n)
{
    bool is_clear = true;
    for (idx i = 0; i < n && is_clear; i++)
        for (idx k = 0; k < i && is_clear; k++)
            is_clear = strcmp(runs[i].name, runs[k].name) != 0 ||
                       strcmp(runs[i].path, runs[k].path) == 0;
    for (idx i = 0; i < n; i++)
        runs[i].label =
            is_clear && runs[i].name[0] ? runs[i].name : runs[i].path;
}

static struct series series_in(const struct table *t, const char *name,
                               bool is_sparse)
{
    idx column = table_find(t, name);
    if (!table_is_given(t, column))
        return (struct series){ 0 };
    return (struct series){ table_column(t, table_find(t, "step")),
                            table_column(t, column), table_given(t, column),
                            t->rows, is_sparse };
}

struct series compared_analysed(const struct compared *r, const char *name)
{
    return series_in(&r->analysis, name, false);
}

struct series compared_logged(const struct compared *r, const char *name)
{
    return series_in(&r->metrics, name, true);
}

struct series compared_series(const struct compared *r, const char *name)
{
    struct series s = compared_analysed(r, name);
    return s.n > 0 ? s : compared_logged(r, name);
}

/* The last row before `end` that was measured; -1: none. */
static idx last_measured(const struct series *s, idx end)
{
    while (end > 0 && !s->given[end - 1])
        end--;
    return end - 1;
}

bool series_final(double *value, const struct series *s)
{
    idx last = last_measured(s, s->n);
    *value = last >= 0 ? s->value[last] : NAN;
    return last >= 0;
}

bool series_at_common(double *a, double *b, const struct series *x,
                      const struct series *y)
{
    idx i = last_measured(x, x->n), k = last_measured(y, y->n);
    while (i >= 0 && k >= 0 && x->step[i] != y->step[k])
        if (x->step[i] > y->step[k])
            i = last_measured(x, i);
        else
            k = last_measured(y, k);
    if (i < 0 || k < 0)
        return false;
    *a = x->value[i];
    *b = y->value[k];
    return true;
}

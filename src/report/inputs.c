#include "report/inputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/analysis.h"
#include "analysis/analyze.h"
#include "analysis/run_model.h"
#include "data/corpus_kind.h"
#include "io/fsys.h"
#include "io/grid_markup.h"
#include "report/cells.h"
#include "report/inputs_table.h"
#include "report/report_file.h"
#include "run/run_list.h"

enum { METRICS_MAX = 16 };

struct inputs {
    const struct inputs_options *o;
    FILE *told; /* how measuring goes on */
    char names[METRICS_MAX][COLUMN_NAME_MAX];
    const char *metrics[METRICS_MAX]; /* (n_metrics) names */
    idx n_metrics;
    struct run_list *lists; /* (o->n_folders) own the paths */
    struct input_row *rows; /* (n) */
    idx n, n_unfinished;
    struct err failed; /* of some runs: the others go on */
};

/* ---- what is shown ------------------------------------------------------- */

static int take_metric(struct inputs *x, const char *name, size_t n,
                       struct err *e)
{
    struct column_facts f;
    if (x->n_metrics == METRICS_MAX)
        return err_set(e, ERR_USAGE,
                       "inputs: --columns: more than %d: name fewer",
                       METRICS_MAX);
    char *own = x->names[x->n_metrics];
    snprintf(own, COLUMN_NAME_MAX, "%.*s", (int)n, name);
    if (n >= COLUMN_NAME_MAX || !column_find(&f, own) || !f.metric)
        return err_set(e, ERR_USAGE,
                       "inputs: --columns: no metric is called '%.40s': "
                       "`sinklab list metric` has all",
                       own);
    x->metrics[x->n_metrics++] = own;
    return OK;
}

static int take_metrics(struct inputs *x, struct err *e)
{
    const char *at = x->o->columns;
    for (;;) {
        size_t n = strcspn(at, ",");
        if (take_metric(x, at, n, e) || !at[n])
            return e->code;
        at += n + 1;
    }
}

/* ---- which runs ---------------------------------------------------------- */

/* Of random tokens the run's own data, and how frequent tokens are there, say
 * nothing that random ones do not. */
static bool is_text(const struct config *c)
{
    return strcmp(corpus_name(c->data.source), "random") != 0;
}

/* Is it there already, as a sweep's and by itself, by whatever path? */
static bool has_folder(const struct inputs *x, const struct input_row *r)
{
    for (idx i = 0; i < x->n; i++)
        if (x->rows[i].device == r->device && x->rows[i].inode == r->inode)
            return true;
    return false;
}

/* What it can be measured on; what is wrong with a run is told before any is
 * measured. */
static int take_run(struct inputs *x, const char *path, bool is_named,
                    struct err *e)
{
    struct input_row *r = &x->rows[x->n];
    struct config c;
    struct step_list steps = { 0 };
    struct stat st = { 0 }; /* if it is gone, run_look says so */
    stat(path, &st);
    *r = (struct input_row){ .path = path,
                             .device = st.st_dev,
                             .inode = st.st_ino };
    if (has_folder(x, r))
        return OK;
    enum run_state state = run_look(NULL, path, e);
    if (!e->code && !is_named && state != RUN_DONE && state != RUN_STOPPED) {
        x->n_unfinished++;
        return OK;
    }
    if (!e->code && analyze_config(&c, &steps, path, x->o->settings,
                                   x->o->n_settings, 0, e) == OK) {
        run_model_tell(x->told, &c, path);
        r->is_bare = !c.data.bos;
        r->is_text = is_text(&c);
        for (idx i = 0; i < MEASURED_INPUTS; i++) {
            const struct measured_input *m = &measured_inputs[i];
            bool is_of_data = m->kind == INPUT_DATA || m->kind == INPUT_UNIGRAM;
            r->has[i] =
                (!is_of_data || r->is_text) && (m->no_bos || !r->is_bare);
        }
        x->n++;
    }
    step_list_release(&steps);
    return e->code;
}

static int gather(struct inputs *x, struct err *e)
{
    const struct inputs_options *o = x->o;
    idx n = 0;
    x->lists = calloc((size_t)o->n_folders, sizeof *x->lists);
    if (!x->lists)
        return err_memory(e, NULL);
    for (idx i = 0; i < o->n_folders; i++) {
        if (run_list_given(&x->lists[i], o->folders[i], e))
            return e->code;
        n += x->lists[i].n;
    }
    x->rows = calloc((size_t)n, sizeof *x->rows);
    if (!x->rows)
        return err_memory(e, NULL);
    for (idx i = 0; i < o->n_folders; i++) {
        bool is_run;
        if (run_holds_run(&is_run, o->folders[i], e))
            return e->code;
        for (idx k = 0; k < x->lists[i].n; k++)
            if (take_run(x, x->lists[i].paths[k], is_run, e))
                return e->code;
    }
    return x->n > 0 ? OK
                    : err_set(e, ERR_DATA,
                              "inputs: none of the %td runs is done", n);
}

/* ---- measuring ----------------------------------------------------------- */

/* A run whose folder went away meanwhile is told in the end; the others go on.
 */
static void drop_gone(struct inputs *x)
{
    idx n = 0;
    for (idx i = 0; i < x->n; i++) {
        const char *path = x->rows[i].path;
        bool is_folder = false;
        if (fsys_is_folder(&is_folder, path, ERR_IGNORED) == OK && is_folder)
            x->rows[n++] = x->rows[i];
        else
            err_set(&x->failed, ERR_RUNS, "%s: is not there any more", path);
    }
    x->n = n;
}

/* Is there an analysis of all checkpoints, which one of the last would take the
 * place of and say no more? */
static bool has_all(const struct inputs_options *o,
                    const struct analyze_options *a, const char *path)
{
    char made_from[HASH_HEX_MAX];
    struct config c;
    struct step_list steps = { 0 };
    bool is_it =
        o->last > 0 && !o->is_again &&
        analyze_config(&c, &steps, path, a->overrides, a->n_overrides, 0,
                       ERR_IGNORED) == OK &&
        analysis_made_from(made_from, path, &c, &steps, ERR_IGNORED) == OK &&
        analysis_is_current(path, a->name, made_from);
    step_list_release(&steps);
    return is_it;
}

/* Of the loss each analysis has but one sequence: it is no column here. */
static int measure(struct inputs *x, idx input, struct err *e)
{
    const struct inputs_options *o = x->o;
    const struct measured_input *m = &measured_inputs[input];
    struct analyze_options a = { .name = m->name,
                                 .last = o->last,
                                 .is_again = o->is_again,
                                 .jobs = o->jobs,
                                 .apart = x->told };
    char kind[32];
    idx n = 0, n_settings = 0;
    const char **paths = calloc((size_t)x->n, sizeof *paths);
    const char **settings = calloc((size_t)o->n_settings + 4, sizeof *settings);
    struct err own = { 0 };
    if (!paths || !settings) {
        err_memory(&own, NULL);
        goto out;
    }
    snprintf(kind, sizeof kind, "sink.input=%s", input_name(m->kind));
    settings[n_settings++] = "sink.val_tokens=1";
    for (idx i = 0; i < o->n_settings; i++)
        settings[n_settings++] = o->settings[i];
    settings[n_settings++] = kind;
    settings[n_settings++] = m->no_bos ? "sink.bos=no" : "sink.bos=data";
    a.overrides = settings;
    a.n_overrides = n_settings;
    for (idx i = 0; i < x->n; i++)
        if (x->rows[i].has[input] && !has_all(o, &a, x->rows[i].path))
            paths[n++] = x->rows[i].path;
    a.folders = paths;
    a.n_folders = n;
    if (n > 0) {
        fprintf(x->told, "%s: ", m->name);
        analyze_folders(&a, &own);
    }
out:
    free(settings);
    free(paths);
    if (own.code != ERR_RUNS)
        return err_pass(e, &own);
    x->failed = own;
    return OK;
}

/* By their names, where those tell them apart. */
static int label_rows(struct inputs *x, struct err *e)
{
    BUG_ON(x->n < 1);
    struct run_data *all = calloc((size_t)x->n, sizeof *all);
    if (!all)
        return err_memory(e, NULL);
    for (idx i = 0; i < x->n; i++)
        all[i] = x->rows[i].of[MEASURED_INPUTS - 1]; /* which each has */
    run_data_name_apart(all, x->n);
    for (idx i = 0; i < x->n; i++) {
        struct run_data *own = &x->rows[i].of[MEASURED_INPUTS - 1];
        own->has_namesake = all[i].has_namesake;
        x->rows[i].label = run_data_label(own);
    }
    free(all);
    return OK;
}

/* What was just measured; what could not be has no number. */
static int read_all(struct inputs *x, struct err *e)
{
    for (idx i = 0; i < x->n; i++)
        for (idx k = 0; k < MEASURED_INPUTS; k++) {
            struct input_row *r = &x->rows[i];
            struct run_data *d = &r->of[k];
            if (!r->has[k])
                continue;
            run_data_read(d, r->path, measured_inputs[k].name);
            if (run_data_refused(d, e))
                return e->code;
        }
    return label_rows(x, e);
}

/* ---- telling ------------------------------------------------------------- */

static bool is_measured(const struct inputs *x, const char *metric)
{
    for (idx i = 0; i < x->n; i++)
        for (idx k = 0; k < MEASURED_INPUTS; k++)
            if (x->rows[i].has[k] &&
                run_data_analysed(&x->rows[i].of[k], metric).n > 0)
                return true;
    return false;
}

/* On how much this metric was measured, whatever the input: of the first that
 * says so into text; those that were measured otherwise are told. */
static bool find_measured(char text[MEASURED_TEXT_MAX], FILE *out,
                          const struct inputs *x, const char *metric)
{
    char differing[MEASURED_TEXT_MAX];
    struct measured first = { .is_known = false };
    int parts = measured_parts(metric);
    for (idx i = 0; i < x->n; i++)
        for (idx k = 0; k < MEASURED_INPUTS; k++) {
            struct measured m = x->rows[i].of[k].analysed;
            m.input = INPUT_DATA;
            m.no_bos = false;
            if (!x->rows[i].has[k] || !m.is_known)
                continue;
            if (!first.is_known)
                first = m;
            else if (!measured_alike(&first, &m, parts))
                fprintf(out, "note: %s of %s, %s, measured otherwise: %s\n",
                        metric, x->rows[i].label, measured_inputs[k].name,
                        measured_differing(differing, &first, &m, parts));
        }
    if (first.is_known)
        measured_print_of(text, &first, metric);
    return first.is_known;
}

/* A line for all metrics, but for those that are of something else. */
static void say_measured(FILE *out, const struct inputs *x)
{
    char text[MEASURED_TEXT_MAX], said[MEASURED_TEXT_MAX] = "";
    for (idx m = 0; m < x->n_metrics; m++)
        if (is_measured(x, x->metrics[m]) &&
            find_measured(text, out, x, x->metrics[m]) &&
            strcmp(text, said) != 0) {
            fprintf(out, "%s%s%s\n", m ? x->metrics[m] : "", m ? ": " : "",
                    text);
            if (!m)
                strcpy(said, text);
        }
}

static void say_missing(FILE *out, const struct inputs *x)
{
    /* Where a run failed, that is why, and it is told behind this */
    for (idx m = 0; m < x->n_metrics && !x->failed.code; m++)
        if (!is_measured(x, x->metrics[m]))
            fprintf(out,
                    "note: %s was not measured: metrics.names=default,%s asks "
                    "for it, if the runs have it\n",
                    x->metrics[m], x->metrics[m]);
    for (idx i = 0; i < x->n; i++) {
        const struct input_row *r = &x->rows[i];
        if (!r->is_text)
            fprintf(out,
                    "note: %s: its data are random tokens: for text import it "
                    "with data.source=tokens data.path=SHARDS data.vocab=V "
                    "(docs/MODELS.md)\n",
                    r->path);
        if (r->is_bare)
            fprintf(out, "note: %s: it has no BOS (data.bos = no)\n", r->path);
    }
    if (x->n_unfinished > 0)
        fprintf(out, "note: %td runs are not finished and left out\n",
                x->n_unfinished);
}

static const char *unit_of(const char *metric)
{
    struct column_facts f;
    return column_find(&f, metric) && f.is_share ? ", %" : "";
}

/* A table for each metric, as text or Markdown. */
static int print_tables(FILE *out, struct inputs *x, bool is_markdown,
                        struct err *e)
{
    for (idx m = 0; m < x->n_metrics && !e->code; m++) {
        struct grid g = { 0 };
        const char *metric = x->metrics[m];
        if (inputs_grid(&g, x->rows, x->n, &metric, 1, false, e) == OK) {
            fprintf(out, "%s%s%s\n%s", m || !is_markdown ? "\n" : "", metric,
                    unit_of(metric), is_markdown ? "\n" : "");
            if (is_markdown)
                grid_markdown(out, &g);
            else
                grid_print(out, &g, CELL_COLUMNS, x->o->unicode);
        }
        grid_release(&g);
    }
    fputs(
        "\ncolumns: what the model was given, data of its own, random tokens, "
        "uniform or as\nfrequent as in its data (unigram), one token again and "
        "again (`sinklab list\ninput`); no BOS: without BOS in front; at its "
        "last checkpoint\n",
        out);
    say_measured(out, x);
    say_missing(out, x);
    return e->code;
}

static int write_csv(FILE *out, struct inputs *x, struct err *e)
{
    struct grid g = { 0 };
    if (x->o->csv &&
        inputs_grid(&g, x->rows, x->n, x->metrics, x->n_metrics, true, e) == OK)
        report_write_csv(out, x->o->csv, &g, e);
    grid_release(&g);
    return e->code;
}

static int write_markdown(FILE *out, struct inputs *x, struct err *e)
{
    struct report r;
    if (!x->o->markdown || report_begin(&r, out, x->o->markdown, e))
        return e->code;
    print_tables(r.f, x, true, e);
    return report_end(&r, e);
}

static int check_files(const struct inputs_options *o, struct err *e)
{
    const char *const files[] = { o->csv, o->markdown };
    return report_files_check(files, COUNT_OF(files), e);
}

static void release(struct inputs *x)
{
    for (idx i = 0; i < x->n; i++)
        for (idx k = 0; k < MEASURED_INPUTS; k++)
            run_data_release(&x->rows[i].of[k]);
    for (idx i = 0; x->lists && i < x->o->n_folders; i++)
        run_list_release(&x->lists[i]);
    free(x->rows);
    free(x->lists);
}

int inputs_run(FILE *out, const struct inputs_options *o, struct err *e)
{
    bool is_piped = report_is_stdout(o->csv) || report_is_stdout(o->markdown);
    struct inputs x = { .o = o, .told = is_piped ? stderr : out };
    if (take_metrics(&x, e) == OK && check_files(o, e) == OK)
        gather(&x, e);
    for (idx i = 0; i < MEASURED_INPUTS && !e->code; i++) {
        drop_gone(&x);
        measure(&x, i, e);
    }
    drop_gone(&x);
    if (!e->code && x.n == 0)
        err_pass(e, &x.failed);
    if (!e->code && read_all(&x, e) == OK && !is_piped)
        print_tables(out, &x, false, e);
    /* who reads a file sees no notes of what could not be measured */
    if (!e->code && !x.failed.code && write_csv(out, &x, e) == OK)
        write_markdown(out, &x, e);
    release(&x);
    return err_pass(e, &x.failed);
}

#include "report/export.h"

#include "base/text.h"
#include "io/fsys.h"
#include "metric/names.h"
#include "report/export_rows.h"
#include "report/report_file.h"
#include "report/run_layers.h"
#include "run/run.h"
#include "run/run_list.h"
#include "run/run_place.h"

#include <stdlib.h>
#include <string.h>

static const char EVENTS[] = "events.out.tfevents.0.sinklab";

struct exported {
    struct run_list *lists; /* (n_lists) of what was given; own the paths */
    idx n_lists;
    struct run_data *runs; /* (n) */
    idx n;
    struct config_key keys[DIFFERING_MAX]; /* in which they differ */
    idx n_keys;
};

/* ---- which runs ---------------------------------------------------------- */

static const struct config *config_of(const void *runs, idx i)
{
    const struct run_data *r = (const struct run_data *)runs + i;
    return r->has_config ? &r->config : NULL;
}

/* A damaged file is refused: whoever reads rows elsewhere sees no notes. */
static int take(struct exported *x, const struct export_options *o,
                const char *path, struct err *e)
{
    struct run_data *r = &x->runs[x->n];
    idx same;
    if (run_data_find(&same, x->runs, x->n, path, e))
        return e->code;
    if (same >= 0)
        return err_set(e, ERR_USAGE,
                       "export: %s and %s are one run: give it once",
                       x->runs[same].path, path);
    run_data_read(r, path, o->analysis ? o->analysis : "");
    struct run_facts facts = run_data_facts(r, r->name);
    int rc = run_data_refused(r, e);
    if (rc == OK && (r->is_analysis_bad || r->is_metrics_bad))
        rc = err_set(e, r->unread.code, "%s", r->unread.text);
    bool is_wanted = filter_accepts(&o->where, &facts);
    if (rc == OK && is_wanted && o->analysis && r->analysis.columns == 0)
        rc = run_data_say_unanalysed(r, e);
    if (rc == OK && is_wanted)
        x->n++;
    else
        run_data_release(r);
    return rc;
}

/* Does any run have a column of its first layer? */
static bool has_layers(const struct exported *x, const struct metric_name *n)
{
    char first[COLUMN_NAME_MAX];
    for (idx i = 0; i < x->n && metric_name_of_layer(first, n, 0); i++)
        if (table_find(&x->runs[i].analysis, first) >= 0)
            return true;
    return false;
}

static int add_layers(struct exported *x, const char *names, struct err *e)
{
    char list[KEY_TEXT_MAX], *rest = list, shown[TEXT_SHOW_MAX];
    if (snprintf(list, sizeof list, "%s", names) >= (int)sizeof list)
        return err_set(e, ERR_USAGE, "export: --layers: longer than %zu bytes",
                       sizeof list - 1);
    while (rest) {
        struct metric_name n;
        const char *name = text_part(&rest, ',', false);
        for (idx i = 0; i < x->n; i++)
            if (run_layers_add_all(&x->runs[i], name, e))
                return e->code;
        if (!metric_name_find(&n, name) || !has_layers(x, &n))
            return err_set(e, ERR_USAGE,
                           "export: --layers: no run has '%s' by layer: want "
                           "metrics as sink_1; `sinklab list metric` says "
                           "which have layers, `sinklab analyze` measures them",
                           text_show(shown, name));
    }
    return OK;
}

static int gather(struct exported *x, const struct export_options *o,
                  struct err *e)
{
    idx n = 0;
    int rc = OK;
    x->lists = calloc((size_t)o->n_folders, sizeof *x->lists);
    if (!x->lists)
        return err_memory(e, NULL);
    for (; x->n_lists < o->n_folders && rc == OK; x->n_lists++) {
        rc = run_list_given(&x->lists[x->n_lists], o->folders[x->n_lists], e);
        n += x->lists[x->n_lists].n;
    }
    if (rc != OK)
        return rc;
    x->runs = calloc((size_t)n, sizeof *x->runs);
    if (!x->runs)
        return err_memory(e, NULL);
    for (idx i = 0; i < x->n_lists; i++)
        for (idx k = 0; k < x->lists[i].n && rc == OK; k++)
            rc = take(x, o, x->lists[i].paths[k], e);
    if (rc == OK && x->n == 0)
        return err_set(e, ERR_USAGE, "export: no run fits --where");
    if (o->layers && add_layers(x, o->layers, e))
        return e->code;
    run_data_name_apart(x->runs, x->n);
    x->n_keys = config_differing(x->keys, config_of, x->runs, x->n);
    return rc;
}

static void release(struct exported *x)
{
    for (idx i = 0; i < x->n; i++)
        run_data_release(&x->runs[i]);
    for (idx i = 0; i < x->n_lists; i++)
        run_list_release(&x->lists[i]);
    free(x->runs);
    free(x->lists);
}

/* ---- writing ------------------------------------------------------------- */

typedef int write_rows(FILE *out, const struct export_run *r, struct err *e);

/* What is written of run i, to be freed. */
static int text_of(char **text, size_t *n, const struct exported *x, idx i,
                   write_rows *rows, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct table timing = { 0 };
    bool is_there;
    run_path(path, x->runs[i].path, RUN_TIMING);
    int rc = fsys_exists(&is_there, path, e);
    if (rc == OK && is_there)
        rc = table_read_steps(&timing, path, NULL, e);
    if (rc != OK)
        return rc;
    FILE *out = open_memstream(text, n);
    const struct export_run r = { &x->runs[i], &timing, x->keys, x->n_keys };
    if (!out) {
        table_release(&timing);
        return err_memory(e, NULL);
    }
    rc = rows(out, &r, e);
    if (fclose(out) != 0 && rc == OK)
        rc = err_memory(e, NULL);
    table_release(&timing);
    return rc;
}

/* Run by run: never all of it in memory. */
static int write_jsonl(FILE *out, const char *path, const struct exported *x,
                       struct err *e)
{
    struct fsys_stream s = { 0 };
    bool is_stdout = report_is_stdout(path);
    int rc = is_stdout ? OK : fsys_stream_open(&s, path, e);
    for (idx i = 0; i < x->n && rc == OK; i++) {
        char *text = NULL;
        size_t n = 0;
        rc = text_of(&text, &n, x, i, export_jsonl, e);
        if (rc == OK && is_stdout)
            fwrite(text, 1, n, out);
        else if (rc == OK)
            rc = fsys_stream_write(&s, text, n, e);
        free(text);
    }
    if (rc == OK && !is_stdout)
        rc = fsys_stream_settle(&s, e);
    fsys_stream_drop(&s);
    return rc;
}

static int events_path(char path[FSYS_PATH_MAX], char folder[FSYS_PATH_MAX],
                       const char *dir, const struct run_data *r, struct err *e)
{
    int n = snprintf(folder, FSYS_PATH_MAX, "%s/%s", dir,
                     r->name[0] ? r->name : "run");
    int m = snprintf(path, FSYS_PATH_MAX, "%s/%s", folder, EVENTS);
    return n < FSYS_PATH_MAX && m < FSYS_PATH_MAX
               ? OK
               : err_set(e, ERR_USAGE, "export: %.60s...: path too long", dir);
}

/* TensorBoard calls a run by its folder. */
static int check_names(const struct exported *x, struct err *e)
{
    for (idx i = 0; i < x->n; i++)
        for (idx k = 0; x->runs[i].has_namesake && k < i; k++)
            if (strcmp(x->runs[i].name, x->runs[k].name) == 0)
                return err_set(e, ERR_USAGE,
                               "export: %s and %s have one name, and one would "
                               "replace the other: give each a --tensorboard "
                               "folder of its own",
                               x->runs[k].path, x->runs[i].path);
    return OK;
}

static int write_events(const char *dir, const struct exported *x,
                        struct err *e)
{
    int rc = OK;
    for (idx i = 0; i < x->n && rc == OK; i++) {
        char path[FSYS_PATH_MAX], folder[FSYS_PATH_MAX], *text = NULL;
        size_t n = 0;
        rc = events_path(path, folder, dir, &x->runs[i], e);
        if (rc == OK)
            rc = text_of(&text, &n, x, i, export_events, e);
        if (rc == OK)
            rc = fsys_mkdirs(folder, e);
        if (rc == OK)
            rc = fsys_replace(path, text, n, e);
        free(text);
    }
    return rc;
}

static int say_run(const char *dir, const char *run, struct err *e)
{
    return err_set(e, ERR_BUSY,
                   "%s: --tensorboard would write into the run %s: give "
                   "another folder",
                   dir, run);
}

/* A run's folder, and what lies in one, is that run's alone. */
static int check_outside(const char *dir, struct err *e)
{
    char above[FSYS_PATH_MAX];
    bool is_run;
    if (run_holds_run(&is_run, dir, e) || (!is_run && run_above(above, dir, e)))
        return e->code;
    if (is_run)
        return say_run(dir, dir, e);
    return above[0] ? say_run(dir, above, e) : OK;
}

/* Can the events go there? Each run's own folder is looked at, too: DIR/NAME
 * is a run where DIR is a folder of runs. */
static int check_events(const char *dir, const struct exported *x,
                        struct err *e)
{
    bool is_there, is_folder, is_run;
    if (report_is_stdout(dir))
        return err_set(e, ERR_USAGE,
                       "export: --tensorboard: wants a folder, and '-' is "
                       "standard output: give ./- for a folder of that name");
    if (strlen(dir) >= FSYS_PATH_MAX)
        return err_set(e, ERR_USAGE, "export: %.60s...: path too long", dir);
    if (fsys_exists(&is_there, dir, e) || fsys_is_folder(&is_folder, dir, e))
        return e->code;
    if (is_there && !is_folder)
        return err_set(e, ERR_BUSY,
                       "%s is a file, and --tensorboard wants a folder: give "
                       "another name",
                       dir);
    if (check_outside(dir, e) || check_names(x, e))
        return e->code;
    for (idx i = 0; i < x->n; i++) {
        char path[FSYS_PATH_MAX], folder[FSYS_PATH_MAX];
        if (events_path(path, folder, dir, &x->runs[i], e) ||
            run_holds_run(&is_run, folder, e))
            return e->code;
        if (is_run)
            return say_run(dir, folder, e);
    }
    return OK;
}

static int check(const struct export_options *o, struct err *e)
{
    const char *const jsonl[] = { o->jsonl };
    if (o->analysis && run_analysis_check(o->analysis, "export: --analysis", e))
        return e->code;
    if (!o->tensorboard && !o->jsonl)
        return err_set(e, ERR_USAGE,
                       "export: say what to write: --tensorboard DIR, --jsonl "
                       "FILE");
    if (report_files_check(&o->jsonl, 1, e))
        return e->code;
    return o->tensorboard ? report_folder_check(o->tensorboard, jsonl, 1, e)
                          : OK;
}

int export_run(FILE *out, const struct export_options *o, struct err *e)
{
    struct exported x = { 0 };
    int rc = check(o, e);
    if (rc == OK)
        rc = gather(&x, o, e);
    if (rc == OK && o->tensorboard)
        rc = check_events(o->tensorboard, &x, e);
    if (rc == OK && o->jsonl)
        rc = write_jsonl(out, o->jsonl, &x, e);
    if (rc == OK && o->tensorboard)
        rc = write_events(o->tensorboard, &x, e);
    FILE *told = report_is_stdout(o->jsonl) ? stderr : out;
    if (rc == OK && o->jsonl && told == out)
        fprintf(out, "wrote the rows of %td run%s to %s\n", x.n,
                x.n == 1 ? "" : "s", o->jsonl);
    if (rc == OK && o->tensorboard)
        fprintf(told,
                "wrote the events of %td run%s: tensorboard --logdir %s\n", x.n,
                x.n == 1 ? "" : "s", o->tensorboard);
    release(&x);
    return rc;
}

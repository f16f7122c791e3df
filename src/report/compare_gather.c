#include "report/compare_gather.h"

#include "base/shell.h"
#include "base/text.h"
#include "config/config_print.h"
#include "report/advice.h"
#include "report/run_layers.h"
#include "sweep/sweep_file.h"
#include "sweep/sweep_folder.h"

#include <stdlib.h>
#include <string.h>

/* ---- what was named ---------------------------------------------------- */

/* A sweep's file names the folder with its runs; any other is told as ever. */
static int say_sweep(const char *path, struct err *e)
{
    struct sweep_file *f = calloc(1, sizeof *f);
    struct err own = { 0 };
    char dir[RUN_PATH_MAX], file[RUN_PATH_MAX];
    if (f && sweep_file_read(f, path, NULL, 0, &own) == OK) {
        shell_word(dir, sizeof dir, f->dir);
        shell_word(file, sizeof file, path);
        bool is_claiming = f->n_claims > 0;
        err_set(e, ERR_USAGE,
                "%s is the file of a sweep: `sinklab compare %s` compares its "
                "runs%s%s%s",
                path, dir, is_claiming ? ", `sinklab compare " : "",
                is_claiming ? file : "",
                is_claiming ? " --claims` judges what it expects" : "");
    }
    if (f)
        sweep_file_release(f);
    free(f);
    return e->code ? e->code : run_none(path, RUN_WANTED, e);
}

static int check_folder(const char *path, struct err *e)
{
    bool is_folder;
    if (strlen(path) >= RUN_DIR_MAX)
        return err_set(e, ERR_USAGE, "%.60s...: path longer than %d bytes",
                       path, RUN_DIR_MAX - 1);
    int rc = fsys_is_folder(&is_folder, path, e);
    return rc != OK || is_folder ? rc : say_sweep(path, e);
}

/* Is it one run rather than a folder of runs? One that never wrote its status
 * is known by its numbers. */
static int holds_numbers(bool *holds, const char *path, struct err *e)
{
    static const char *const names[] = { RUN_ANALYSIS, RUN_METRICS };
    *holds = false;
    for (idx i = 0; i < COUNT_OF(names) && !*holds; i++) {
        char file[RUN_PATH_MAX];
        run_path(file, path, names[i]);
        if (fsys_exists(holds, file, e))
            return e->code;
    }
    return *holds ? OK : run_holds_run(holds, path, e);
}

/* Runs of a sweep that have no folder yet. */
static int count_waiting(struct compare_set *set, const char *path,
                         const struct run_list *members, struct err *e)
{
    struct sweep s = { 0 };
    bool is_sweep;
    if (sweep_holds_sweep(&is_sweep, path, e) || !is_sweep ||
        sweep_open(&s, path, e))
        return e->code;
    idx n = 0;
    for (idx i = 0; i < s.n; i++) {
        char dir[RUN_DIR_MAX];
        sweep_run_dir(dir, &s, &s.runs[i]);
        bool has_begun = false;
        if (run_holds_run(&has_begun, dir, e)) {
            sweep_close(&s);
            return e->code;
        }
        n += !s.runs[i].is_dropped && !has_begun;
    }
    set->n_waiting += n;
    sweep_close(&s);
    if (members->n > 0)
        return OK;
    return err_set(e, ERR_DATA,
                   "%s: none of the %td runs of this sweep has begun: `sinklab "
                   "sweep` starts them",
                   path, n);
}

/* The runs directly below a folder, or those that its tables tell of; none if
 * it is a run itself. */
static int find_members(struct compare_set *set, struct run_list *l,
                        struct run_tables *tables, const char *path,
                        struct err *e)
{
    bool is_run, has_tables;
    int rc = check_folder(path, e);
    if (rc == OK)
        rc = holds_numbers(&is_run, path, e);
    if (rc != OK || is_run)
        return rc;
    if (run_tables_are_in(&has_tables, path, e))
        return e->code;
    if (has_tables)
        return run_tables_read(tables, path, NULL, e);
    rc = run_list_find(l, path, RUN_LIST_DIRECT, e);
    if (rc == OK && l->n_unread > 0) /* a mean over the rest would mislead */
        rc = err_set(e, l->unread.code, "%s", l->unread.text);
    if (rc == OK)
        rc = count_waiting(set, path, l, e);
    return rc == OK && l->n == 0 ? run_list_none(path, e) : rc;
}

/* ---- which are taken --------------------------------------------------- */

static int say_unmeasured(const struct run_data *r, const char *metric,
                          struct err *e)
{
    char words[ADVICE_MAX];
    return err_set(e, ERR_DATA,
                   "%s: no analysis.csv, and no %s in metrics.csv: run %s "
                   "first",
                   r->path, metric, advice_run(words, r, metric));
}

/* Is a run that was named by itself damaged, so that it has no numbers? */
static bool is_damaged(const struct run_data *r)
{
    return r->is_analysis_bad ||
           (r->is_metrics_bad && r->analysis.columns == 0);
}

static bool has_metric(const struct run_data *r, const char *metric)
{
    return r->analysis.columns > 0 || run_data_series(r, metric).n > 0;
}

/* Of several runs that were named, one without numbers is told of, and the
 * others are compared all the same. */
static void note_named(struct compare_set *set, const struct run_data *r,
                       const char *metric)
{
    if (is_damaged(r))
        err_set(&set->damaged, r->unread.code, "%s", r->unread.text);
    else if (!has_metric(r, metric))
        say_unmeasured(r, metric, &set->unmeasured);
    set->n_sound += !is_damaged(r) && has_metric(r, metric);
}

/* Columns of layers, where it is named, listed, or ordered by one. */
static int add_layers(struct run_data *r, const struct compare_options *o,
                      struct err *e)
{
    char list[KEY_TEXT_MAX], *rest = o->columns ? list : NULL;
    const char *sort = o->sort ? o->sort + (*o->sort == '-') : "";
    snprintf(list, sizeof list, "%s", o->columns ? o->columns : "");
    if (run_layers_add(r, o->metric, e) || run_layers_add(r, o->loss, e) ||
        run_layers_add(r, sort, e) ||
        (o->has_layers && run_layers_add_all(r, o->metric, e)))
        return e->code;
    while (rest)
        if (run_layers_add(r, text_part(&rest, ',', false), e))
            return e->code;
    return OK;
}

/* Keep the run in the next free place if it is wanted. */
static int keep_wanted(struct compare_set *set, const struct compare_options *o,
                       bool is_member, struct err *e)
{
    struct run_data *r = &set->runs[set->n];
    struct run_facts facts = run_data_facts(r, r->name);
    int rc = run_data_refused(r, e);
    idx same = -1;
    bool is_wanted = filter_accepts(&o->where, &facts);
    if (rc == OK && is_wanted && o->analysis && r->analysis.columns == 0)
        rc = run_data_say_unanalysed(r, e);
    if (rc == OK && is_wanted && !r->is_of_tables)
        rc = add_layers(r, o, e);
    if (rc == OK && !is_member)
        note_named(set, r, o->metric);
    set->n_sound += is_member;
    if (rc == OK && is_wanted) {
        set->n++;
        return OK;
    }
    struct run_data folder = { .device = r->device, .inode = r->inode };
    const char *path = r->is_of_tables ? NULL : r->path;
    run_data_release(r);
    struct run_data *unwanted = set->runs + set->n_most - set->n_unwanted;
    if (rc == OK && path)
        rc = run_data_find(&same, unwanted, set->n_unwanted, path, e);
    if (rc == OK && same < 0) {
        unwanted[-1] = folder;
        set->n_unwanted++;
    }
    return rc;
}

static int take(struct compare_set *set, const struct compare_options *o,
                const char *path, bool is_member, struct err *e)
{
    idx same;
    if (run_data_find(&same, set->runs, set->n, path, e))
        return e->code;
    if (set->is_grouped && same >= 0)
        return OK;
    run_data_read(&set->runs[set->n], path, o->analysis ? o->analysis : "");
    return keep_wanted(set, o, is_member, e);
}

static int take_all(struct compare_set *set, const struct compare_options *o,
                    struct run_tables *tables, struct err *e)
{
    int rc = OK;
    if (o->analysis)
        return err_set(e, ERR_USAGE,
                       "compare: --analysis does nothing with tables: those "
                       "of one analysis are all that they keep");
    for (idx i = 0; i < tables->n && rc == OK; i++) {
        set->runs[set->n] = tables->runs[i];
        tables->runs[i] = (struct run_data){ 0 };
        rc = keep_wanted(set, o, true, e);
    }
    return rc;
}

/* The log decides: one of them may not be analyzed, or otherwise. Tables have
 * no log, but what was analyzed. */
static bool is_copy(const struct run_data *a, const struct run_data *b)
{
    char x[CONFIG_ID_MAX], y[CONFIG_ID_MAX];
    if (!a->has_config || !b->has_config || a->state != b->state ||
        (a->metrics.rows == 0 && !a->is_of_tables))
        return false;
    sweep_identity(x, &a->config);
    sweep_identity(y, &b->config);
    return strcmp(x, y) == 0 && table_is_same(&a->metrics, &b->metrics) &&
           (!a->is_of_tables || table_is_same(&a->analysis, &b->analysis));
}

/* Of runs with the same settings, seeds and log the first counts, or the
 * first that is analyzed. */
static void leave_copies(struct compare_set *set)
{
    idx n = 0;
    for (idx i = 0; i < set->n; i++) {
        struct run_data r = set->runs[i];
        idx k = 0;
        while (k < n && !is_copy(&set->runs[k], &r))
            k++;
        if (k < n) {
            struct run_data *kept = &set->runs[k], first = *kept;
            bool is_better =
                first.analysis.columns == 0 && r.analysis.columns > 0;
            *kept = is_better ? r : first;
            run_data_release(is_better ? &first : &r);
        } else {
            set->runs[n++] = r;
        }
    }
    set->n_copies = set->n - n;
    set->n = n;
}

/* Find what the folders hold; returns through *n how many runs at most. */
static int find_all(idx *n, struct compare_set *set,
                    const struct compare_options *o, struct err *e)
{
    int rc = OK;
    /* means against a setting are of groups */
    set->is_grouped = o->by || (o->figure && strcmp(o->figure, "setting") == 0);
    for (idx i = 0; i < o->n_runs && rc == OK; i++) {
        rc = find_members(set, &set->lists[i], &set->tables[i], o->runs[i], e);
        idx members = set->lists[i].n + set->tables[i].n;
        set->is_grouped = set->is_grouped || members > 0;
        *n += idx_max(1, members);
    }
    return rc;
}

int compare_gather(struct compare_set *set, const struct compare_options *o,
                   struct err *e)
{
    idx n = 0;
    set->lists = calloc((size_t)o->n_runs, sizeof *set->lists);
    set->tables = calloc((size_t)o->n_runs, sizeof *set->tables);
    if (!set->lists || !set->tables)
        return err_memory(e, NULL);
    set->n_lists = o->n_runs;
    int rc = find_all(&n, set, o, e);
    if (rc != OK)
        return rc;
    set->n_most = n;
    set->runs = calloc((size_t)n, sizeof *set->runs);
    if (!set->runs)
        return err_memory(e, NULL);
    for (idx i = 0; i < o->n_runs && rc == OK; i++) {
        const struct run_list *l = &set->lists[i];
        if (set->tables[i].n > 0)
            rc = take_all(set, o, &set->tables[i], e);
        else if (l->n == 0)
            rc = take(set, o, o->runs[i], false, e);
        for (idx k = 0; k < l->n && rc == OK; k++)
            rc = take(set, o, l->paths[k], true, e);
    }
    if (rc == OK && set->is_grouped)
        leave_copies(set);
    if (rc == OK && set->n_sound == 0)
        rc = err_pass(e, set->damaged.code ? &set->damaged : &set->unmeasured);
    if (rc == OK && set->n == 0)
        rc = err_set(e, ERR_USAGE,
                     "compare: no run fits --where; `sinklab runs` lists what "
                     "there is");
    return rc;
}

void compare_set_release(struct compare_set *set)
{
    for (idx i = 0; i < set->n; i++)
        run_data_release(&set->runs[i]);
    for (idx i = 0; i < set->n_lists; i++) {
        run_list_release(&set->lists[i]);
        run_tables_release(&set->tables[i]);
    }
    free(set->runs);
    free(set->lists);
    free(set->tables);
    *set = (struct compare_set){ 0 };
}

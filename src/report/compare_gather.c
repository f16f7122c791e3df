/* compare's choice of runs: folders of runs, folders of sweeps, a filter. */
#include "report/compare.h"

#include "sweep/sweep_folder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Is it a folder of runs rather than one? A run that never wrote its status is
 * known by its numbers. */
static int holds_numbers(bool *holds, const char *path, struct err *e)
{
    static const char *const names[] = { "analysis.csv", "metrics.csv" };
    *holds = false;
    for (idx i = 0; i < COUNT_OF(names) && !*holds; i++) {
        char file[RUN_PATH_MAX];
        run_path(file, path, names[i]);
        if (fsys_exists(holds, file, e))
            return e->code;
    }
    return *holds ? OK : run_holds_run(holds, path, e);
}

/* The runs directly below a folder; none if it is a run itself, or no folder,
 * which compared_load says better. */
static int find_members(struct run_list *l, const char *path, struct err *e)
{
    struct err own = { 0 };
    bool is_run;
    if (!*path || strlen(path) >= RUN_DIR_MAX)
        return OK;
    if (holds_numbers(&is_run, path, e) || is_run)
        return e->code;
    bool is_folder;
    int rc = run_list_find(l, path, RUN_LIST_DIRECT, &own);
    if (rc == OK && l->n_unread > 0) /* a mean over the rest would mislead */
        return err_set(e, l->unread.code, "%s", l->unread.text);
    if (rc == OK ||
        (rc == ERR_IO && (fsys_is_folder(&is_folder, path, e) || !is_folder)))
        return e->code;
    return err_set(e, rc, "%s", own.text);
}

/* Runs of a sweep that have no folder yet. */
static int count_waiting(struct compare_set *set, const char *path,
                         const struct run_list *members, struct err *e)
{
    struct sweep s = { 0 };
    bool is_sweep;
    if (!*path || strlen(path) >= RUN_DIR_MAX)
        return OK;
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

/* Which folder is behind a run's path. */
struct folder {
    dev_t device;
    ino_t inode;
    idx i; /* of the run */
};

static int order_folders(const void *a, const void *b)
{
    const struct folder *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    return (x->i > y->i) - (x->i < y->i);
}

static bool are_same(const struct folder *a, const struct folder *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* Keep the first of the runs whose folder is the same. */
static int drop_repeated(struct compare_set *set, struct err *e)
{
    struct folder *all = calloc((size_t)set->n + 1, sizeof *all);
    idx n = 0, kept = 0;
    if (!all)
        return err_set(e, ERR_MEMORY, "not enough memory for %td runs", set->n);
    for (idx i = 0; i < set->n; i++) {
        struct stat st;
        if (stat(set->runs[i].path, &st)) {
            free(all);
            return err_system(e, set->runs[i].path, "look at it");
        }
        all[n++] = (struct folder){ st.st_dev, st.st_ino, i };
    }
    qsort(all, (size_t)n, sizeof *all, order_folders);
    for (idx i = 1; i < n; i++)
        if (are_same(&all[i - 1], &all[i]))
            compared_release(&set->runs[all[i].i]);
    for (idx i = 0; i < set->n; i++)
        if (set->runs[i].path) {
            struct compared r = set->runs[i];
            set->runs[i] = (struct compared){ 0 };
            set->runs[kept++] = r;
        }
    set->n = kept;
    free(all);
    return OK;
}

static bool is_accepted(const struct compare_options *o,
                        const struct compared *r)
{
    double step;
    struct series s = compared_series(r, "step");
    struct run_facts facts = {
        .name = r->name,
        .status = r->status,
        .step = series_final(&step, &s) ? step : NAN,
        .config = r->has_config ? &r->config : NULL,
        .measured = &r->metrics,
    };
    return filter_accepts(&o->where, &facts);
}

static int count_runs(idx *n, struct compare_set *set,
                      const struct compare_options *o, struct err *e)
{
    int rc = OK;
    set->is_grouped = o->by != NULL;
    for (idx i = 0; i < o->n_runs && rc == OK; i++) {
        rc = find_members(&set->lists[i], o->runs[i], e);
        if (rc == OK)
            rc = count_waiting(set, o->runs[i], &set->lists[i], e);
        set->is_grouped = set->is_grouped || set->lists[i].n > 0;
        *n += idx_max(1, set->lists[i].n);
    }
    return rc;
}

/* Load the run into the next free place and keep it if it is wanted. */
static int take(struct compare_set *set, const struct compare_options *o,
                const char *path, bool is_member, struct err *e)
{
    struct compared *r = &set->runs[set->n];
    int rc = is_member ? OK : compared_load(r, path, o->metric, e);
    if (rc == OK && set->is_grouped) {
        compared_release(r); /* checked; now as all of its group */
        compared_load_member(r, path);
    }
    if (rc == OK && is_accepted(o, r))
        set->n++;
    else
        compared_release(r);
    return rc;
}

int compare_gather(struct compare_set *set, const struct compare_options *o,
                   struct err *e)
{
    idx n = 0;
    set->lists = calloc((size_t)o->n_runs, sizeof *set->lists);
    if (!set->lists)
        return err_set(e, ERR_MEMORY, "not enough memory");
    set->n_lists = o->n_runs;
    int rc = count_runs(&n, set, o, e);
    if (rc != OK)
        return rc;
    set->runs = calloc((size_t)n, sizeof *set->runs);
    if (!set->runs)
        return err_set(e, ERR_MEMORY, "not enough memory for %td runs", n);
    for (idx i = 0; i < o->n_runs && rc == OK; i++) {
        const struct run_list *l = &set->lists[i];
        if (l->n == 0)
            rc = take(set, o, o->runs[i], false, e);
        for (idx k = 0; k < l->n && rc == OK; k++)
            rc = take(set, o, l->paths[k], true, e);
    }
    if (rc == OK && set->is_grouped)
        rc = drop_repeated(set, e);
    if (rc == OK && set->n == 0)
        rc = err_set(e, ERR_USAGE,
                     "compare: no run fits --where; `sinklab runs` lists what "
                     "there is");
    return rc;
}

void compare_set_release(struct compare_set *set)
{
    for (idx i = 0; i < set->n; i++)
        compared_release(&set->runs[i]);
    for (idx i = 0; i < set->n_lists; i++)
        run_list_release(&set->lists[i]);
    free(set->runs);
    free(set->lists);
    *set = (struct compare_set){ 0 };
}

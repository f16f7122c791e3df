#include "sweep/sweep_reuse.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "config/config_differ.h"
#include "data/paths.h"
#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "io/fsys_tree.h"
#include "run/manifest.h"
#include "run/run_list.h"
#include "sweep/sweep_journal.h"
#include "train/session.h"

/* A run under way into the sweep's folder; what a kill left of one. */
#define PART_NAME ".taken"

struct finished {
    const char *dir; /* of the list */
    char id[CONFIG_ID_MAX];
};

struct offers {
    struct run_list list;
    idx n;
    struct finished *runs; /* (n) of list.n */
};

/* ---- what there is ----------------------------------------------------- */

static bool is_finished(const char *dir)
{
    return run_look(NULL, dir, NULL) == RUN_DONE;
}

static bool lies_in(const char *dir, const struct sweep *s)
{
    char *inner = realpath(dir, NULL), *outer = realpath(s->dir, NULL);
    size_t n = outer ? strlen(outer) : 0;
    bool does = inner && outer && strncmp(inner, outer, n) == 0 &&
                (inner[n] == '/' || inner[n] == '\0');
    free(inner);
    free(outer);
    return does;
}

/* Their identities alone, which are few to look through. */
static int find_offers(struct offers *o, const struct sweep *s,
                       const char *from, struct err *e)
{
    bool is_folder;
    if (fsys_is_folder(&is_folder, from, e))
        return e->code;
    if (!is_folder)
        return err_set(e, ERR_CONFIG,
                       "sweep.reuse = %s: there is no such folder: want one "
                       "with finished runs in it, or nothing",
                       from);
    if (run_list_find(&o->list, from, RUN_LIST_ALL, e))
        return e->code;
    o->runs = calloc((size_t)o->list.n + 1, sizeof *o->runs);
    if (!o->runs)
        return err_set(e, ERR_MEMORY, "out of memory");
    for (idx i = 0; i < o->list.n; i++) {
        struct finished *f = &o->runs[o->n];
        struct config c;
        if (!is_finished(o->list.paths[i]) || lies_in(o->list.paths[i], s) ||
            run_config_load(&c, o->list.paths[i], NULL))
            continue;
        sweep_identity(f->id, &c);
        f->dir = o->list.paths[i];
        o->n++;
    }
    return OK;
}

static void release_offers(struct offers *o)
{
    run_list_release(&o->list);
    free(o->runs);
}

/* ---- is it the one? ---------------------------------------------------- */

/* Also cosmetic settings, which say what is written and when. A text that is
 * known by its hash may lie anywhere. */
static bool has_settings(const struct config *wanted, const struct config *has)
{
    struct config a = *wanted, b = *has;
    if (strcmp(a.data.hash, b.data.hash) == 0 && a.data.hash[0]) {
        data_forget_paths(&a.data);
        data_forget_paths(&b.data);
    }
    for (struct config_key k = { 0 }; config_next_key(&k);)
        if (!config_key_is_local(k) && config_value_order(&a, &b, k) != 0)
            return false;
    return true;
}

static bool has_makers(const struct config *wanted, const char *dir)
{
    struct manifest m = { 0 };
    struct manifest_start ours = session_products(&wanted->train);
    bool has = manifest_read(&m, dir, NULL) == OK && !manifest_is_import(&m) &&
               manifest_would_make(&m, &ours);
    manifest_release(&m);
    return has;
}

static const struct finished *find(const struct offers *o,
                                   const struct sweep_run *r,
                                   const struct config *wanted)
{
    for (idx i = 0; i < o->n; i++) {
        const struct finished *f = &o->runs[i];
        struct config has;
        if (strcmp(f->id, r->now) == 0 &&
            run_config_load(&has, f->dir, NULL) == OK &&
            has_settings(wanted, &has) && has_makers(wanted, f->dir))
            return f;
    }
    return NULL;
}

/* ---- taking it --------------------------------------------------------- */

/* All that training wrote but weights; what was measured of them is of the
 * other sweep. */
static int copy_logs(const char *to, const char *from, struct err *e)
{
    static const char *const names[] = { RUN_CONFIG, RUN_MANIFEST, RUN_METRICS,
                                         RUN_TIMING, RUN_SAMPLES,  RUN_STATUS,
                                         RUN_OUTPUT };
    for (idx i = 0; i < COUNT_OF(names); i++) {
        char there[RUN_PATH_MAX], here[RUN_PATH_MAX];
        bool is_there;
        run_path(there, from, names[i]);
        run_path(here, to, names[i]);
        if (run_file_exists(&is_there, from, names[i], e) ||
            (is_there && fsys_copy(here, there, e)))
            return e->code;
    }
    return OK;
}

/* Those of dead writers are passed over. */
static int share_weights(const char *to, const char *from, struct err *e)
{
    struct dirent *d = NULL;
    DIR *folder = opendir(from);
    if (!folder)
        return err_system(e, from, "open this folder");
    while (fsys_next(&d, folder, from, e) == OK && d) {
        char there[FSYS_PATH_MAX], here[FSYS_PATH_MAX];
        if (d->d_name[0] == '.')
            continue;
        snprintf(there, sizeof there, "%s/%s", from, d->d_name);
        snprintf(here, sizeof here, "%s/%s", to, d->d_name);
        if (fsys_share(here, there, e))
            break;
    }
    closedir(folder);
    return e->code;
}

/* From there to `part`, and from `part` into place. */
static int move_in(bool *is_taken, const struct sweep *s,
                   const struct sweep_run *r, const char *from,
                   const char *part, struct err *e)
{
    char dir[RUN_DIR_MAX], to[RUN_PATH_MAX], weights[RUN_PATH_MAX];
    sweep_run_dir(dir, s, r);
    run_path(weights, from, RUN_CHECKPOINTS);
    run_path(to, part, RUN_CHECKPOINTS);
    if (fsys_mkdirs(to, e) || share_weights(to, weights, e) ||
        copy_logs(part, from, e) || fsys_sync(to, e) || fsys_sync(part, e))
        return e->code;
    moment_next("taken");
    if (!is_finished(from)) /* someone goes on with it meanwhile */
        return OK;
    if (sweep_journal_append(s, r, EVENT_TAKEN, from, e))
        return e->code;
    if (fsys_call_rename(part, dir))
        return err_system(e, dir, "put the run in place");
    *is_taken = true;
    return fsys_sync(s->dir, e);
}

static int take(bool *is_taken, const struct sweep *s,
                const struct sweep_run *r, const char *from, struct err *e)
{
    char part[RUN_PATH_MAX];
    struct err ignored = { 0 }; /* it is removed next time */
    sweep_path(part, s->dir, PART_NAME);
    *is_taken = false;
    if (move_in(is_taken, s, r, from, part, e))
        fsys_tree_clear(part, &ignored);
    else if (!*is_taken)
        fsys_tree_clear(part, e);
    return e->code;
}

/* ---- the whole --------------------------------------------------------- */

static bool is_wanted(const struct sweep *s, const struct sweep_run *r)
{
    char dir[RUN_DIR_MAX];
    bool is_there;
    sweep_run_dir(dir, s, r);
    return !r->is_dropped && fsys_exists(&is_there, dir, NULL) == OK &&
           !is_there;
}

static int take_all(idx *n, const struct sweep *s, const struct offers *o,
                    struct err *e)
{
    for (idx i = 0; i < s->n; i++) {
        const struct sweep_run *r = &s->runs[i];
        const struct finished *f;
        struct config wanted;
        bool is_taken;
        if (!is_wanted(s, r) || sweep_config_load(&wanted, s, r, NULL) ||
            !(f = find(o, r, &wanted)))
            continue;
        if (take(&is_taken, s, r, f->dir, e))
            return e->code;
        *n += is_taken;
    }
    return OK;
}

int sweep_reuse(const struct sweep *s, const char *from, FILE *out,
                struct err *e)
{
    struct offers o = { 0 };
    char part[RUN_PATH_MAX];
    idx n = 0, n_wanted = 0;
    BUG_ON(!s->lock.is_held);
    for (idx i = 0; i < s->n; i++)
        n_wanted += is_wanted(s, &s->runs[i]);
    sweep_path(part, s->dir, PART_NAME);
    if (!from[0] || n_wanted == 0)
        return OK;
    if (fsys_tree_clear(part, e) == OK && find_offers(&o, s, from, e) == OK &&
        o.n > 0 && engine_start(1, "sweep.threads", e) == OK)
        take_all(&n, s, &o, e);
    if (n > 0)
        fprintf(out,
                "%s: %td of %td runs were taken from %s, where this program "
                "has trained them already\n",
                s->dir, n, n_wanted, from);
    release_offers(&o);
    return e->code;
}

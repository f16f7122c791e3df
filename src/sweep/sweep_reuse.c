#include "sweep/sweep_reuse.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "base/stop.h"
#include "config/config_differ.h"
#include "config/config_print.h"
#include "data/paths.h"
#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "io/fsys_tree.h"
#include "io/place.h"
#include "io/sealed_text.h"
#include "run/manifest.h"
#include "run/run_list.h"
#include "sweep/sweep_journal.h"
#include "train/session.h"

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
    return run_look(NULL, dir, ERR_IGNORED) == RUN_DONE;
}

static bool lies_in(const char *dir, const struct sweep *s)
{
    char inner[FSYS_PATH_MAX], outer[FSYS_PATH_MAX];
    return place_find(inner, dir, ERR_IGNORED) == OK &&
           place_find(outer, s->dir, ERR_IGNORED) == OK &&
           place_is_in(inner, outer);
}

/* Their identities alone, which are few to look through. */
static int find_offers(struct offers *o, const struct sweep *s,
                       const char *from, struct err *e)
{
    if (run_list_find(&o->list, from, RUN_LIST_ALL, e))
        return e->code;
    o->runs = calloc((size_t)o->list.n + 1, sizeof *o->runs);
    if (!o->runs)
        return err_memory(e, NULL);
    for (idx i = 0; i < o->list.n; i++) {
        struct finished *f = &o->runs[o->n];
        struct config c;
        if (!is_finished(o->list.paths[i]) || lies_in(o->list.paths[i], s) ||
            run_config_load(&c, o->list.paths[i], ERR_IGNORED))
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
    struct config own = *has;
    data_share_paths(&own.data, &wanted->data);
    for (struct config_key k = { 0 }; config_next_key(&k);)
        if (!config_key_is_local(k) && config_value_order(wanted, &own, k) != 0)
            return false;
    return true;
}

static bool has_makers(const struct config *wanted, const char *dir)
{
    struct manifest m = { 0 };
    struct manifest_start ours = session_products(&wanted->train);
    bool has = manifest_read(&m, dir, ERR_IGNORED) == OK &&
               !manifest_is_import(&m) && manifest_would_make(&m, &ours);
    manifest_release(&m);
    return has;
}

/* What became of the runs that have not begun. */
struct outcome {
    idx n, n_taken;
    idx n_foreign; /* a run of these settings is there, by another program */
    idx n_unsound; /* ... by this one, and damaged or in use */
};

/* Each of the settings, from the i-th on; NULL: no more. */
static const struct finished *find(idx *i, const struct offers *o,
                                   const struct sweep_run *r,
                                   const struct config *wanted)
{
    while (*i < o->n) {
        const struct finished *f = &o->runs[(*i)++];
        struct config has;
        if (strcmp(f->id, r->now) == 0 &&
            run_config_load(&has, f->dir, ERR_IGNORED) == OK &&
            has_settings(wanted, &has))
            return f;
    }
    return NULL;
}

/* ---- taking it --------------------------------------------------------- */

/* All that training wrote but weights; what was measured of them is of the
 * other sweep. */
static int copy_logs(const char *to, const char *from, struct err *e)
{
    for (const struct run_file *f = run_files; f->name; f++) {
        char there[RUN_PATH_MAX], here[RUN_PATH_MAX];
        bool is_there;
        if (!f->is_record)
            continue;
        run_path(there, from, f->name);
        run_path(here, to, f->name);
        if (run_file_exists(&is_there, from, f->name, e) ||
            (is_there && fsys_copy(here, there, e)))
            return e->code;
    }
    return OK;
}

/* config.ini with the paths under which this sweep has its texts. */
static int localise(const char *part, const struct config *wanted,
                    struct err *e)
{
    char path[RUN_PATH_MAX], *text;
    struct config c;
    if (run_config_load(&c, part, e))
        return e->code;
    data_copy_paths(&c.data, &wanted->data);
    text = config_print(&c, NULL);
    if (!text)
        return err_memory(e, NULL);
    run_path(path, part, RUN_CONFIG);
    sealed_text_write(path, text, strlen(text), e);
    free(text);
    return e->code;
}

static int share_weights(const char *to, const char *from, struct err *e)
{
    struct dirent *d = NULL;
    DIR *folder = opendir(from);
    if (!folder)
        return err_system(e, from, "open this folder");
    while (fsys_next(&d, folder, from, e) == OK && d) {
        char there[FSYS_PATH_MAX], here[FSYS_PATH_MAX];
        if (run_step_of_name(d->d_name) < 0 && strcmp(d->d_name, RUN_RESUME))
            continue; /* none of ours */
        snprintf(there, sizeof there, "%s/%s", from, d->d_name);
        snprintf(here, sizeof here, "%s/%s", to, d->d_name);
        if (fsys_share(here, there, e))
            break;
    }
    closedir(folder);
    return e->code;
}

/* All of it, into a folder that nobody takes for a run. */
static int copy(const char *part, const char *from, const struct config *wanted,
                struct err *e)
{
    char to[RUN_PATH_MAX], weights[RUN_PATH_MAX];
    run_path(weights, from, RUN_CHECKPOINTS);
    run_path(to, part, RUN_CHECKPOINTS);
    if (fsys_tree_clear(part, e) || fsys_mkdirs(to, e) ||
        share_weights(to, weights, e) || copy_logs(part, from, e) ||
        localise(part, wanted, e) || fsys_sync(to, e) || fsys_sync(part, e))
        return e->code;
    moment_next("taken");
    return OK;
}

/* *is_taken: it is in place. Trouble with a run elsewhere, which someone may
 * change meanwhile, is none of this sweep's. */
static int take(bool *is_taken, const struct sweep *s,
                const struct sweep_run *r, const char *from,
                const struct config *wanted, sweep_is_sound *is_sound,
                struct err *e)
{
    char part[RUN_PATH_MAX], dir[RUN_DIR_MAX];
    struct err own = { 0 }, ignored = { 0 };
    bool was_sound, is_still_sound = false;
    *is_taken = false;
    if (is_sound(&was_sound, from, e) || !was_sound)
        return e->code;
    sweep_path(part, s->dir, SWEEP_PART);
    sweep_run_dir(dir, s, r);
    copy(part, from, wanted, &own);
    if (is_sound(&is_still_sound, from, e) == OK && is_still_sound)
        err_pass(e, &own);
    if (e->code == OK && is_still_sound) {
        if (fsys_call_rename(part, dir))
            err_system(e, dir, "put the run in place");
        *is_taken = e->code == OK && fsys_sync(s->dir, e) == OK &&
                    sweep_journal_append(s, r, EVENT_TAKEN, from, e) == OK;
    }
    if (!*is_taken)
        fsys_tree_clear(part, &ignored); /* else the next start does it */
    return e->code;
}

/* ---- the whole --------------------------------------------------------- */

static bool is_wanted(const struct sweep *s, const struct sweep_run *r)
{
    char dir[RUN_DIR_MAX];
    bool is_there;
    sweep_run_dir(dir, s, r);
    return !r->is_dropped && fsys_exists(&is_there, dir, ERR_IGNORED) == OK &&
           !is_there;
}

static int take_one(struct outcome *n, const struct sweep *s,
                    const struct sweep_run *r, const struct offers *o,
                    sweep_is_sound *is_sound, struct err *e)
{
    const struct finished *f;
    struct config wanted;
    bool is_taken = false, is_foreign = false, is_unsound = false;
    idx next = 0;
    if (sweep_config_load(&wanted, s, r, ERR_IGNORED))
        return OK; /* who starts it says so */
    while (!is_taken && (f = find(&next, o, r, &wanted))) {
        if (!has_makers(&wanted, f->dir)) {
            is_foreign = true;
            continue;
        }
        if (take(&is_taken, s, r, f->dir, &wanted, is_sound, e))
            return e->code;
        is_unsound = !is_taken;
    }
    n->n_taken += is_taken;
    n->n_unsound += !is_taken && is_unsound;
    n->n_foreign += !is_taken && !is_unsound && is_foreign;
    return OK;
}

static void tell(FILE *out, const struct outcome *n, const struct sweep *s,
                 const char *from)
{
    fprintf(out, "%s: %td of %td runs to do taken from %s", s->dir, n->n_taken,
            n->n, from);
    if (n->n_foreign > 0)
        fprintf(out,
                "; of %td it has such by another program or machine, or "
                "made in several starts",
                n->n_foreign);
    if (n->n_unsound > 0)
        fprintf(out, "; of %td it has such that are damaged or in use",
                n->n_unsound);
    fprintf(out, "\n");
    fflush(out);
}

int sweep_reuse_check(const char *from, struct err *e)
{
    bool is_folder;
    if (!from[0] || fsys_is_folder(&is_folder, from, e) || is_folder)
        return e->code;
    return err_set(e, ERR_CONFIG,
                   "sweep.reuse = %s: there is no such folder: want one with "
                   "finished runs in it, or nothing",
                   from);
}

int sweep_reuse(const struct sweep *s, const char *from,
                sweep_is_sound *is_sound, FILE *out, struct err *e)
{
    struct offers o = { 0 };
    struct outcome n = { 0 };
    BUG_ON(!s->lock.is_held);
    for (idx i = 0; i < s->n; i++)
        n.n += is_wanted(s, &s->runs[i]);
    if (!from[0] || n.n == 0)
        return OK;
    if (find_offers(&o, s, from, e) == OK && o.n > 0)
        engine_start(1, "sweep.threads", e);
    stop_watch_hangup();
    for (idx i = 0; i < s->n && o.n > 0 && !e->code && !stop_requested(); i++)
        if (is_wanted(s, &s->runs[i]))
            take_one(&n, s, &s->runs[i], &o, is_sound, e);
    stop_unwatch();
    if (!e->code && stop_requested())
        err_set(e, ERR_INTERRUPTED,
                "%s: stopped by %s; %td of %td runs to do were taken from %s: "
                "the same command goes on",
                s->dir, stop_name(), n.n_taken, n.n, from);
    if (!e->code)
        tell(out, &n, s, from);
    release_offers(&o);
    return e->code;
}

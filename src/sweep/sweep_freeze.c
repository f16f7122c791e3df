#include "sweep/sweep_freeze.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config_differ.h"
#include "config/config_when.h"
#include "data/paths.h"
#include "io/fsys.h"
#include "io/fsys_tree.h"
#include "io/ini.h"
#include "io/sealed_text.h"
#include "sweep/sweep_journal.h"

static int out_of_memory(struct err *e)
{
    return err_memory(e, NULL);
}

/* Replace the file, unless it holds this text already, and its seal. */
static int write_if_new(const char *path, const char *text, struct err *e)
{
    char *now = NULL;
    size_t n = 0, length = strlen(text);
    bool is_same = access(path, F_OK) == 0 &&
                   sealed_text_read(&now, &n, NULL, path, INI_FILE_MAX,
                                    ERR_DATA, "", ERR_IGNORED) == OK &&
                   n == length && !memcmp(now, text, n);
    free(now);
    return is_same ? OK : sealed_text_write(path, text, length, e);
}

static int write_config(const char *path, const struct config *c, struct err *e)
{
    char *text = config_print(c, NULL);
    int rc = text ? write_if_new(path, text, e) : out_of_memory(e);
    free(text);
    return rc;
}

/* --- runs that are in the list ------------------------------------------ */

static bool is_same(const struct config *a, const struct config *b)
{
    for (struct config_key k = { 0 }; config_next_key(&k);)
        if (config_value_order(a, b, k) != 0)
            return false;
    return true;
}

/* Where the files lie now that a run reads. */
static void copy_paths(struct config *kept, const struct config *wanted)
{
    data_copy_paths(&kept->data, &wanted->data);
    if (kept->sink.path[0] && wanted->sink.path[0])
        key_copy_text(kept->sink.path, wanted->sink.path);
}

/* Cosmetic settings reach a run that has not begun; another one keeps its own,
 * but learns where its text lies now. */
static int update_config(const struct sweep *s, const struct sweep_run *r,
                         const struct config *wanted, struct sweep_news *news,
                         struct err *e)
{
    char path[RUN_PATH_MAX];
    struct config kept;
    struct err damage = { 0 };
    sweep_config_path(path, s, r);
    bool has_begun = sweep_run_state(s, r, NULL, ERR_IGNORED) != RUN_PENDING;
    int rc = sweep_config_load(&kept, s, r, &damage);
    bool is_there = true;
    if (rc == ERR_IO && fsys_exists(&is_there, path, e))
        return e->code;
    if (rc == ERR_CONFIG || !is_there) {
        news->repaired++; /* damaged, or gone */
        return write_config(path, wanted, e);
    }
    if (rc)
        return err_set(e, rc, "%s", damage.text);
    config_drop_idle(&kept); /* an earlier version kept them */
    if (has_begun)
        copy_paths(&kept, wanted);
    if (!is_same(&kept, wanted))
        ++*(has_begun ? &news->kept : &news->updated);
    return write_config(path, has_begun ? &kept : wanted, e);
}

/* --- new ones ----------------------------------------------------------- */

/* With tabs between them, as the list has them; NULL: none. */
static const char *join_changes(struct pool *pool,
                                const struct sweep_point *point)
{
    struct text t = { 0 };
    for (idx i = 0; i < point->n_changes; i++)
        t.cap_bytes += strlen(point->changes[i]) + 1;
    t.at = t.cap_bytes ? pool_bytes(pool, t.cap_bytes) : NULL;
    for (idx i = 0; i < point->n_changes && t.at; i++)
        text_add(&t, "%s%s", i ? "\t" : "", point->changes[i]);
    return t.at;
}

static int add_run(struct sweep *s, const struct sweep_point *point,
                   const struct config *c, struct err *e)
{
    struct sweep_run *r = &s->runs[s->n];
    char path[RUN_PATH_MAX];
    *r = (struct sweep_run){
        .index = s->n,
        .name = pool_print(&s->memory, "%04td%s%s", s->n,
                           *point->label ? "-" : "", point->label),
        .changes = join_changes(&s->memory, point),
    };
    strcpy(r->id, point->id);
    strcpy(r->now, point->id);
    if (pool_check(&s->memory, e))
        return e->code;
    s->n++;
    sweep_config_path(path, s, r);
    return write_config(path, c, e);
}

/* Room for n runs more; the list is read, or there is none. */
static int make_room(struct sweep *s, idx n, struct err *e)
{
    struct sweep_run *runs =
        pool_bytes(&s->memory, (size_t)(s->n + n) * sizeof *runs);
    if (!runs)
        return out_of_memory(e);
    if (s->n)
        memcpy(runs, s->runs, (size_t)s->n * sizeof *runs);
    s->runs = runs;
    return OK;
}

/* --- the whole ---------------------------------------------------------- */

/* Every point becomes a run, or is found to be one (is_wanted); s->by_id knows
 * the runs of before. */
static int match_points(struct sweep *s, struct sweep_file *f,
                        const struct sweep_points *p, bool *is_wanted,
                        struct sweep_news *news, struct err *e)
{
    struct sweep before = *s; /* sweep_find sees these only */
    for (idx i = 0; i < p->n; i++) {
        struct config c;
        if (sweep_point_config(&c, f, &p->points[i], e))
            return e->code;
        const struct sweep_run *r = sweep_find(&before, p->points[i].id);
        if (r) {
            is_wanted[r->index] = true;
            if (update_config(s, r, &c, news, e))
                return e->code;
            continue;
        }
        is_wanted[s->n] = true;
        news->added++;
        if (add_run(s, &p->points[i], &c, e))
            return e->code;
    }
    return OK;
}

static void mark_dropped(struct sweep *s, const bool *is_wanted,
                         struct sweep_news *news)
{
    for (idx i = 0; i < s->n; i++) {
        struct sweep_run *r = &s->runs[i];
        news->dropped += !is_wanted[i] && !r->is_dropped;
        news->revived += is_wanted[i] && r->is_dropped;
        r->is_dropped = !is_wanted[i];
    }
}

static int write_file(const struct sweep *s, const struct sweep_file *f,
                      struct err *e)
{
    char path[RUN_PATH_MAX];
    char *text = sweep_file_print(f);
    sweep_path(path, s->dir, SWEEP_COPY);
    int rc = text ? write_if_new(path, text, e) : out_of_memory(e);
    free(text);
    return rc;
}

static int note(const struct sweep *s, const struct sweep_news *news,
                struct err *e)
{
    char detail[SWEEP_DETAIL_MAX];
    snprintf(detail, sizeof detail,
             "%td runs: %td added, %td no longer asked for, %td asked for "
             "again",
             s->n, news->added, news->dropped, news->revived);
    return sweep_journal_append(s, NULL, EVENT_FROZEN, detail, e);
}

/* Leftovers of writers that were killed. */
static int tidy(const struct sweep *s, struct err *e)
{
    char path[RUN_PATH_MAX];
    sweep_path(path, s->dir, SWEEP_CONFIGS);
    if (fsys_mkdirs(path, e) || fsys_remove_stale(path, e))
        return e->code;
    sweep_path(path, s->dir, SWEEP_PART);
    if (fsys_tree_clear(path, e))
        return e->code;
    return fsys_remove_stale(s->dir, e);
}

int sweep_freeze(struct sweep *s, struct sweep_file *f,
                 const struct sweep_points *p, struct sweep_news *news,
                 struct err *e)
{
    bool *is_wanted = NULL, holds;
    BUG_ON(!s->lock.is_held);
    if (sweep_holds_sweep(&holds, s->dir, e))
        return e->code;
    *news = (struct sweep_news){ .is_new = !holds };
    if (tidy(s, e) ||
        (!news->is_new && (sweep_read(s, e) || sweep_journal_check(s, e) ||
                           sweep_journal_mend(s, e) || sweep_identify(s, e))) ||
        make_room(s, p->n, e))
        goto out;
    is_wanted = calloc((size_t)(s->n + p->n), sizeof *is_wanted);
    if (!is_wanted) {
        out_of_memory(e);
        goto out;
    }
    if (match_points(s, f, p, is_wanted, news, e))
        goto out;
    mark_dropped(s, is_wanted, news);
    bool has_changed = news->added || news->dropped || news->revived;
    if (sweep_order(s, e) || (!f->is_frozen && write_file(s, f, e)) ||
        (has_changed && (sweep_write(s, e) || note(s, news, e))))
        goto out;
out:
    free(is_wanted);
    return e->code;
}

/* --- telling ------------------------------------------------------------ */

static void print_news(FILE *out, const struct sweep *s,
                       const struct sweep_points *p, const struct sweep_news *n)
{
    const struct {
        idx n;
        const char *what;
    } lines[] = {
        { n->is_new ? 0 : n->added, "are new in the file and were added" },
        { n->dropped, "are no longer asked for, by the file or sweep.seeds: "
                      "they stay, but are not started" },
        { n->revived, "are asked for again" },
        { n->updated, "that have not begun take the file's new cosmetic "
                      "settings" },
        { n->kept, "that have begun keep their former cosmetic settings" },
        { n->repaired, "had a frozen configuration that was damaged or "
                       "missing; it was written anew" },
    };
    for (idx i = 0; i < COUNT_OF(lines); i++)
        if (lines[i].n)
            fprintf(out, "%s: %td runs %s\n", s->dir, lines[i].n,
                    lines[i].what);
    sweep_points_tell(out, "note: ", p);
    fflush(out);
}

int sweep_update(struct sweep *s, struct sweep_file *f, FILE *out,
                 struct err *e)
{
    struct sweep_points p = { 0 };
    struct sweep_news news;
    if (!sweep_expand(&p, f, e) && !sweep_lock(s, f->dir, e) &&
        !sweep_freeze(s, f, &p, &news, e))
        print_news(out, s, &p, &news);
    sweep_points_release(&p);
    return e->code;
}

int sweep_open_or_make(struct sweep *s, struct sweep_file *f, struct err *e)
{
    const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
    for (;;) {
        struct err busy = { 0 };
        bool holds;
        if (sweep_place_check(f->dir, e) ||
            sweep_holds_sweep(&holds, f->dir, e))
            return e->code;
        if (holds)
            return sweep_open(s, f->dir, e);
        if (sweep_update(s, f, stdout, &busy) == OK) {
            lock_release(&s->lock);
            return OK;
        }
        sweep_close(s);
        if (busy.code != ERR_BUSY) /* another process is making it */
            return err_pass(e, &busy);
        nanosleep(&pause, NULL);
    }
}

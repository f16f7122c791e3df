/* What `sinklab verify` checks of a sweep, beside its runs. */
#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/fsys.h"
#include "run/metrics.h"
#include "run/run_list.h"
#include "sweep/sweep_journal.h"
#include "train/train_target.h"

/* The frozen configuration: as written, of the identity that the list has, and
 * that of the run's folder. */
static void check_config(struct verify *v, const struct sweep *s,
                         const struct sweep_run *r, const char *dir)
{
    char name[SWEEP_NAME_MAX + 16], path[RUN_PATH_MAX];
    char id[CONFIG_ID_MAX];
    struct config frozen, own;
    struct err e = { 0 };
    static const char remedy[] = "`sinklab sweep FOLDER` writes it anew";
    snprintf(name, sizeof name, SWEEP_CONFIGS "/%s.ini", r->name);
    if (!verify_seal(v, s->dir, name, ERR_CONFIG, remedy, remedy))
        return;
    sweep_config_path(path, s, r);
    if (sweep_config_load(&frozen, s, r, &e)) {
        verify_say(v, e.code, "%s", e.text);
        return;
    }
    sweep_identity(id, &frozen);
    if (strcmp(id, r->id) != 0)
        verify_say(v, ERR_CONFIG,
                   "%s: has identity %s, runs.list says %s; `sinklab sweep "
                   "FOLDER` writes it anew",
                   path, id, r->id);
    if (run_config_load(&own, dir, ERR_IGNORED) == OK &&
        !train_same_run(&frozen, &own))
        verify_say(v, ERR_CONFIG,
                   "%s: has other settings than the config.ini of its run; put "
                   "the right one of the two back",
                   path);
}

/* What the journal says last, against the run's own folder. */
static void check_end(struct verify *v, const struct sweep *s,
                      const struct sweep_run *r,
                      const struct sweep_record *record)
{
    char path[RUN_PATH_MAX];
    enum run_state state = sweep_run_state(s, r, NULL, ERR_IGNORED);
    bool was_done = record->last == RUN_DONE || record->last == EVENT_TAKEN;
    if (!was_done || state == RUN_DONE || state == RUN_RUNNING)
        return;
    sweep_path(path, s->dir, r->name);
    verify_say(v, ERR_DATA,
               "%s: is %s, but the journal says that it was done; put the "
               "folder back, or `sinklab sweep FOLDER` computes it again",
               path, run_state_word(state));
}

/* false, and said: it is not there. */
static bool has_file(struct verify *v, const char *dir, const char *name,
                     const char *remedy)
{
    char path[RUN_PATH_MAX];
    bool is_there = true;
    struct err e = { 0 };
    sweep_path(path, dir, name);
    if (fsys_exists(&is_there, path, &e) == OK && !is_there)
        verify_say(v, ERR_DATA, "%s: is missing; %s", path, remedy);
    return is_there || e.code; /* who reads it says what the system says */
}

/* Where a run has begun, its start was written down. */
static void check_journal(struct verify *v, const struct sweep *s)
{
    for (idx i = 0; i < s->n; i++)
        if (sweep_run_state(s, &s->runs[i], NULL, ERR_IGNORED) != RUN_PENDING) {
            has_file(v, s->dir, SWEEP_JOURNAL,
                     "put a copy back, or `sinklab sweep FOLDER` begins a new "
                     "one (it is history only)");
            return;
        }
}

/* A torn last line is dropped by readers, and cut off by the next writer. */
static void check_torn(struct verify *v, const struct sweep *s)
{
    char path[RUN_PATH_MAX], *text;
    struct err e = { 0 };
    size_t n;
    sweep_path(path, s->dir, SWEEP_JOURNAL);
    if (access(path, F_OK))
        return;
    if (fsys_read_file(&text, &n, path, TABLE_MAX_BYTES, &e)) {
        verify_say(v, e.code, "%s", e.text);
        return;
    }
    if (n == 0 || text[n - 1] != '\n')
        verify_say(v, ERR_DATA,
                   "%s: its last line is cut off, by a writer that was killed "
                   "perhaps; the next `sinklab sweep FOLDER` drops it",
                   path);
    free(text);
}

static int check_runs(struct verify *v, const struct sweep *s, struct err *e)
{
    struct sweep_record *records = calloc((size_t)s->n + 1, sizeof *records);
    struct err own = { 0 };
    if (!records)
        return err_memory(e, NULL);
    if (sweep_journal_read(records, s, &own)) {
        verify_say(v, own.code, "%s", own.text);
        memset(records, 0, (size_t)s->n * sizeof *records);
    }
    for (idx i = 0; i < s->n && !e->code; i++) {
        char dir[RUN_DIR_MAX];
        sweep_run_dir(dir, s, &s->runs[i]);
        check_config(v, s, &s->runs[i], dir);
        check_end(v, s, &s->runs[i], &records[i]);
        bool is_run = false;
        own = (struct err){ 0 };
        if (run_holds_run(&is_run, dir, &own))
            verify_say(v, own.code, "%s", own.text);
        else if (is_run)
            verify_run(v, dir, e);
    }
    free(records);
    return e->code;
}

/* Without the list: what runs there are. */
static int check_unlisted_runs(struct verify *v, const char *dir, struct err *e)
{
    struct run_list list = { 0 };
    int rc = run_list_below(&list, dir, e);
    for (idx i = 0; i < list.n && rc == OK; i++)
        rc = verify_run(v, list.paths[i], e);
    run_list_release(&list);
    return rc;
}

int verify_sweep(struct verify *v, const char *dir, struct err *e)
{
    struct sweep s = { 0 };
    struct err own = { 0 };
    if (!verify_is_new(v, dir, e))
        return e->code;
    v->n_sweeps++;
    bool is_used = verify_lock(v, dir);
    verify_seal(v, dir, SWEEP_COPY, ERR_CONFIG,
                "undo the change, or `sinklab sweep FILE` with the sweep's "
                "file writes it anew",
                "put a copy back, or `sinklab sweep FILE` with the sweep's "
                "file writes it anew");
    if (!is_used) {
        verify_temporaries(v, dir, "");
        verify_temporaries(v, dir, SWEEP_CONFIGS);
    }
    bool has_list = has_file(v, dir, SWEEP_LIST,
                             "put a copy back, or `sinklab sweep FILE "
                             "run.dir=OTHER` begins in another folder");
    if (!has_list || sweep_open(&s, dir, &own)) {
        verify_err(v, &own);
        check_unlisted_runs(v, dir, e);
    } else {
        if (!is_used) {
            check_journal(v, &s);
            check_torn(v, &s);
        }
        check_runs(v, &s, e);
    }
    sweep_close(&s);
    return e->code;
}

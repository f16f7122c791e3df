#include "sweep/sweep_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/paths.h"
#include "data/prepared.h"
#include "io/fsys.h"
#include "io/place.h"
#include "io/sealed_line.h"
#include "io/tail.h"
#include "metric/columns.h"

/* KEEP WITH: docs/FORMATS.md */
enum { LIST_VERSION = 2, LIST_MAX_BYTES = 1 << 28 };
static const char list_word[] = "sinklab-sweep-list";
static const char is_in[] = "in", is_out[] = "out", end_word[] = "end";

/* ---- paths -------------------------------------------------------------- */

void sweep_path(char path[RUN_PATH_MAX], const char *dir, const char *name)
{
    run_path(path, dir, name);
}

void sweep_config_path(char path[RUN_PATH_MAX], const struct sweep *s,
                       const struct sweep_run *r)
{
    char name[SWEEP_NAME_MAX + 16];
    snprintf(name, sizeof name, SWEEP_CONFIGS "/%s.ini", r->name);
    run_path(path, s->dir, name);
}

void sweep_run_dir(char path[RUN_DIR_MAX], const struct sweep *s,
                   const struct sweep_run *r)
{
    char whole[RUN_PATH_MAX];
    run_path(whole, s->dir, r->name);
    size_t n = strlen(whole);
    BUG_ON(n >= RUN_DIR_MAX); /* SWEEP_DIR_MAX leaves room */
    memcpy(path, whole, n + 1);
}

void sweep_log_path(char path[RUN_PATH_MAX], const struct sweep *s,
                    const struct sweep_run *r)
{
    char name[SWEEP_NAME_MAX + 16];
    snprintf(name, sizeof name, "%s/" RUN_OUTPUT, r->name);
    run_path(path, s->dir, name);
}

int sweep_config_load(struct config *c, const struct sweep *s,
                      const struct sweep_run *r, struct err *e)
{
    char path[RUN_PATH_MAX];
    sweep_config_path(path, s, r);
    return config_load_sealed(c, path, "`sinklab sweep FOLDER` writes it anew",
                              e);
}

bool sweep_file_is_one(const char *name)
{
    return strcmp(name, SWEEP_LIST) == 0 || strcmp(name, SWEEP_JOURNAL) == 0 ||
           strcmp(name, SWEEP_COPY) == 0;
}

int sweep_holds_sweep(bool *holds, const char *dir, struct err *e)
{
    *holds = false;
    return *dir && strlen(dir) < SWEEP_DIR_MAX
               ? run_file_exists(holds, dir, SWEEP_LIST, e)
               : OK;
}

static int set_dir(struct sweep *s, const char *dir, struct err *e)
{
    size_t n = path_length(dir);
    if (n == 0 || n >= SWEEP_DIR_MAX)
        return err_set(e, ERR_CONFIG,
                       "sweep folder: a path of %zu bytes, want 1 to %d", n,
                       SWEEP_DIR_MAX - 1);
    memcpy(s->dir, dir, n);
    s->dir[n] = '\0';
    return OK;
}

/* ---- runs.list: reading ------------------------------------------------- */

/* A name that is one folder here, and ours. */
static bool is_name(const char *name)
{
    return *name && *name != '.' && strlen(name) < SWEEP_NAME_MAX &&
           !strchr(name, '/');
}

/* index, identity, in or out, name, changes; false: not as we write it. */
static bool parse_run(struct sweep_run *r, struct pool *pool, idx index,
                      char *line)
{
    idx n_fields = text_count(line, '\t') + 1;
    char *end, *number = sealed_line_field(&line);
    char *id = sealed_line_field(&line), *state = sealed_line_field(&line);
    char *name = sealed_line_field(&line);
    if (n_fields < 4 || strtoll(number, &end, 10) != index || *end ||
        strlen(id) != CONFIG_ID_MAX - 1 || !is_name(name) ||
        (strcmp(state, is_in) != 0 && strcmp(state, is_out) != 0))
        return false;
    *r = (struct sweep_run){
        .index = index,
        .is_dropped = !strcmp(state, is_out),
        .name = pool_text(pool, name, SIZE_MAX),
        .changes = line ? pool_text(pool, line, SIZE_MAX) : NULL,
    };
    strcpy(r->id, id);
    strcpy(r->now, id);
    return true;
}

/* "end", how many runs there are; and nothing behind it. */
static bool is_end(const char *line, idx n_runs, const char *rest)
{
    char want[64];
    snprintf(want, sizeof want, "%s\t%td", end_word, n_runs);
    return strcmp(line, want) == 0 && !*rest;
}

static int parse_list(struct sweep *s, const char *path, char *text,
                      struct err *e)
{
    idx cap = text_count(text, '\n'); /* one too many: the head */
    int rc = sealed_line_head(&text, path, list_word, LIST_VERSION,
                              SWEEP_ELSEWHERE, e);
    if (rc)
        return rc;
    s->runs = pool_bytes(&s->memory, (size_t)cap * sizeof *s->runs);
    rc = pool_check(&s->memory, e);
    if (rc)
        return rc;
    bool is_ended = false, is_good = true;
    while (is_good && !is_ended) {
        char *line = sealed_line_next(&text);
        is_good = line && sealed_line_open(line);
        is_ended = is_good && is_end(line, s->n, text);
        if (is_good && !is_ended) {
            is_good = parse_run(&s->runs[s->n], &s->memory, s->n, line);
            s->n += is_good;
        }
    }
    if (!is_ended)
        return err_set(e, ERR_DATA,
                       "%s:%td: damaged: this line is not what was written; "
                       "put a copy of the file back, or start in another "
                       "folder",
                       path, s->n + 2);
    return pool_check(&s->memory, e);
}

int sweep_read(struct sweep *s, struct err *e)
{
    char path[RUN_PATH_MAX], *text;
    size_t n;
    sweep_path(path, s->dir, SWEEP_LIST);
    int rc = fsys_read_file(&text, &n, path, LIST_MAX_BYTES, e);
    if (rc)
        return rc;
    if (memchr(text, '\0', n))
        rc = err_set(e, ERR_DATA,
                     "%s: damaged: it holds NUL bytes; put a copy of the file "
                     "back, or start in another folder",
                     path);
    else
        rc = parse_list(s, path, text, e);
    free(text);
    return rc ? rc : sweep_order(s, e);
}

/* ---- identities --------------------------------------------------------- */

static int compare_ids(const void *a, const void *b, void *runs)
{
    const struct sweep_run *all = runs;
    return strcmp(all[*(const idx *)a].now, all[*(const idx *)b].now);
}

int sweep_order(struct sweep *s, struct err *e)
{
    s->by_id = pool_bytes(&s->memory, (size_t)s->n * sizeof *s->by_id);
    int rc = pool_check(&s->memory, e);
    if (rc)
        return rc;
    for (idx i = 0; i < s->n; i++)
        s->by_id[i] = i;
    qsort_r(s->by_id, (size_t)s->n, sizeof *s->by_id, compare_ids, s->runs);
    return OK;
}

void sweep_identity(char id[CONFIG_ID_MAX], const struct config *c)
{
    struct config plain = *c;
    if (plain.data.hash[0])
        data_forget_paths(&plain.data);
    config_id(id, &plain);
}

int sweep_identify(struct sweep *s, struct err *e)
{
    for (idx i = 0; i < s->n; i++) {
        struct config c;
        if (sweep_config_load(&c, s, &s->runs[i], ERR_IGNORED) == OK)
            sweep_identity(s->runs[i].now, &c);
    }
    return sweep_order(s, e);
}

const struct sweep_run *sweep_find(const struct sweep *s, const char *id)
{
    idx low = 0, high = s->n;
    while (low < high) {
        idx middle = low + (high - low) / 2;
        const struct sweep_run *r = &s->runs[s->by_id[middle]];
        int order = strcmp(r->now, id);
        if (order == 0)
            return r;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- runs.list: writing ------------------------------------------------- */

int sweep_write(const struct sweep *s, struct err *e)
{
    char path[RUN_PATH_MAX];
    size_t most = 256;
    for (idx i = 0; i < s->n; i++)
        most += 128 + SWEEP_NAME_MAX +
                (s->runs[i].changes ? strlen(s->runs[i].changes) : 0);
    struct text t = { .at = malloc(most), .cap_bytes = most };
    if (!t.at)
        return err_memory(e, NULL);
    text_add(&t, "%s %d\n", list_word, LIST_VERSION);
    for (idx i = 0; i < s->n; i++) {
        const struct sweep_run *r = &s->runs[i];
        size_t start = t.n;
        text_add(&t, "%04td\t%s\t%s\t%s%s%s", i, r->id,
                 r->is_dropped ? is_out : is_in, r->name,
                 r->changes ? "\t" : "", r->changes ? r->changes : "");
        sealed_line_end(&t, start);
    }
    size_t start = t.n;
    text_add(&t, "%s\t%td", end_word, s->n);
    sealed_line_end(&t, start);
    BUG_ON(t.n >= t.cap_bytes);
    sweep_path(path, s->dir, SWEEP_LIST);
    int rc = fsys_replace(path, t.at, t.n, e);
    free(t.at);
    return rc;
}

/* ---- opening ------------------------------------------------------------ */

int sweep_open(struct sweep *s, const char *dir, struct err *e)
{
    bool holds = false;
    *s = (struct sweep){ 0 };
    int rc = set_dir(s, dir, e);
    if (rc == OK)
        rc = sweep_holds_sweep(&holds, s->dir, e);
    if (rc == OK && !holds)
        rc = err_set(e, ERR_IO,
                     "%s holds no sweep: no runs.list is there: name a "
                     "folder that `sinklab sweep FILE` made",
                     s->dir);
    if (rc == OK)
        rc = sweep_read(s, e);
    if (rc)
        sweep_close(s);
    return rc;
}

void sweep_close(struct sweep *s)
{
    lock_release(&s->lock);
    pool_release(&s->memory);
    *s = (struct sweep){ 0 };
}

/* What a sweep may not be put into. */
static int check_free(const struct sweep *s, struct err *e)
{
    bool has_list, has_run, has_journal;
    const struct stored_query corpus = { .path = s->dir };
    struct prepared found;
    /* The journal first: a sweep that is being made has its list before it */
    if (run_file_exists(&has_journal, s->dir, SWEEP_JOURNAL, e) ||
        run_file_exists(&has_list, s->dir, SWEEP_LIST, e) ||
        run_holds_run(&has_run, s->dir, e))
        return e->code;
    if (has_list)
        return OK;
    if (has_run)
        return err_set(e, ERR_BUSY,
                       "%s holds a single run: give another run.dir for the "
                       "sweep",
                       s->dir);
    if (run_place_outside(s->dir, "run.dir", e) ||
        prepared_read(&found, &corpus, e))
        return e->code;
    if (found.is_one)
        return err_set(e, ERR_BUSY,
                       "%s holds a corpus: give another run.dir for the sweep",
                       s->dir);
    if (has_journal)
        return err_set(e, ERR_DATA,
                       "%s has a journal, but runs.list is missing: put it "
                       "back, or give another run.dir",
                       s->dir);
    return OK;
}

int sweep_place_check(const char *dir, struct err *e)
{
    struct sweep s = { 0 };
    return set_dir(&s, dir, e) ? e->code : check_free(&s, e);
}

int sweep_lock(struct sweep *s, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    *s = (struct sweep){ 0 };
    int rc = set_dir(s, dir, e);
    if (rc == OK)
        rc = check_free(s, e);
    if (rc == OK)
        rc = fsys_mkdirs(s->dir, e);
    if (rc == OK) {
        sweep_path(path, s->dir, RUN_LOCK);
        rc = lock_take(&s->lock, path, s->dir, e);
    }
    if (rc)
        sweep_close(s);
    return rc;
}

/* ---- states ------------------------------------------------------------- */

enum run_state sweep_run_state(const struct sweep *s, const struct sweep_run *r,
                               struct run_status *found, struct err *e)
{
    char dir[RUN_DIR_MAX];
    bool has_status;
    sweep_run_dir(dir, s, r);
    if (run_file_exists(&has_status, dir, RUN_STATUS, ERR_IGNORED) ||
        has_status)
        return run_look(found, dir, e);
    if (found)
        *found = (struct run_status){ 0 };
    return RUN_PENDING;
}

_Static_assert(RUN_LINE_MAX + HASH_HEX_MAX <= TAIL_MAX,
               "a row of metrics.csv is read whole");

int sweep_run_logged(idx *step, double *loss, const struct sweep *s,
                     const struct sweep_run *r, struct err *e)
{
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX], row[TAIL_MAX], *at;
    sweep_run_dir(dir, s, r);
    run_path(path, dir, RUN_METRICS);
    int rc = tail_line(row, sizeof row, path, true, e);
    if (rc != OK || *row < '0' || *row > '9')
        return rc; /* not begun, or its header alone */
    *step = (idx)strtoll(row, &at, 10);
    if (loss && *at == ',' && (at = strchr(at + 1, ',')) && at[1] != ',')
        *loss = strtod(at + 1, NULL);
    return OK;
}

/* verify.c - `sinklab verify`: the command, and the checks of single files. */
#include "verify/verify.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/grow.h"
#include "base/shell.h"
#include "base/utf8.h"
#include "io/fsys.h"
#include "io/sealed_text.h"
#include "io/table.h"
#include "run/metrics.h"
#include "run/run_list.h"
#include "sweep/sweep_folder.h"

/* Gravest first. */
static const int order[] = { ERR_IO, ERR_CHECKPOINT, ERR_CONFIG, ERR_DATA };

static int rank(int code)
{
    for (int i = 0; i < COUNT_OF(order); i++)
        if (order[i] == code)
            return i;
    return COUNT_OF(order);
}

static void put_finding(struct json *j, int code, const char *format,
                        va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0) {
        j->is_out_of_memory = true;
        return;
    }
    json_begin_object(j, NULL);
    json_put_count(j, "status", code);
    json_put_text(j, "finding", text);
    json_end(j);
    free(text);
}

/* Names in it must not steer a terminal. */
static void put_line(FILE *out, const char *format, va_list args)
{
    char *text = NULL;
    int n = vasprintf(&text, format, args);
    if (n > 0)
        utf8_print(out, text, (size_t)n, true);
    else
        fputs(format, out); /* no memory: better than nothing */
    fputc('\n', out);
    free(text);
}

void verify_say(struct verify *v, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (v->json) {
        put_finding(v->json, code, format, args);
    } else {
        put_line(v->out, format, args);
    }
    va_end(args);
    v->n_findings++;
    if (v->code == OK || rank(code) < rank(v->code))
        v->code = code;
}

bool verify_err(struct verify *v, const struct err *e)
{
    if (e->code)
        verify_say(v, e->code, "%s", e->text);
    return e->code != OK;
}

/* ---- what was checked already ------------------------------------------ */

struct folder_id {
    dev_t device;
    ino_t inode;
};

bool verify_is_new(struct verify *v, const char *dir, struct err *e)
{
    struct stat st;
    if (stat(dir, &st)) /* told when it is read */
        return true;
    for (idx i = 0; i < v->n_seen; i++)
        if (v->seen[i].device == st.st_dev && v->seen[i].inode == st.st_ino)
            return false;
    if (!GROW(v->seen, v->n_seen)) {
        err_memory(e, dir);
        return false;
    }
    v->seen[v->n_seen++] = (struct folder_id){ st.st_dev, st.st_ino };
    return true;
}

void verify_release(struct verify *v)
{
    free(v->seen);
    v->seen = NULL;
    v->n_seen = 0;
}

/* ---- single files ------------------------------------------------------ */

bool verify_seal(struct verify *v, const char *dir, const char *name, int code,
                 const char *remedy, const char *lost)
{
    char path[RUN_PATH_MAX], *text = NULL;
    size_t n;
    bool is_sealed = false, is_there = false;
    struct err e = { 0 };
    run_path(path, dir, name);
    if (fsys_exists(&is_there, path, &e) == OK && !is_there)
        verify_say(v, code, "%s: is missing; %s", path, lost);
    else if (e.code || sealed_text_read(&text, &n, &is_sealed, path,
                                        TABLE_MAX_BYTES, code, remedy, &e))
        verify_say(v, e.code, "%s", e.text);
    else if (!is_sealed)
        verify_say(v, code,
                   "%s: not protected: its seal is missing, as in files of "
                   "older versions; damage in it would not show",
                   path);
    free(text);
    return is_there && e.code == OK;
}

bool verify_lock(struct verify *v, const char *dir)
{
    char path[RUN_PATH_MAX];
    struct err e = { 0 };
    bool is_taken = false;
    run_path(path, dir, RUN_LOCK);
    /* Once more behind the check: it may have been half written */
    if (lock_is_taken(&is_taken, path, &e) == OK && !is_taken &&
        lock_check(path, &e) == ERR_DATA)
        lock_is_taken(&is_taken, path, ERR_IGNORED);
    if (!is_taken)
        verify_err(v, &e); /* what cannot be looked at is said once */
    return is_taken;
}

static bool is_folder_in(DIR *folder, const char *name)
{
    struct stat st;
    return fstatat(dirfd(folder), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(st.st_mode);
}

/* No writer makes a folder of such a name. */
void verify_temporaries(struct verify *v, const char *dir, const char *name)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, name);
    DIR *folder = opendir(path);
    if (!folder)
        return; /* another check says so */
    for (struct dirent *d; (d = readdir(folder));)
        if (fsys_is_temporary(d->d_name) && !is_folder_in(folder, d->d_name))
            verify_say(v, ERR_DATA,
                       "%s%s%s: left by a writer that was killed; remove it, "
                       "or the next `sinklab train` does",
                       path, path[strlen(path) - 1] == '/' ? "" : "/",
                       d->d_name);
    closedir(folder);
}

/* ---- logs -------------------------------------------------------------- */

/* Of a walk over a log. */
struct log_check {
    struct verify *v;
    struct verified_log *log;
    const char *path;
};

static int take_row(void *user, const struct metrics_row *row)
{
    struct log_check *c = user;
    struct verified_log *log = c->log;
    if (!GROW(log->rows, log->n))
        return ERR_MEMORY;
    log->rows[log->n++] = *row;
    log->is_damaged |= !row->is_sound;
    if (!row->is_sound)
        verify_say(c->v, ERR_DATA,
                   "%s:%td: damaged: this row was changed, or the line in "
                   "front of it was changed or lost; put a copy of the file "
                   "back",
                   c->path, row->line);
    return OK;
}

/* Where no hashes say what was written: as those read it who use its numbers.
 */
static void check_numbers(struct verify *v, const char *path)
{
    struct table t = { 0 };
    struct err e = { 0 };
    table_read_steps(&t, path, NULL, &e);
    verify_err(v, &e);
    table_release(&t);
}

bool verify_log(struct verify *v, struct verified_log *log, const char *dir,
                const char *name)
{
    char path[RUN_PATH_MAX], word[2 * RUN_DIR_MAX];
    struct err e = { 0 };
    struct log_check c = { v, log, path };
    bool is_there = false;
    *log = (struct verified_log){ 0 };
    run_path(path, dir, name);
    shell_word(word, sizeof word, dir);
    if (fsys_exists(&is_there, path, &e) == OK && !is_there) {
        verify_say(v, ERR_DATA,
                   "%s: is missing; put a copy back, or `sinklab train %s "
                   "--restart` computes all rows again",
                   path, word);
        return false;
    }
    if (e.code == OK && metrics_walk(path, &log->header, &log->is_torn,
                                     take_row, &c, &e) == ERR_MEMORY)
        err_memory(&e, path);
    bool is_told = verify_err(v, &e);
    if (e.code == ERR_DATA && strcmp(name, RUN_SAMPLES) != 0)
        check_numbers(v, path);
    return !is_told;
}

void verified_log_release(struct verified_log *log)
{
    free(log->rows);
    *log = (struct verified_log){ 0 };
}

/* ---- the command ------------------------------------------------------- */

/* Is it a sweep, or was it one before its list was lost? */
static int holds_sweep(bool *holds, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    if (sweep_holds_sweep(holds, dir, e) || *holds || !*dir ||
        strlen(dir) >= SWEEP_DIR_MAX ||
        run_file_exists(holds, dir, SWEEP_COPY, e) || !*holds)
        return e->code;
    run_path(path, dir, SWEEP_CONFIGS);
    return fsys_is_folder(holds, path, e);
}

/* A run that was found, or once the sweep that holds it: `last` is the folder
 * of the run before, and whether that is a sweep. Runs come by folders. */
struct parent {
    char dir[FSYS_PATH_MAX];
    bool is_sweep;
};

static int verify_found(struct verify *v, struct parent *last, const char *path,
                        struct err *e)
{
    struct parent p = { 0 };
    const char *slash = strrchr(path, '/');
    snprintf(p.dir, sizeof p.dir, "%.*s", slash ? (int)(slash - path) : 0,
             path);
    if (strcmp(p.dir, last->dir) == 0)
        return last->is_sweep ? OK : verify_run(v, path, e);
    if (holds_sweep(&p.is_sweep, p.dir, e))
        return e->code;
    *last = p;
    return p.is_sweep ? verify_sweep(v, p.dir, e) : verify_run(v, path, e);
}

int verify_folder(struct verify *v, const char *dir, struct err *e)
{
    struct run_list list = { 0 };
    if (strlen(dir) >= SWEEP_DIR_MAX)
        return err_set(e, ERR_USAGE, "%.60s...: path too long", dir);
    bool is_sweep = false, is_run = false;
    if (holds_sweep(&is_sweep, dir, e) || run_holds_run(&is_run, dir, e))
        return e->code;
    if (is_sweep || is_run)
        return is_sweep ? verify_sweep(v, dir, e) : verify_run(v, dir, e);
    int rc = run_list_find(&list, dir, RUN_LIST_ALL, e);
    if (rc == OK && list.n == 0)
        rc = run_none(dir, RUN_WANTED, e);
    struct parent last = { 0 };
    for (idx i = 0; i < list.n && rc == OK; i++)
        rc = verify_found(v, &last, list.paths[i], e);
    run_list_release(&list);
    return rc;
}

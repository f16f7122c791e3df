/* verify.c - `sinklab verify`: the command, and the checks of single files. */
#include "verify/verify.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/fsys.h"
#include "io/sealed_line.h"
#include "io/sealed_text.h"
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

void verify_say(struct verify *v, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(v->out, format, args);
    va_end(args);
    fputc('\n', v->out);
    v->n_findings++;
    if (v->code == OK || rank(code) < rank(v->code))
        v->code = code;
}

/* ---- single files ------------------------------------------------------ */

bool verify_seal(struct verify *v, const char *dir, const char *name, int code,
                 const char *remedy)
{
    char path[RUN_PATH_MAX], *text = NULL;
    size_t n;
    bool is_sealed = false, is_there = false;
    struct err e = { 0 };
    run_path(path, dir, name);
    if (fsys_exists(&is_there, path, &e) == OK && !is_there)
        verify_say(v, code, "%s: is missing; %s", path, remedy);
    else if (e.code || sealed_text_read(&text, &n, &is_sealed, path,
                                        METRICS_MAX_BYTES, code, remedy, &e))
        verify_say(v, e.code, "%s", e.text);
    else if (!is_sealed)
        verify_say(v, code,
                   "%s: not protected: its seal is missing, as in files of "
                   "older versions; damage in it would not show",
                   path);
    free(text);
    return is_sealed;
}

/* Does a process hold it? What cannot be looked at is said. */
static bool is_held(struct verify *v, const char *path)
{
    bool is_taken = false;
    struct err e = { 0 };
    if (lock_is_taken(&is_taken, path, &e))
        verify_say(v, e.code, "%s", e.text);
    return is_taken;
}

bool verify_lock(struct verify *v, const char *dir)
{
    char path[RUN_PATH_MAX], *text;
    size_t n;
    struct err e = { 0 };
    bool is_there = false;
    run_path(path, dir, "lock");
    if (is_held(v, path))
        return true;
    if (fsys_exists(&is_there, path, &e) || !is_there)
        return false;
    if (fsys_read_file(&text, &n, path, TEXT_SHOW_MAX * 8, &e)) {
        verify_say(v, e.code, "%s", e.text);
        return false;
    }
    bool is_line = n > 0 && text[n - 1] == '\n' && !memchr(text, '\0', n);
    if (is_line)
        text[n - 1] = '\0';
    bool is_good = n == 0 || (is_line && sealed_line_open(text));
    free(text);
    if (is_held(v, path)) /* and perhaps half written */
        return true;
    if (!is_good)
        verify_say(v, ERR_DATA,
                   "%s: is not what was written; remove it: nothing is lost",
                   path);
    return false;
}

void verify_temporaries(struct verify *v, const char *dir, const char *name)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, name);
    DIR *folder = opendir(path);
    if (!folder)
        return; /* another check says so */
    for (struct dirent *d; (d = readdir(folder));)
        if (fsys_is_temporary(d->d_name))
            verify_say(v, ERR_DATA,
                       "%s%s%s: left by a writer that was killed; remove it, "
                       "or the next `sinklab train` does",
                       path, path[strlen(path) - 1] == '/' ? "" : "/",
                       d->d_name);
    closedir(folder);
}

/* ---- logs -------------------------------------------------------------- */

static bool log_add(struct verified_log *log, idx step, struct row_chain chain)
{
    if (log->n + 1 >= log->cap) {
        idx cap = 2 * log->cap + 64;
        idx *steps = realloc(log->steps, (size_t)cap * sizeof *steps);
        if (steps)
            log->steps = steps;
        struct row_chain *chains =
            realloc(log->chains, (size_t)cap * sizeof *chains);
        if (chains)
            log->chains = chains;
        if (!steps || !chains)
            return false;
        log->cap = cap;
    }
    log->steps[log->n++] = step;
    log->chains[log->n] = chain;
    return true;
}

/* What a row says its hash is. */
static bool row_says(struct row_chain *c, const char *line, size_t n)
{
    const size_t digits = sizeof c->hex - 1;
    if (n < digits)
        return false;
    memcpy(c->hex, line + n - digits, digits);
    c->hex[digits] = '\0';
    return true;
}

/* A row that does not follow from the one before: where does the chain go on?
 * Two candidates: what the row says of itself (its text was changed, or rows
 * are lost), and what its text gives (its hash was changed). */
struct doubt {
    bool is_open;
    struct row_chain by_text;
};

static bool take_row(struct verify *v, struct verified_log *log,
                     struct row_chain *chain, struct doubt *doubt,
                     const char *path, idx number, const char *line, size_t n)
{
    struct row_chain other = doubt->by_text;
    bool is_good = row_chain_take(chain, line, n);
    if (!is_good && doubt->is_open && row_chain_take(&other, line, n)) {
        *chain = other;
        is_good = true;
    }
    doubt->is_open = !is_good;
    if (!is_good) {
        doubt->by_text = *chain;
        if (n > sizeof chain->hex)
            row_chain_next(&doubt->by_text, line, n - sizeof chain->hex);
        row_says(chain, line, n);
        log->is_damaged = true;
        verify_say(v, ERR_DATA,
                   "%s:%td: damaged: this row was changed, or the line in "
                   "front of it was changed or lost; put a copy of the file "
                   "back",
                   path, number);
    }
    return log_add(log, strtoll(line, NULL, 10), *chain);
}

bool verify_log(struct verify *v, struct verified_log *log, const char *dir,
                const char *name)
{
    char path[RUN_PATH_MAX], *text;
    struct err e = { 0 };
    struct doubt doubt = { 0 };
    struct row_chain chain;
    size_t n;
    bool is_there = false;
    *log = (struct verified_log){ 0 };
    run_path(path, dir, name);
    if (fsys_exists(&is_there, path, &e) ||
        (is_there && fsys_read_file(&text, &n, path, METRICS_MAX_BYTES, &e))) {
        verify_say(v, e.code, "%s", e.text);
        return false;
    }
    if (!is_there) {
        verify_say(v, ERR_DATA,
                   "%s: is missing; put a copy back, or `sinklab train %s "
                   "--restart` computes all rows again",
                   path, dir);
        return false;
    }
    const char *line = text, *end = text + n;
    const char *newline = memchr(text, '\n', n);
    bool is_chained =
        row_chain_start(&chain, text, newline ? (size_t)(newline - text) : n);
    bool is_read = newline && is_chained && log_add(log, 0, chain);
    if (is_read) {
        log->n = 0;
        log->chains[0] = chain;
    } else {
        verify_say(v, ERR_DATA,
                   "%s:1: not protected: the header does not end in "
                   "row_hash, as those of older versions; damage in it would "
                   "not show",
                   path);
    }
    for (idx number = 2; is_read; number++) {
        line = newline + 1;
        newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline)
            break;
        is_read = take_row(v, log, &chain, &doubt, path, number, line,
                           (size_t)(newline - line));
    }
    log->is_torn = is_read && line < end;
    free(text);
    return is_read;
}

void verified_log_release(struct verified_log *log)
{
    free(log->steps);
    free(log->chains);
    *log = (struct verified_log){ 0 };
}

/* ---- the command ------------------------------------------------------- */

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
    if (strlen(p.dir) < SWEEP_DIR_MAX &&
        sweep_holds_sweep(&p.is_sweep, p.dir, e))
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
    if (sweep_holds_sweep(&is_sweep, dir, e) || run_holds_run(&is_run, dir, e))
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

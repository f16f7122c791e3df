/* runs' deeds: archive and remove, each after a question. */
#include "report/runs.h"

#include "base/shell.h"
#include "base/text.h"
#include "base/utf8.h"
#include "io/fsys_tree.h"
#include "report/archive.h"
#include "sweep/sweep_folder.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
    NAME_COLUMNS = 60,
    NAME_BYTES = 512,
    SIZE_TEXT_MAX = 96,
    WHAT_MAX = 2 * SIZE_TEXT_MAX + RUN_DIR_MAX,
};

/* The runs that will be touched, and what they hold. */
struct chosen {
    idx n;
    const struct listed **runs; /* (n) */
    struct lock *locks;         /* (n) held from lock_all on */
    struct fsys_size size;
    idx n_remains; /* of removals cut short, to be cleared as well */
};

static void say_left(FILE *out, const struct runs_options *o,
                     const struct listed *r, const char *why)
{
    char name[NAME_BYTES];
    utf8_show(name, sizeof name, r->path, NAME_COLUMNS, o->unicode);
    fprintf(out, "left alone: %s: %s\n", name, why);
}

/* ---- which ------------------------------------------------------------- */

/* What cannot be seen counts as locked. */
static bool is_locked(const char *dir)
{
    char path[RUN_PATH_MAX];
    bool is_taken;
    run_path(path, dir, "lock");
    return lock_is_taken(&is_taken, path, NULL) || is_taken;
}

/* Why a run must not be touched; NULL if nothing is against it. */
static const char *objection(const struct listed *r,
                             const struct runs_options *o)
{
    char parent[RUN_DIR_MAX];
    struct stat st;
    struct run_list inner = { 0 };
    bool is_run, is_in_sweep;
    if (lstat(r->path, &st) || run_holds_run(&is_run, r->path, NULL))
        return "cannot be looked at";
    if (!S_ISDIR(st.st_mode) || !is_run)
        return "no run folder";
    /* Of what is not known, `!=` holds: no reason to remove it */
    if (o->where.n &&
        (r->unread.code || strcmp(r->status, RUN_STANDING_UNKNOWN) == 0))
        return "damaged or unreadable, so the condition says nothing of it "
               "(`sinklab verify` tells more)";
    if (is_locked(r->path))
        return "in use";
    snprintf(parent, sizeof parent, "%.*s",
             r->parent_n > 0 ? (int)r->parent_n : 1,
             r->parent_n > 0 ? r->path : ".");
    if ((sweep_holds_sweep(&is_in_sweep, parent, NULL) || is_in_sweep) &&
        is_locked(parent))
        return "its sweep is being run";
    bool has_inner = run_list_below(&inner, r->path, NULL) != OK || inner.n > 0;
    run_list_release(&inner);
    return has_inner ? "there are other runs in its folder" : NULL;
}

static int choose(struct chosen *c, FILE *out, const struct listing *l,
                  const struct runs_options *o, struct err *e)
{
    int rc = OK;
    c->runs = calloc((size_t)idx_max(1, l->n), sizeof *c->runs);
    c->locks = calloc((size_t)idx_max(1, l->n), sizeof *c->locks);
    if (!c->runs || !c->locks)
        return err_set(e, ERR_MEMORY, "not enough memory for %td runs", l->n);
    for (idx i = 0; i < l->n && rc == OK; i++) {
        const char *why = objection(&l->runs[i], o);
        if (why) {
            say_left(out, o, &l->runs[i], why);
            continue;
        }
        rc = fsys_tree_measure(&c->size, l->runs[i].path, e);
        c->runs[c->n++] = &l->runs[i];
    }
    return rc;
}

/* What began since the question was asked is left alone, too. */
static int lock_all(struct chosen *c, FILE *out, const struct runs_options *o,
                    struct err *e)
{
    idx n = 0;
    for (idx i = 0; i < c->n; i++) {
        char path[RUN_PATH_MAX];
        struct err own = { 0 };
        const struct listed *r = c->runs[i];
        run_path(path, r->path, "lock");
        int rc = lock_take(&c->locks[n], path, r->path, &own);
        if (rc == ERR_BUSY)
            say_left(out, o, r, "in use");
        else if (rc != OK)
            return err_set(e, rc, "%s", own.text);
        else
            c->runs[n++] = r;
    }
    c->n = n;
    return OK;
}

static void chosen_release(struct chosen *c)
{
    for (idx i = 0; c->locks && i < c->n; i++)
        lock_release(&c->locks[i]);
    free(c->locks);
    free(c->runs);
}

/* ---- questions --------------------------------------------------------- */

static void size_text(char text[SIZE_TEXT_MAX], const struct chosen *c)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    double v = c->size.bytes;
    idx u = 0;
    for (; v >= 1000 && u + 1 < COUNT_OF(units); u++)
        v /= 1024;
    snprintf(text, SIZE_TEXT_MAX, "%td run%s (%.*f %s in %td files)", c->n,
             c->n == 1 ? "" : "s", u > 0 && v < 100, v, units[u],
             c->size.files);
}

/* OK and *is_yes, or ERR_USAGE where nobody can answer. */
static int ask(bool *is_yes, FILE *out, const struct runs_options *o,
               const char *what, struct err *e)
{
    char answer[16] = "";
    *is_yes = o->is_yes;
    if (o->is_yes)
        return OK;
    if (!o->is_interactive)
        return err_set(e, ERR_USAGE,
                       "runs: %s? Nobody can answer that, as standard input is "
                       "no terminal: give --yes to say so beforehand",
                       what);
    fprintf(out, "%s? [y/N] ", what);
    fflush(out);
    if (!fgets(answer, sizeof answer, o->in))
        fputc('\n', out);
    answer[strcspn(answer, "\r\n")] = '\0';
    *is_yes = strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
    return OK;
}

/* "remove WHICH and what is left of K removed runs WHEN" */
static void removal_text(char text[WHAT_MAX], const struct chosen *c,
                         const char *which, const char *when)
{
    struct text t = { text, WHAT_MAX, 0 };
    text_add(&t, "remove %s", c->n > 0 ? which : "");
    if (c->n_remains > 0)
        text_add(&t, "%swhat is left of %td removed run%s",
                 c->n > 0 ? " and " : "", c->n_remains,
                 c->n_remains == 1 ? "" : "s");
    text_add(&t, "%s", when);
}

/* ---- deeds ------------------------------------------------------------- */

static int remove_all(struct chosen *c, FILE *out, const struct listing *l,
                      struct err *e)
{
    int rc = OK;
    for (idx i = 0; i < c->n; i++) {
        bool is_run;
        rc = run_holds_run(&is_run, c->runs[i]->path, e);
        if (rc == OK && is_run) /* else it is gone since */
            rc = fsys_tree_remove(c->runs[i]->path, e);
        if (rc != OK)
            return err_prefix(e, "removed %td of %td runs, then", i, c->n);
    }
    if (c->n > 0)
        fprintf(out, "removed %td run%s\n", c->n, c->n == 1 ? "" : "s");
    for (idx i = 0; i < c->n_remains && rc == OK; i++)
        rc = fsys_tree_clear(l->list.remains[i], e);
    if (rc == OK && c->n_remains > 0)
        fprintf(out, "cleared what was left of %td run%s\n", c->n_remains,
                c->n_remains == 1 ? "" : "s");
    return rc;
}

/* Does the archive lie in a folder that it would hold, and that may go? */
static int check_outside(const struct chosen *c, const char *path,
                         struct err *e)
{
    char dir[RUN_DIR_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash + 1 - path) : 1,
             slash ? path : ".");
    char *own = realpath(dir, NULL);
    int rc = OK;
    for (idx i = 0; own && i < c->n && rc == OK; i++) {
        char *run = realpath(c->runs[i]->path, NULL);
        size_t n = run ? strlen(run) : 0;
        if (run && strncmp(own, run, n) == 0 && (!own[n] || own[n] == '/'))
            rc = err_set(e, ERR_USAGE,
                         "%s lies in %s, which would be packed: put the "
                         "archive elsewhere",
                         path, c->runs[i]->path);
        free(run);
    }
    free(own);
    return rc;
}

static int pack_all(struct chosen *c, FILE *out, const struct listing *l,
                    const struct runs_options *o, struct err *e)
{
    struct fsys_size now = { 0 }; /* locks may be new */
    const char **names = calloc((size_t)idx_max(1, c->n), sizeof *names);
    int rc = names ? OK : err_set(e, ERR_MEMORY, "not enough memory");
    for (idx i = 0; i < c->n && rc == OK; i++) {
        names[i] = c->runs[i]->name;
        rc = fsys_tree_measure(&now, c->runs[i]->path, e);
    }
    if (rc == OK)
        rc = archive_write(o->archive, l->base, names, c->n,
                           now.files + now.folders, e);
    if (rc == OK) {
        char file[RUN_PATH_MAX], base[RUN_PATH_MAX];
        shell_word(file, sizeof file, o->archive);
        shell_word(base, sizeof base, l->base);
        fprintf(out, "archive: %s; back with: tar -xzf %s -C %s\n", o->archive,
                file, base);
    }
    free(names);
    return rc;
}

/* Archive if asked to, then remove if asked to, or if a person says so. */
static int act(struct chosen *c, FILE *out, const struct listing *l,
               const struct runs_options *o, struct err *e)
{
    char size[SIZE_TEXT_MAX], what[WHAT_MAX];
    bool is_yes, is_packing = o->archive && c->n > 0;
    size_text(size, c);
    if (is_packing)
        snprintf(what, sizeof what, "pack %s into %.*s", size, RUN_DIR_MAX,
                 o->archive);
    else
        removal_text(what, c, size, "");
    int rc = ask(&is_yes, out, o, what, e);
    if (rc == OK && !is_yes)
        fputs("nothing was changed\n", out);
    if (rc != OK || !is_yes)
        return rc;
    rc = lock_all(c, out, o, e);
    if (rc == OK && !is_packing)
        rc = remove_all(c, out, l, e);
    if (rc != OK || !is_packing || c->n == 0)
        return rc;
    rc = pack_all(c, out, l, o, e);
    if (rc != OK || (!o->has_remove && o->is_yes))
        return rc;
    removal_text(what, c, c->n == 1 ? "this run" : "these runs",
                 ", now that the archive is written");
    rc = ask(&is_yes, out, o, what, e);
    if (rc == OK && !is_yes)
        fputs("the runs were kept\n", out);
    return rc == OK && is_yes ? remove_all(c, out, l, e) : rc;
}

int runs_act(FILE *out, const struct listing *l, const struct runs_options *o,
             struct err *e)
{
    struct chosen c = { 0 };
    int rc = o->archive ? archive_check(o->archive, e) : OK;
    if (rc == OK)
        rc = choose(&c, out, l, o, e);
    if (rc == OK && o->archive)
        rc = check_outside(&c, o->archive, e);
    if (rc == OK && o->has_remove)
        c.n_remains = l->list.n_remains;
    idx n_meant = c.n + c.n_remains;
    if (rc == OK && n_meant == 0 && l->n > 0)
        rc = err_set(e, ERR_BUSY,
                     "runs: nothing to do: all %td runs are left alone, as "
                     "said above",
                     l->n);
    if (rc == OK && n_meant > 0)
        rc = act(&c, out, l, o, e);
    chosen_release(&c);
    return rc;
}

#include "report/runs_remove.h"

#include "base/text.h"
#include "base/utf8.h"
#include "io/fsys_tree.h"
#include "sweep/sweep_folder.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
    NAME_COLUMNS = 60,
    NAME_BYTES = 512,
    WHAT_MAX = 192,
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
    utf8_show(name, sizeof name, r->data.path, NAME_COLUMNS, o->unicode);
    fprintf(out, "left alone: %s: %s\n", name, why);
}

/* ---- which ------------------------------------------------------------- */

/* What cannot be seen counts as locked. */
static bool is_locked(const char *dir)
{
    char path[RUN_PATH_MAX];
    bool is_taken;
    run_path(path, dir, RUN_LOCK);
    return lock_is_taken(&is_taken, path, ERR_IGNORED) || is_taken;
}

/* Why a run must not be touched; NULL if nothing is against it. */
static const char *objection(const struct listed *r,
                             const struct runs_options *o)
{
    char parent[RUN_DIR_MAX];
    struct stat st;
    struct run_list inner = { 0 };
    bool is_run, is_in_sweep;
    if (lstat(r->data.path, &st) ||
        run_holds_run(&is_run, r->data.path, ERR_IGNORED))
        return "cannot be looked at";
    if (!S_ISDIR(st.st_mode) || !is_run)
        return "no run folder";
    /* Of what is not known, `!=` holds: no reason to remove it */
    if (o->where.n && (r->data.unread.code || r->data.state == RUN_UNKNOWN))
        return "damaged or unreadable, so the condition says nothing of it "
               "(`sinklab verify` tells more)";
    if (is_locked(r->data.path))
        return "in use";
    snprintf(parent, sizeof parent, "%.*s",
             r->parent_n > 0 ? (int)r->parent_n : 1,
             r->parent_n > 0 ? r->data.path : ".");
    if ((sweep_holds_sweep(&is_in_sweep, parent, ERR_IGNORED) || is_in_sweep) &&
        is_locked(parent))
        return "its sweep is being run";
    bool has_inner =
        run_list_below(&inner, r->data.path, ERR_IGNORED) != OK || inner.n > 0;
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
        return err_memory(e, NULL);
    for (idx i = 0; i < l->n && rc == OK; i++) {
        const char *why = objection(&l->runs[i], o);
        if (why) {
            say_left(out, o, &l->runs[i], why);
            continue;
        }
        rc = fsys_tree_measure(&c->size, l->runs[i].data.path, e);
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
        run_path(path, r->data.path, RUN_LOCK);
        int rc = lock_take(&c->locks[n], path, r->data.path, &own);
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

static void add_size(struct text *t, const struct chosen *c)
{
    text_add(t, "%td run%s (", c->n, c->n == 1 ? "" : "s");
    text_add_bytes(t, c->size.bytes);
    text_add(t, " in %td files)", c->size.files);
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

/* "remove 3 runs (1.25 MiB in 9 files) and what is left of 1 removed run" */
static void write_what(char what[WHAT_MAX], const struct chosen *c)
{
    struct text t = { what, WHAT_MAX, 0 };
    text_add(&t, "remove ");
    if (c->n > 0)
        add_size(&t, c);
    text_add(&t, "%s", c->n > 0 && c->n_remains > 0 ? " and " : "");
    if (c->n_remains > 0)
        text_add(&t, "what is left of %td removed run%s", c->n_remains,
                 c->n_remains == 1 ? "" : "s");
}

/* ---- deeds ------------------------------------------------------------- */

static int remove_all(struct chosen *c, FILE *out, const struct listing *l,
                      struct err *e)
{
    int rc = OK;
    for (idx i = 0; i < c->n; i++) {
        bool is_run;
        rc = run_holds_run(&is_run, c->runs[i]->data.path, e);
        if (rc == OK && is_run) /* else it is gone since */
            rc = fsys_tree_remove(c->runs[i]->data.path, e);
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

static int ask_and_remove(struct chosen *c, FILE *out, const struct listing *l,
                          const struct runs_options *o, struct err *e)
{
    char what[WHAT_MAX];
    bool is_yes;
    write_what(what, c);
    int rc = ask(&is_yes, out, o, what, e);
    if (rc == OK && !is_yes)
        fputs("nothing was changed\n", out);
    if (rc != OK || !is_yes)
        return rc;
    rc = lock_all(c, out, o, e);
    return rc == OK ? remove_all(c, out, l, e) : rc;
}

int runs_remove(FILE *out, const struct listing *l,
                const struct runs_options *o, struct err *e)
{
    struct chosen c = { .n_remains = l->list.n_remains };
    int rc = choose(&c, out, l, o, e);
    idx n_meant = c.n + c.n_remains;
    if (rc == OK && n_meant == 0 && l->n > 0)
        rc = err_set(e, ERR_BUSY,
                     "runs: nothing to do: all %td runs are left alone, as "
                     "said above",
                     l->n);
    if (rc == OK && n_meant > 0)
        rc = ask_and_remove(&c, out, l, o, e);
    chosen_release(&c);
    return rc;
}

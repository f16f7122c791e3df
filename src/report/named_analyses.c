#include "report/named_analyses.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/fsys.h"
#include "run/run_files.h"

enum { NAMES_SHOWN = 8 };

/* Names, and how many runs have an analysis that is called so. */
struct found {
    struct named {
        char name[RUN_ANALYSIS_NAME_MAX];
        idx n_runs;
    } * list; /* owned */
    idx n;
};

static int take(struct found *f, const char *name, struct err *e)
{
    idx i = 0;
    while (i < f->n && strcmp(f->list[i].name, name) != 0)
        i++;
    if (i == f->n) {
        void *list = realloc(f->list, (size_t)(f->n + 1) * sizeof *f->list);
        if (!list)
            return err_memory(e, NULL);
        f->list = list;
        f->list[f->n++] = (struct named){ .n_runs = 0 };
        snprintf(f->list[i].name, sizeof f->list[i].name, "%s", name);
    }
    f->list[i].n_runs++;
    return OK;
}

/* A folder may be called so, too. */
static int look_at(struct found *f, const char *dir, const char *name,
                   struct err *e)
{
    struct stat st;
    char path[RUN_PATH_MAX];
    run_analysis_path(path, dir, name, ".csv");
    if (stat(path, &st))
        return errno == ENOENT ? OK : err_system(e, path, "look at it");
    return S_ISREG(st.st_mode) ? take(f, name, e) : OK;
}

static int look_into(struct found *f, const char *dir, struct err *e)
{
    char name[RUN_ANALYSIS_NAME_MAX];
    struct dirent *x;
    DIR *d = opendir(dir);
    if (!d)
        return errno == ENOENT ? OK : err_system(e, dir, "open this folder");
    int rc;
    while ((rc = fsys_next(&x, d, dir, e)) == OK && x) {
        const char *ending = strrchr(x->d_name, '.');
        if (ending && strcmp(ending, ".csv") == 0 &&
            run_analysis_of_file(name, x->d_name) &&
            (rc = look_at(f, dir, name, e)) != OK)
            break;
    }
    closedir(d);
    return rc;
}

/* Those of most runs first. */
static int order(const void *a, const void *b)
{
    const struct named *u = a, *v = b;
    return u->n_runs != v->n_runs
               ? (u->n_runs < v->n_runs) - (u->n_runs > v->n_runs)
               : strcmp(u->name, v->name);
}

static void print_found(FILE *out, const struct found *f, idx n_runs)
{
    for (idx i = 0; i < idx_min(f->n, NAMES_SHOWN); i++) {
        fputs(i > 0 ? ", " : "note: there are other analyses: ", out);
        fputs(f->list[i].name, out);
        if (f->list[i].n_runs < n_runs)
            fprintf(out, " (of %td run%s)", f->list[i].n_runs,
                    f->list[i].n_runs == 1 ? "" : "s");
    }
    if (f->n > NAMES_SHOWN)
        fprintf(out, " and %td more", f->n - NAMES_SHOWN);
    fputs(f->list[0].n_runs < n_runs
              ? "; --analysis NAME compares one once all runs have it\n"
          : f->list[f->n - 1].n_runs < n_runs
              ? "; --analysis NAME compares one that all runs have\n"
              : "; --analysis NAME compares one\n",
          out);
}

int named_analyses_note(FILE *out, const struct groups *s, struct err *e)
{
    struct found f = { .n = 0 };
    idx n_runs = 0;
    int rc = OK;
    for (idx i = 0; i < s->n; i++) {
        for (idx k = 0; k < s->g[i].n_runs && rc == OK; k++)
            rc = look_into(&f, s->g[i].runs[k]->path, e);
        n_runs += s->g[i].n_runs;
    }
    if (rc == OK && f.n > 0) {
        qsort(f.list, (size_t)f.n, sizeof *f.list, order);
        print_found(out, &f, n_runs);
    }
    free(f.list);
    return rc;
}

#include "report/named_analyses.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "run/run_files.h"

enum { NAMES_MAX = 8 };

/* Names, and how many runs have an analysis that is called so. */
struct found {
    struct named {
        char name[RUN_ANALYSIS_NAME_MAX];
        idx n_runs;
    } list[NAMES_MAX];
    idx n;
    bool has_more;
};

static void take(struct found *f, const char *name)
{
    idx i = 0;
    while (i < f->n && strcmp(f->list[i].name, name) != 0)
        i++;
    if (i == NAMES_MAX) {
        f->has_more = true;
        return;
    }
    if (i == f->n)
        snprintf(f->list[f->n++].name, sizeof f->list[i].name, "%s", name);
    f->list[i].n_runs++;
}

static void look_into(struct found *f, const char *dir)
{
    char name[RUN_ANALYSIS_NAME_MAX];
    DIR *d = opendir(dir);
    for (const struct dirent *x; d && (x = readdir(d));) {
        const char *ending = strrchr(x->d_name, '.');
        if (ending && strcmp(ending, ".csv") == 0 &&
            run_analysis_of_file(name, x->d_name))
            take(f, name);
    }
    if (d)
        closedir(d);
}

static int order(const void *a, const void *b)
{
    const struct named *u = a, *v = b;
    return strcmp(u->name, v->name);
}

void named_analyses_note(FILE *out, const struct groups *s)
{
    struct found f = { .n = 0 };
    idx n_runs = 0;
    for (idx i = 0; i < s->n; i++) {
        for (idx k = 0; k < s->g[i].n_runs; k++)
            look_into(&f, s->g[i].runs[k]->path);
        n_runs += s->g[i].n_runs;
    }
    qsort(f.list, (size_t)f.n, sizeof *f.list, order);
    for (idx i = 0; i < f.n; i++) {
        fputs(i > 0 ? ", " : "note: there are other analyses: ", out);
        fputs(f.list[i].name, out);
        if (f.list[i].n_runs < n_runs)
            fprintf(out, " (of %td run%s)", f.list[i].n_runs,
                    f.list[i].n_runs == 1 ? "" : "s");
    }
    if (f.n > 0)
        fprintf(out, "%s; --analysis NAME compares one\n",
                f.has_more ? " and more" : "");
}

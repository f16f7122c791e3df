#include "analysis/replaced.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "io/arrays.h"

void replaced_open(struct replaced *r, const char *dir, const char *name,
                   const char *settings)
{
    char path[RUN_PATH_MAX], *found = NULL;
    struct err own = { 0 };
    *r = (struct replaced){ .measured_on = NULL };
    run_analysis_path(path, dir, name, ".h5");
    if (analysis_read_csv(&r->csv, dir, name, &own) == OK &&
        note_load(&found, path, "settings", &own) == OK &&
        strcmp(found, settings) != 0)
        note_load(&r->measured_on, path, "measured_on", &own);
    free(found);
}

void replaced_close(struct replaced *r)
{
    table_release(&r->csv);
    free(r->measured_on);
    *r = (struct replaced){ .measured_on = NULL };
}

static bool has_column(const struct run_columns *c, const char *name)
{
    struct column_facts f;
    for (idx i = 0; column_at(&f, c, COLUMN_ANALYSIS, i); i++)
        if (strcmp(f.name, name) == 0)
            return true;
    return false;
}

const char *replaced_next(const struct replaced *r, idx *at,
                          const struct run_columns *c)
{
    while (*at < r->csv.columns) {
        idx i = (*at)++;
        const char *name = r->csv.names[i];
        if (table_is_given(&r->csv, i) && strcmp(name, ANALYSIS_ORIGIN) != 0 &&
            !has_column(c, name))
            return name;
    }
    return NULL;
}

idx replaced_count(const struct replaced *r, const struct run_columns *c)
{
    idx at = 0, n = 0;
    while (replaced_next(r, &at, c))
        n++;
    return n;
}

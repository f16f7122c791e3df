#include "analysis/replaced.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/measured.h"
#include "io/arrays.h"

/* "analysis, 100 sequences of 64 tokens, eps 0.3; sink.eps 0.3, now 0.2" */
static void add_changed(struct replaced *r, const char *path,
                        const struct config *config)
{
    char *text = NULL, changed[MEASURED_TEXT_MAX];
    struct config before;
    struct err own = { 0 };
    if (note_load(&text, path, "config", &own) == OK && text &&
        config_load_text(&before, text, path, &own) == OK &&
        *measured_changed(changed, &before, config)) {
        size_t n = strlen(r->measured_on) + sizeof changed + 2;
        char *both = malloc(n);
        if (both) {
            snprintf(both, n, "%s; %s", r->measured_on, changed);
            free(r->measured_on);
            r->measured_on = both;
        }
    }
    free(text);
}

void replaced_open(struct replaced *r, const char *dir, const char *name,
                   const struct config *config)
{
    char path[RUN_PATH_MAX], settings[HASH_HEX_MAX], *found = NULL;
    struct err own = { 0 };
    *r = (struct replaced){ .measured_on = NULL };
    run_analysis_path(path, dir, name, ".h5");
    analysis_settings(settings, config);
    if (analysis_read_csv(&r->csv, dir, name, &own) == OK &&
        note_load(&found, path, "settings", &own) == OK &&
        strcmp(found, settings) != 0)
        note_load(&r->measured_on, path, "measured_on", &own);
    if (r->measured_on)
        add_changed(r, path, config);
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
    for (idx at = 0; column_next(&f, &at, c, COLUMN_ANALYSIS);)
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

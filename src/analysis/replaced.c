#include "analysis/replaced.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/measured.h"
#include "base/text.h"
#include "io/arrays.h"

/* "analysis, 100 sequences of 64 tokens, eps 0.3; sink.eps 0.3, now 0.2", or
 * nothing where the settings that stand beside their hash are the same: a
 * program of another version wrote it. */
static void add_changed(struct replaced *r, const char *path,
                        const struct config *config)
{
    char *text = NULL, changed[MEASURED_TEXT_MAX];
    struct config before;
    struct err own = { 0 };
    bool is_known = note_load(&text, path, "config", &own) == OK && text &&
                    config_load_text(&before, text, path, &own) == OK;
    free(text);
    if (!is_known)
        return;
    bool is_same = !*measured_changed(changed, &before, config);
    size_t n = strlen(r->measured_on) + sizeof changed + 2;
    char *both = is_same ? NULL : malloc(n);
    if (!both && !is_same)
        return;
    if (both)
        snprintf(both, n, "%s; %s", r->measured_on, changed);
    free(r->measured_on);
    r->measured_on = both;
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
            !(c && has_column(c, name)))
            return name;
    }
    return NULL;
}

char *replaced_names(const struct replaced *r, const struct run_columns *c)
{
    char *text = NULL;
    size_t n = 0;
    idx at = 0;
    const char *name = replaced_next(r, &at, c), *between = "";
    FILE *memory = name ? open_memstream(&text, &n) : NULL;
    if (!memory)
        return NULL;
    for (; name; name = replaced_next(r, &at, c), between = ",")
        fprintf(memory, "%s%s", between, name);
    if (fclose(memory) == 0)
        return text;
    free(text);
    return NULL;
}

enum { NAMES_SHOWN = 8 };

/* "sink_2, sink_3 and 4 more" */
static void print_names(FILE *out, const char *names, idx n)
{
    for (idx i = 0; i < idx_min(n, NAMES_SHOWN); i++) {
        size_t length = strcspn(names, ",");
        fprintf(out, "%s%.*s", i ? ", " : "", (int)length, names);
        names += length + 1;
    }
    if (n > NAMES_SHOWN)
        fprintf(out, " and %td more", n - NAMES_SHOWN);
}

void replaced_print(FILE *out, const char *gone, idx n, bool are_alike,
                    bool may_name)
{
    idx columns = text_count(gone, ',') + 1;
    bool is_one = are_alike && columns == 1;
    if (are_alike)
        fprintf(out, "%td ", columns);
    fprintf(out, "column%s of the analysis before %s not in this one (%s",
            is_one ? "" : "s", is_one ? "is" : "are", are_alike ? "" : "as ");
    print_names(out, gone, columns);
    fprintf(out, ")");
    if (n > 0)
        fprintf(out, ", of %td run%s", n, n == 1 ? "" : "s");
    fprintf(out, ": metrics.names with %s measures %s again%s\n",
            is_one ? "it" : "them", is_one ? "it" : "them",
            may_name ? "; --as NAME writes an analysis beside it" : "");
}

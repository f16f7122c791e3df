#include "analysis/kept.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "base/text.h"
#include "metric/metric.h"

/* Is the note there, and what it should be? NULL: whatever it is. */
static bool has_note(char **text, const char *path, const char *name,
                     const char *wanted)
{
    struct err own = { 0 };
    return note_load(text, path, name, &own) == OK &&
           (!wanted || strcmp(*text, wanted) == 0);
}

static bool take_column(struct kept *k, idx i, struct array_file *file,
                        const struct column_facts *f)
{
    struct array_values *a = &k->columns[i];
    struct err own = { 0 };
    if (k->at[i] < 0)
        return false;
    if (i == 0) /* the step, which is no array but an axis */
        return true;
    for (idx j = 0; j < file->n; j++)
        if (strcmp(file->arrays[j].name, f->name) == 0)
            return array_file_read(a, file, f->name, &own) == OK &&
                   a->n == k->csv.rows * column_count(f);
    return false;
}

static void take_columns(struct kept *k, struct array_file *file,
                         const struct run_columns *c)
{
    struct column_facts f;
    for (idx at = 0; column_next(&f, &at, c, COLUMN_ANALYSIS);)
        k->n++;
    k->columns = calloc((size_t)k->n, sizeof *k->columns);
    k->at = calloc((size_t)k->n, sizeof *k->at);
    if (!k->columns || !k->at)
        return;
    k->has_all = k->has_losses = true;
    for (idx i = 0, at = 0; column_next(&f, &at, c, COLUMN_ANALYSIS); i++) {
        k->at[i] = table_find(&k->csv, f.name);
        if (!take_column(k, i, file, &f))
            k->at[i] = -1;
        k->has_all = k->has_all && k->at[i] >= 0;
        k->has_losses = k->has_losses && (k->at[i] >= 0 || f.own);
    }
}

void kept_open(struct kept *k, const char *dir, const char *name,
               const char *settings, const struct run_columns *c)
{
    char path[RUN_PATH_MAX], *found = NULL;
    struct array_file file = { 0 };
    struct err own = { 0 };
    run_analysis_path(path, dir, name, ".h5");
    *k = (struct kept){ .n = 0 };
    if (analysis_read_csv(&k->csv, dir, name, &own) == OK && k->csv.origin[0] &&
        has_note(&found, path, "settings", settings) &&
        has_note(&k->checkpoints, path, "checkpoints", NULL) &&
        text_count(k->checkpoints, '\n') == k->csv.rows &&
        array_file_open(&file, path, &own) == OK)
        take_columns(k, &file, c);
    array_file_close(&file);
    free(found);
    if (!k->at) /* then nothing is */
        kept_close(k);
}

void kept_close(struct kept *k)
{
    for (idx i = 0; k->columns && i < k->n; i++)
        array_values_release(&k->columns[i]);
    table_release(&k->csv);
    free(k->checkpoints);
    free(k->columns);
    free(k->at);
    *k = (struct kept){ .n = 0 };
}

void kept_line(struct text *t, idx step, const char *seal)
{
    text_add(t, "%td %s\n", step, seal);
}

idx kept_row(const struct kept *k, idx step, const char *seal)
{
    char line[64];
    struct text t = { line, sizeof line, 0 };
    idx row = 0;
    kept_line(&t, step, seal);
    for (const char *at = k->checkpoints, *end; at; at = end + 1, row++) {
        if (strncmp(at, line, t.n) == 0)
            return row;
        end = strchr(at, '\n');
        if (!end) /* behind the last line, or one that was cut off */
            break;
    }
    return -1;
}

static struct reading cell(const struct kept *k, idx column, idx row)
{
    return (struct reading){ table_given(&k->csv, column)[row],
                             table_column(&k->csv, column)[row] };
}

void kept_restore(const struct kept *k, idx row, struct readings *r,
                  struct meter *t, const struct run_columns *c)
{
    struct column_facts f;
    for (idx i = 0; i < t->n_columns; i++)
        t->columns[i].is_skipped = false;
    for (idx i = 0, at = 0;
         row >= 0 && column_next(&f, &at, c, COLUMN_ANALYSIS); i++) {
        if (k->at[i] < 0)
            continue;
        struct reading x = cell(k, k->at[i], row);
        if (!f.own) { /* the table has nine digits, the array all */
            if (i > 0)
                x.value = k->columns[i].values[row];
            column_put(&f, r, x);
            continue;
        }
        struct meter_column *own = &t->columns[f.own - t->columns];
        own->is_skipped = true;
        own->is_given = x.is_given;
        own->scalar = x.value;
        memcpy(own->value, k->columns[i].values + row * own->n,
               (size_t)own->n * sizeof *own->value);
    }
}

#include "report/export_rows.h"

#include "analysis/analysis.h"
#include "config/config_print.h"
#include "io/event_file.h"
#include "io/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 9, FILES = 3 };

/* The files of a run, and how they are called. */
struct rows {
    const char *name;
    const struct table *t;
};

static void list_rows(struct rows rows[FILES], const struct export_run *r)
{
    rows[0] = (struct rows){ "metrics", &r->data->metrics };
    rows[1] = (struct rows){ "timing", r->timing };
    rows[2] = (struct rows){ "analysis", &r->data->analysis };
}

/* Is there a number in the cell? What an analysis was made from is none. */
static bool has_number(const struct table *t, idx column, idx row)
{
    return table_given(t, column)[row] &&
           strcmp(t->names[column], ANALYSIS_ORIGIN) != 0;
}

/* ---- JSON lines ---------------------------------------------------------- */

/* As JSON has it: a number where it is one. */
static void put_key(struct json *j, const struct config *c, struct config_key k)
{
    char name[CONFIG_KEY_NAME_MAX], value[KEY_PRINT_MAX];
    config_key_name(name, k);
    if (k.key->type == KEY_INT || k.key->type == KEY_REAL) {
        json_put_number(j, name, config_number(c, k));
        return;
    }
    config_value(value, sizeof value, c, k);
    json_put_text(j, name, value);
}

static int write_row(FILE *out, const struct export_run *r,
                     const struct rows *rows, idx row, struct err *e)
{
    struct json j = { 0 };
    const struct table *t = rows->t;
    json_begin_object(&j, NULL);
    json_put_text(&j, "run", run_data_label(r->data));
    for (idx k = 0; r->data->has_config && k < r->n_keys; k++)
        put_key(&j, &r->data->config, r->keys[k]);
    json_put_text(&j, "file", rows->name);
    for (idx c = 0; c < t->columns; c++)
        if (has_number(t, c, row))
            json_put_number(&j, t->names[c], table_column(t, c)[row]);
    json_end(&j);
    return json_write(out, &j, DIGITS, e);
}

int export_jsonl(FILE *out, const struct export_run *r, struct err *e)
{
    struct rows files[FILES];
    int rc = OK;
    list_rows(files, r);
    for (int i = 0; i < FILES; i++)
        for (idx row = 0; row < files[i].t->rows && rc == OK; row++)
            rc = write_row(out, r, &files[i], row, e);
    return rc;
}

/* ---- events -------------------------------------------------------------- */

/* Seconds that training had taken by this step, as far as timing.csv says; rows
 * come in order, so `at` only goes forward. */
static double seconds_at(const struct table *timing, idx *at, double step)
{
    idx column = table_find(timing, "wall_s");
    const double *steps = table_column(timing, table_find(timing, "step"));
    if (column < 0 || !steps || timing->rows == 0)
        return 0;
    while (*at + 1 < timing->rows && steps[*at + 1] <= step)
        ++*at;
    double wall_s = table_column(timing, column)[*at];
    return steps[*at] <= step && isfinite(wall_s) ? wall_s : 0;
}

static void write_events(FILE *out, const struct rows *rows,
                         const struct table *timing)
{
    const struct table *t = rows->t;
    const double *steps = table_column(t, table_find(t, "step"));
    idx at = 0;
    for (idx row = 0; row < t->rows; row++) {
        double wall_s = seconds_at(timing, &at, steps[row]);
        for (idx c = 0; c < t->columns; c++) {
            char tag[EVENT_TAG_MAX];
            bool is_step = table_column(t, c) == steps;
            if (is_step || !has_number(t, c, row))
                continue;
            snprintf(tag, sizeof tag, "%s/%s", rows->name, t->names[c]);
            event_number(out, tag, wall_s, (int64_t)steps[row],
                         table_column(t, c)[row]);
        }
    }
}

/* Markdown shows lines that begin with four blanks as they are. */
static int write_config(FILE *out, const struct config *c, struct err *e)
{
    char *text = config_print(c, NULL), *shown = NULL;
    size_t n = 0;
    FILE *memory = text ? open_memstream(&shown, &n) : NULL;
    if (memory)
        text_print_lines(memory, "    ", text);
    bool is_whole = memory && fclose(memory) == 0;
    if (is_whole)
        event_text(out, "config", 0, 0, shown);
    free(text);
    free(shown);
    return is_whole ? OK : err_memory(e, NULL);
}

int export_events(FILE *out, const struct export_run *r, struct err *e)
{
    struct rows files[FILES];
    list_rows(files, r);
    event_begin(out);
    int rc = r->data->has_config ? write_config(out, &r->data->config, e) : OK;
    for (int i = 0; i < FILES && rc == OK; i++)
        write_events(out, &files[i], r->timing);
    return rc;
}

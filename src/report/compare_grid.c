/* compare's table: what differs between the runs, and how each one ended. */
#include "report/compare.h"

#include "config/config_differ.h"

#include <math.h>
#include <string.h>

enum {
    NUMBERS_MAX = 9, /* columns of numbers */
    HEADING_MAX = 256,
};

static const struct config *config_of(const void *runs, idx i)
{
    const struct compared *r = (const struct compared *)runs + i;
    return r->has_config ? &r->config : NULL;
}

static void put_missing(struct grid *g, idx row, idx column, bool is_file)
{
    grid_set(g, row, column, "%s", is_file ? "" : "-");
}

void compare_put_number(struct grid *g, idx row, idx column, double v,
                        int digits, bool is_file)
{
    if (isnan(v))
        grid_set(g, row, column, "nan");
    else if (is_file)
        grid_set(g, row, column, "%.10g", v);
    else if (fabs(v) < 1e6)
        grid_set(g, row, column, "%.*f", digits, v);
    else
        grid_set(g, row, column, "%.4g", v);
}

/* The last value of a column; a share as percent if people read it. */
static void put_final(struct grid *g, idx row, idx column,
                      const struct compared *r, const char *name, int digits,
                      bool is_file)
{
    double v;
    struct series s = compared_series(r, name);
    bool is_percent = metric_is_share(name) && !is_file;
    if (series_final(&v, &s))
        compare_put_number(g, row, column, is_percent ? 100 * v : v,
                           is_percent ? COMPARE_PERCENT : digits, is_file);
    else
        put_missing(g, row, column, is_file);
}

/* A column of numbers. */
struct number {
    const char *column; /* NULL: when it emerged */
    char heading[HEADING_MAX], file_heading[HEADING_MAX];
    int digits;
};

static void add_number(struct number *list, idx *n, const char *column,
                       const char *heading, const char *file_heading,
                       int digits)
{
    struct number *x = &list[(*n)++];
    *x = (struct number){ .column = column, .digits = digits };
    snprintf(x->heading, HEADING_MAX, "%s", heading);
    snprintf(x->file_heading, HEADING_MAX, "%s", file_heading);
}

/* "final" and the name of a column. */
static void add_final(struct number *list, idx *n, const char *column,
                      int digits)
{
    char heading[HEADING_MAX], file_heading[HEADING_MAX];
    snprintf(heading, HEADING_MAX, "final\n%.200s%s", column,
             metric_is_share(column) ? "\n%" : "");
    snprintf(file_heading, HEADING_MAX, "final_%.200s", column);
    add_number(list, n, column, heading, file_heading, digits);
}

static bool has_any(const struct compared *runs, idx n, const char *column)
{
    for (idx i = 0; i < n; i++)
        if (compared_series(&runs[i], column).n > 0)
            return true;
    return false;
}

/* Files always have the same columns; people see the loss's error, and what is
 * above the floor, where a run has it. */
static idx list_numbers(struct number list[NUMBERS_MAX],
                        const struct compare_options *o,
                        const struct compared *runs, bool is_file)
{
    static const char *const beside[] = { "val_loss_se", "val_excess" };
    idx n = 0;
    add_number(list, &n, "step", "steps", "steps", 0);
    add_final(list, &n, o->loss, COMPARE_LOSS);
    if (strcmp(o->metric, o->loss) != 0)
        add_final(list, &n, o->metric, COMPARE_RATIO);
    add_number(list, &n, "sink_bias", "sink\nbias\n%", "sink_bias", 0);
    add_number(list, &n, "first_mass_raw", "first\nmass\nraw %",
               "first_mass_raw", 0);
    add_number(list, &n, "row_sum", "row\nsum", "row_sum", COMPARE_RATIO);
    add_number(list, &n, NULL, "emerged\nat step", "emerged_at_step", 0);
    for (idx i = 0; i < COUNT_OF(beside); i++) {
        bool is_named = strcmp(beside[i], o->metric) == 0 ||
                        strcmp(beside[i], o->loss) == 0;
        char file_heading[HEADING_MAX];
        snprintf(file_heading, HEADING_MAX, "final_%s", beside[i]);
        if (!is_named && (is_file || has_any(runs, o->n_runs, beside[i])))
            add_number(list, &n, beside[i], beside[i], file_heading,
                       COMPARE_LOSS);
    }
    return n;
}

static void put_emergence(struct grid *g, idx row, idx column,
                          const struct compare_options *o,
                          const struct emergence *m, const struct compared *r,
                          bool is_file)
{
    double step, final;
    struct series metric = compared_series(r, o->metric);
    if (!series_emergence(&step, &metric, m))
        put_missing(g, row, column, is_file);
    else if (!is_file && series_final(&final, &metric) &&
             !emergence_holds(m, final))
        grid_set(g, row, column, "(%.0f)", step);
    else
        compare_put_number(g, row, column, step, 0, is_file);
}

static bool are_all_done(const struct compared *runs, idx n)
{
    for (idx i = 0; i < n; i++)
        if (strcmp(runs[i].status, run_state_name(RUN_DONE)) != 0)
            return false;
    return true;
}

void compare_head_key(struct grid *g, idx column, const struct config_key *keys,
                      idx n, idx k, bool is_file)
{
    const char *section = keys[k].section->name, *name = keys[k].key->name;
    if (is_file)
        grid_set(g, 0, column, "%s.%s", section, name);
    else if (config_key_is_clear(keys, n, k))
        grid_set(g, 0, column, "%s", name);
    else
        grid_set(g, 0, column, "%s.\n%s", section, name);
}

static void set_differing(struct grid *g, idx column, struct config_key k,
                          const struct compared *runs, idx n, bool is_file)
{
    char text[KEY_PRINT_MAX];
    for (idx i = 0; i < n; i++) {
        if (runs[i].has_config) {
            config_value(text, sizeof text, &runs[i].config, k);
            grid_set(g, i + 1, column, "%s", text);
        } else {
            put_missing(g, i + 1, column, is_file);
        }
    }
}

void compare_differing(FILE *out, const struct compared *runs, idx n)
{
    struct config_key keys[DIFFERING_MAX];
    idx n_keys = config_differing(keys, config_of, runs, n);
    for (idx k = 0; k < n_keys; k++)
        fprintf(out, "%s%s.%s", k > 0 ? ", " : "the runs differ in ",
                keys[k].section->name, keys[k].key->name);
    if (n_keys > COMPARE_KEYS)
        fprintf(out, " (--csv FILE shows all their values)");
    if (n_keys > 0)
        fputc('\n', out);
    compare_note_data(out, keys, n_keys);
}

void compare_note_data(FILE *out, const struct config_key *keys, idx n)
{
    idx n_data = 0;
    for (idx k = 0; k < n; k++)
        if (strcmp(keys[k].section->name, "data") == 0)
            fprintf(out, "%s%s.%s",
                    n_data++ > 0 ? ", " : "note: runs differ in ",
                    keys[k].section->name, keys[k].key->name);
    if (n_data > 0)
        fputs(": their losses are of different data, so a difference may come "
              "from that alone\n",
              out);
}

int compare_grid(struct grid *g, const struct compare_options *o,
                 const struct emergence *m, const struct compared *runs,
                 bool is_file, struct err *e)
{
    struct config_key keys[DIFFERING_MAX];
    idx n_keys = config_differing(keys, config_of, runs, o->n_runs);
    idx shown = is_file ? n_keys : idx_min(n_keys, COMPARE_KEYS);
    bool has_status = is_file || !are_all_done(runs, o->n_runs);
    struct number numbers[NUMBERS_MAX];
    idx n_numbers = list_numbers(numbers, o, runs, is_file);
    idx columns = 1 + shown + has_status + n_numbers, column = 1;
    int rc = grid_init(g, o->n_runs + 1, columns, e);
    if (rc != OK)
        return rc;
    grid_set(g, 0, 0, "run");
    for (idx i = 0; i < o->n_runs; i++)
        grid_set(g, i + 1, 0, "%s", is_file ? runs[i].path : runs[i].label);
    for (idx k = 0; k < shown; k++, column++) {
        compare_head_key(g, column, keys, n_keys, k, is_file);
        set_differing(g, column, keys[k], runs, o->n_runs, is_file);
    }
    for (idx i = 0; has_status && i <= o->n_runs; i++)
        grid_set(g, i, column, "%s", i > 0 ? runs[i - 1].status : "status");
    column += has_status;
    for (idx k = 0; k < n_numbers; k++, column++) {
        const struct number *x = &numbers[k];
        grid_set(g, 0, column, "%s", is_file ? x->file_heading : x->heading);
        for (idx i = 0; i < o->n_runs; i++)
            if (x->column)
                put_final(g, i + 1, column, &runs[i], x->column, x->digits,
                          is_file);
            else
                put_emergence(g, i + 1, column, o, m, &runs[i], is_file);
    }
    return grid_check(g, e);
}

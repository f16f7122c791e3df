/* compare's table: what differs between the runs, and how each one ended. */
#include "cmd/compare.h"

#include "io/config_differ.h"

#include <math.h>
#include <string.h>

enum {
    NUMBERS = 9, /* columns of numbers: KEEP WITH head_numbers, set_numbers */
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

static void head_numbers(struct grid *g, idx c, const struct compare_options *o,
                         bool is_file, idx n_numbers)
{
    if (is_file) {
        grid_set(g, 0, c, "steps");
        grid_set(g, 0, c + 1, "final_%s", o->loss);
        grid_set(g, 0, c + 2, "final_%s", o->metric);
        grid_set(g, 0, c + 3, "sink_bias");
        grid_set(g, 0, c + 4, "first_mass_raw");
        grid_set(g, 0, c + 5, "row_sum");
        grid_set(g, 0, c + 6, "emerged_at_step");
        grid_set(g, 0, c + 7, "final_val_loss_se");
        grid_set(g, 0, c + 8, "final_val_excess");
        return;
    }
    grid_set(g, 0, c, "steps");
    grid_set(g, 0, c + 1, "final\n%s", o->loss);
    grid_set(g, 0, c + 2, "final\n%s%s", o->metric,
             metric_is_share(o->metric) ? "\n%" : "");
    grid_set(g, 0, c + 3, "sink\nbias\n%%");
    grid_set(g, 0, c + 4, "first\nmass\nraw %%");
    grid_set(g, 0, c + 5, "row\nsum");
    grid_set(g, 0, c + 6, "emerged\nat step");
    if (n_numbers < NUMBERS)
        return;
    grid_set(g, 0, c + 7, "val_loss\nerror");
    grid_set(g, 0, c + 8, "above\nfloor");
}

static void set_numbers(struct grid *g, idx row, idx c,
                        const struct compare_options *o,
                        const struct emergence *m, const struct compared *r,
                        bool is_file, idx n_numbers)
{
    double step, final;
    struct series metric = compared_series(r, o->metric);
    put_final(g, row, c, r, "step", 0, is_file);
    put_final(g, row, c + 1, r, o->loss, COMPARE_LOSS, is_file);
    put_final(g, row, c + 2, r, o->metric, COMPARE_RATIO, is_file);
    put_final(g, row, c + 3, r, "sink_bias", 0, is_file);
    put_final(g, row, c + 4, r, "first_mass_raw", 0, is_file);
    put_final(g, row, c + 5, r, "row_sum", COMPARE_RATIO, is_file);
    if (!series_emergence(&step, &metric, m))
        put_missing(g, row, c + 6, is_file);
    else if (!is_file && series_final(&final, &metric) &&
             !emergence_holds(m, final))
        grid_set(g, row, c + 6, "(%.0f)", step);
    else
        compare_put_number(g, row, c + 6, step, 0, is_file);
    if (n_numbers < NUMBERS)
        return;
    put_final(g, row, c + 7, r, "val_loss_se", COMPARE_LOSS, is_file);
    put_final(g, row, c + 8, r, "val_excess", COMPARE_LOSS, is_file);
}

/* Older files have neither the loss's error nor what is above the floor. */
static idx count_numbers(const struct compared *runs, idx n, bool is_file)
{
    for (idx i = 0; i < n; i++)
        if (is_file || compared_series(&runs[i], "val_loss_se").n > 0)
            return NUMBERS;
    return NUMBERS - 2;
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
}

int compare_grid(struct grid *g, const struct compare_options *o,
                 const struct emergence *m, const struct compared *runs,
                 bool is_file, struct err *e)
{
    struct config_key keys[DIFFERING_MAX];
    idx n_keys = config_differing(keys, config_of, runs, o->n_runs);
    idx shown = is_file ? n_keys : idx_min(n_keys, COMPARE_KEYS);
    bool has_status = is_file || !are_all_done(runs, o->n_runs);
    idx n_numbers = count_numbers(runs, o->n_runs, is_file);
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
    head_numbers(g, column, o, is_file, n_numbers);
    for (idx i = 0; i < o->n_runs; i++)
        set_numbers(g, i + 1, column, o, m, &runs[i], is_file, n_numbers);
    return grid_check(g, e);
}

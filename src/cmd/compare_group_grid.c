/* compare's table of groups. */
#include "cmd/compare_group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A column of means. */
struct measure {
    const char *name, *heading;
    int digits;
    bool has_spread;   /* on a screen, too */
    bool is_file_only; /* too much for a screen */
};

enum { MEASURES = 8, KEYS_SHOWN = 8, HEADING_MAX = 256 };

/* What a row is made of. */
struct row {
    struct summary steps, finals[MEASURES], emerged;
    idx n_emerged_of;
};

struct layout {
    struct measure measures[MEASURES];
    bool is_shown[MEASURES];
    idx n_measures, n_keys;
    bool has_label, has_status, is_file;
    char heading[HEADING_MAX], loss[HEADING_MAX];
    struct row *rows; /* (groups) */
};

static void list_measures(struct layout *l, const struct compare_options *o)
{
    const struct measure beside[] = {
        { "sink_bias", "sink\nbias %", COMPARE_PERCENT, false, false },
        { "first_mass_raw", "first\nmass\nraw %", COMPARE_PERCENT, false,
          false },
        { "row_sum", "row\nsum", COMPARE_RATIO, false, false },
        { "bias_mass", "bias\nmass %", COMPARE_PERCENT, false, true },
        { "hidden_max", "largest\nhidden", COMPARE_RATIO, false, true },
        { "value_ratio", "value\nratio", COMPARE_RATIO, false, true },
    };
    bool is_share = metric_is_share(o->metric);
    snprintf(l->loss, sizeof l->loss, "final\n%s", o->loss);
    snprintf(l->heading, sizeof l->heading, "final\n%s%s", o->metric,
             is_share ? "\n%" : "");
    l->measures[l->n_measures++] =
        (struct measure){ o->loss, l->loss, COMPARE_LOSS, true, false };
    l->measures[l->n_measures++] =
        (struct measure){ o->metric, l->heading,
                          is_share ? COMPARE_PERCENT : COMPARE_RATIO, true,
                          false };
    for (idx i = 0; i < COUNT_OF(beside); i++)
        if (strcmp(beside[i].name, o->metric) != 0)
            l->measures[l->n_measures++] = beside[i];
}

static int fill_row(struct layout *l, struct row *r, const struct group *g,
                    const struct compare_options *o, struct err *e)
{
    idx n_gone;
    int rc = OK;
    for (idx i = -1; i < l->n_measures && rc == OK; i++) {
        struct band b = { 0 };
        rc = band_make(&b, g, i < 0 ? "step" : l->measures[i].name, e);
        if (rc == OK && i < 0)
            r->steps = band_final(&b);
        else if (rc == OK)
            r->finals[i] = band_final(&b);
        /* loss and metric always; others where they say anything */
        if (i >= 0 && !l->measures[i].is_file_only &&
            (i < 2 || r->finals[i].n > 0))
            l->is_shown[i] = true;
        band_release(&b);
    }
    r->emerged =
        group_emergence(&r->n_emerged_of, &n_gone, g, o->metric, o->threshold);
    return rc;
}

static bool are_all_done(const struct groups *s)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++)
            if (strcmp(s->g[i].runs[k]->status, run_state_name(RUN_DONE)) != 0)
                return false;
    return true;
}

static int plan_layout(struct layout *l, const struct compare_options *o,
                       const struct groups *s, bool is_file, struct err *e)
{
    int rc = OK;
    l->is_file = is_file;
    l->has_status = is_file || !are_all_done(s);
    l->n_keys = is_file ? s->n_keys : idx_min(s->n_keys, KEYS_SHOWN);
    l->has_label = is_file || l->n_keys == 0;
    list_measures(l, o);
    l->rows = calloc((size_t)s->n, sizeof *l->rows);
    if (!l->rows)
        return err_set(e, ERR_MEMORY, "not enough memory for a table");
    for (idx i = 0; i < s->n && rc == OK; i++) {
        rc = fill_row(l, &l->rows[i], &s->g[i], o, e);
        l->has_label = l->has_label || !s->g[i].runs[0]->has_config;
    }
    for (idx i = 0; i < l->n_measures; i++)
        l->is_shown[i] = l->is_shown[i] || is_file;
    return rc;
}

static idx count_columns(const struct layout *l)
{
    idx n = l->has_label + l->n_keys + l->has_status + 1 + 1 + 3;
    for (idx i = 0; i < l->n_measures; i++)
        if (l->is_shown[i])
            n += l->is_file ? 3 : 1 + l->measures[i].has_spread;
    return n + l->is_file;
}

static void put(struct grid *g, idx row, idx column, const struct layout *l,
                double v, double scale, int digits)
{
    if (isnan(v))
        grid_set(g, row, column, "%s", l->is_file ? "" : "-");
    else if (l->is_file)
        grid_set(g, row, column, "%.15g", v);
    else
        compare_put_number(g, row, column, v * scale, digits, false);
}

static void head_measure(struct grid *g, idx *column, const struct layout *l,
                         idx i, bool unicode)
{
    const struct measure *m = &l->measures[i];
    if (l->is_file) {
        grid_set(g, 0, (*column)++, "final_%s_mean", m->name);
        grid_set(g, 0, (*column)++, "final_%s_spread", m->name);
        grid_set(g, 0, (*column)++, "final_%s_n", m->name);
        return;
    }
    grid_set(g, 0, (*column)++, "%s", m->heading);
    if (m->has_spread)
        grid_set(g, 0, (*column)++, unicode ? "±" : "+-");
}

static void set_measure(struct grid *g, idx row, idx *column,
                        const struct layout *l, idx i)
{
    const struct measure *m = &l->measures[i];
    const struct summary *v = &l->rows[row - 1].finals[i];
    double scale = metric_is_share(m->name) ? 100 : 1;
    put(g, row, (*column)++, l, v->mean, scale, m->digits);
    if (l->is_file || m->has_spread)
        put(g, row, (*column)++, l, v->spread, scale, m->digits);
    if (l->is_file)
        grid_set(g, row, (*column)++, "%td", v->n);
}

static void set_head(struct grid *g, const struct layout *l,
                     const struct groups *s, bool unicode)
{
    idx c = 0;
    if (l->has_label)
        grid_set(g, 0, c++, "group");
    for (idx k = 0; k < l->n_keys; k++)
        compare_head_key(g, c++, s->keys, s->n_keys, k, l->is_file);
    if (l->is_file)
        grid_set(g, 0, c++, "runs");
    if (l->has_status)
        grid_set(g, 0, c++, "status");
    grid_set(g, 0, c++, "n");
    grid_set(g, 0, c++, "steps");
    for (idx i = 0; i < l->n_measures; i++)
        if (l->is_shown[i])
            head_measure(g, &c, l, i, unicode);
    grid_set(g, 0, c++,
             l->is_file ? "emerged_at_step_mean" : "emerged\nat step");
    grid_set(g, 0, c++, "%s",
             l->is_file ? "emerged_at_step_spread"
             : unicode  ? "±"
                        : "+-");
    grid_set(g, 0, c++, l->is_file ? "emerged_at_step_n" : "in");
}

static void set_row(struct grid *g, idx row, const struct layout *l,
                    const struct groups *s)
{
    const struct group *group = &s->g[row - 1];
    const struct row *r = &l->rows[row - 1];
    const struct compared *first = group->runs[0];
    idx c = 0;
    if (l->has_label)
        grid_set(g, row, c++, "%s", group->label);
    for (idx k = 0; k < l->n_keys; k++) {
        char value[KEY_PRINT_MAX] = "";
        if (first->has_config)
            config_value(value, sizeof value, &first->config, s->keys[k]);
        grid_set(g, row, c++, "%s", value);
    }
    if (l->is_file)
        grid_set(g, row, c++, "%td", group->n_runs);
    if (l->has_status)
        grid_set(g, row, c++, "%s", group->status);
    bool is_final = l->is_file || group->is_done || group->n_counted == 0;
    grid_set(g, row, c++, is_final ? "%td" : "(%td)", group->n_counted);
    put(g, row, c++, l, r->steps.mean, 1, 0);
    for (idx i = 0; i < l->n_measures; i++)
        if (l->is_shown[i])
            set_measure(g, row, &c, l, i);
    put(g, row, c++, l, r->emerged.mean, 1, 0);
    put(g, row, c++, l, r->emerged.spread, 1, 0);
    if (l->is_file)
        grid_set(g, row, c++, "%td", r->emerged.n);
    else
        grid_set(g, row, c++, "%td/%td", r->emerged.n, r->n_emerged_of);
}

int groups_grid(struct grid *grid, const struct compare_options *o,
                const struct groups *s, bool is_file, struct err *e)
{
    struct layout l = { 0 };
    int rc = plan_layout(&l, o, s, is_file, e);
    if (rc == OK)
        rc = grid_init(grid, s->n + 1, count_columns(&l), e);
    if (rc == OK) {
        set_head(grid, &l, s, o->unicode);
        for (idx i = 0; i < s->n; i++)
            set_row(grid, i + 1, &l, s);
        rc = grid_check(grid, e);
    }
    free(l.rows);
    return rc;
}

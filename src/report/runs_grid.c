/* runs' tables: one for each folder, or one of all as CSV. */
#include "report/runs.h"

#include "io/grid.h"
#include "sweep/sweep_folder.h"

#include <math.h>
#include <string.h>

enum {
    CELL_COLUMNS = 40,
    KEYS_SHOWN = 5, /* differing keys that get a column on a screen */
    NUMBERS = 5,    /* KEEP WITH: head_numbers, set_numbers */
};

/* Runs in a row of the listing that make a table. */
struct part {
    const struct listed *runs; /* (n) */
    idx n;
};

static const struct config *config_of(const void *runs, idx i)
{
    const struct listed *r = (const struct listed *)runs + i;
    return r->has_config ? &r->config : NULL;
}

/* ---- cells ------------------------------------------------------------- */

static void put_none(struct grid *g, idx row, idx column, bool is_file)
{
    grid_set(g, row, column, "%s", is_file ? "" : "-");
}

static void put(struct grid *g, idx row, idx column, double v, int digits,
                bool is_file)
{
    if (isnan(v)) /* of either sign */
        grid_set(g, row, column, "nan");
    else if (is_file)
        grid_set(g, row, column, "%.15g", v);
    else if (fabs(v) < 1e6)
        grid_set(g, row, column, "%.*f", digits, v);
    else
        grid_set(g, row, column, "%.4g", v);
}

static void put_measured(struct grid *g, idx row, idx column,
                         const struct listed *r, const char *name, int digits,
                         bool is_file)
{
    double v;
    if (!listed_measured(&v, r, name))
        put_none(g, row, column, is_file);
    else
        put(g, row, column, v * (!is_file && metric_is_share(name) ? 100 : 1),
            digits, is_file);
}

static void head_numbers(struct grid *g, idx c, bool is_file)
{
    grid_set(g, 0, c, "step");
    grid_set(g, 0, c + 1, is_file ? "steps" : "of");
    grid_set(g, 0, c + 2, "loss");
    grid_set(g, 0, c + 3, "val_loss");
    grid_set(g, 0, c + 4, is_file ? "sink_1" : "sink_1\n%%");
}

static void set_numbers(struct grid *g, idx row, idx c, const struct listed *r,
                        bool is_file)
{
    if (isnan(r->step))
        put_none(g, row, c, is_file);
    else
        put(g, row, c, r->step, 0, is_file);
    if (r->has_config)
        put(g, row, c + 1, (double)r->config.train.steps, 0, is_file);
    else
        put_none(g, row, c + 1, is_file);
    put_measured(g, row, c + 2, r, "loss", 4, is_file);
    put_measured(g, row, c + 3, r, "val_loss", 4, is_file);
    put_measured(g, row, c + 4, r, "sink_1", 1, is_file);
}

static void set_key(struct grid *g, idx c, const struct config_key *keys,
                    idx n_keys, idx k, struct part p, bool is_file)
{
    char value[KEY_PRINT_MAX];
    bool is_short = !is_file && config_key_is_clear(keys, n_keys, k);
    grid_set(g, 0, c, "%s%s%s", is_short ? "" : keys[k].section->name,
             is_short  ? ""
             : is_file ? "."
                       : ".\n",
             keys[k].key->name);
    for (idx i = 0; i < p.n; i++) {
        if (!p.runs[i].has_config)
            continue;
        config_value(value, sizeof value, &p.runs[i].config, keys[k]);
        grid_set(g, i + 1, c, "%s", value);
    }
}

static int fill(struct grid *g, struct part p, const struct config_key *keys,
                idx n_keys, bool is_file, struct err *e)
{
    int rc = grid_init(g, p.n + 1, 2 + NUMBERS + n_keys, e);
    if (rc != OK)
        return rc;
    grid_set(g, 0, 0, "run");
    grid_set(g, 0, 1, "status");
    head_numbers(g, 2, is_file);
    for (idx i = 0; i < p.n; i++) {
        const struct listed *r = &p.runs[i];
        grid_set(g, i + 1, 0, "%s", is_file ? r->path : r->own_name);
        grid_set(g, i + 1, 1, "%s", r->status);
        set_numbers(g, i + 1, 2, r, is_file);
    }
    for (idx k = 0; k < n_keys; k++)
        set_key(g, 2 + NUMBERS + k, keys, n_keys, k, p, is_file);
    return grid_check(g, e);
}

/* ---- for people -------------------------------------------------------- */

/* "12 runs, 10 done, 2 running" */
static void print_counts(FILE *out, struct part p)
{
    fprintf(out, "%td run%s", p.n, p.n == 1 ? "" : "s");
    for (int state = 0; run_standing_name(state); state++) {
        idx n = 0;
        for (idx i = 0; i < p.n; i++)
            n += strcmp(p.runs[i].status, run_standing_name(state)) == 0;
        if (n > 0)
            fprintf(out, ", %td %s", n, run_standing_name(state));
    }
    fputc('\n', out);
}

/* Runs of a sweep are told apart by the keys in which they differ; runs that
 * only happen to lie in one folder differ in too many to say anything. */
static int print_part(FILE *out, struct part p, const struct runs_options *o,
                      struct err *e)
{
    struct config_key keys[DIFFERING_MAX];
    struct grid g = { 0 };
    char dir[RUN_DIR_MAX];
    idx n_keys = config_differing(keys, config_of, p.runs, p.n), shown = n_keys;
    snprintf(dir, sizeof dir, "%.*s", (int)p.runs[0].parent_n, p.runs[0].path);
    bool is_sweep = false; /* where it cannot be seen, some keys more */
    if (n_keys > KEYS_SHOWN)
        shown = sweep_holds_sweep(&is_sweep, dir, NULL) || is_sweep ? KEYS_SHOWN
                                                                    : 0;
    fprintf(out, "%s: ", *dir ? dir : ".");
    print_counts(out, p);
    int rc = fill(&g, p, keys, shown, false, e);
    if (rc == OK)
        grid_print(out, &g, CELL_COLUMNS, o->unicode);
    if (rc == OK && shown > 0 && shown < n_keys)
        fprintf(out, "and %td more keys (--csv FILE shows all)\n",
                n_keys - shown);
    grid_release(&g);
    return rc;
}

int runs_print(FILE *out, const struct listing *l, const struct runs_options *o,
               struct err *e)
{
    int rc = OK;
    struct part p = { l->runs, 0 };
    for (idx i = 0; i < l->n && rc == OK; i++) {
        const struct listed *next = i + 1 < l->n ? &l->runs[i + 1] : NULL;
        p.n++;
        if (next && next->parent_n == p.runs[0].parent_n &&
            memcmp(next->path, p.runs[0].path, next->parent_n) == 0)
            continue;
        fputs(p.runs > l->runs ? "\n" : "", out);
        rc = print_part(out, p, o, e);
        p = (struct part){ next, 0 };
    }
    if (l->n == 0 && l->n_all > 0)
        fprintf(out, "none of the %td runs below %s fits\n", l->n_all, o->dir);
    else if (l->n == 0)
        fprintf(out, "no runs below %s\n", o->dir);
    for (idx i = 0; i < l->n; i++)
        if (l->runs[i].unread.code)
            fprintf(out, "note: %s\n", l->runs[i].unread.text);
    if (l->list.n_unread > 0)
        fprintf(out, "note: %td folder%s could not be looked into\n",
                l->list.n_unread, l->list.n_unread == 1 ? "" : "s");
    if (l->list.n_remains > 0)
        fprintf(out,
                "note: %td run%s only half removed (.removed-*): `sinklab runs "
                "--remove` clears that\n",
                l->list.n_remains, l->list.n_remains == 1 ? " is" : "s are");
    return rc;
}

int runs_write_csv(FILE *out, const struct listing *l, struct err *e)
{
    struct config_key keys[DIFFERING_MAX];
    struct part p = { l->runs, l->n };
    struct grid g = { 0 };
    for (idx i = 0; i < l->n; i++) /* programs read no notes */
        if (l->runs[i].unread.code)
            return err_set(e, l->runs[i].unread.code, "%s",
                           l->runs[i].unread.text);
    idx n_keys = config_differing(keys, config_of, p.runs, p.n);
    int rc = fill(&g, p, keys, n_keys, true, e);
    if (rc == OK)
        grid_csv(out, &g);
    grid_release(&g);
    return rc;
}

#include "report/runs_table.h"

#include "report/cells.h"
#include "sweep/sweep_folder.h"

#include <math.h>
#include <string.h>

enum { KEYS_SHOWN = 5 }; /* differing keys that get a column on a screen */

/* Runs in a row of the listing that make a table. */
struct part {
    const struct listed *runs; /* (n) */
    idx n;
    const char *base; /* of several folders, which this one holds; or NULL */
};

static const struct config *config_of(const void *runs, idx i)
{
    const struct listed *r = (const struct listed *)runs + i;
    return r->data.has_config ? &r->data.config : NULL;
}

/* A number of a run; false where there is none. */
typedef bool number_of(double *v, const struct run_data *r, const char *column);

static bool step_of(double *v, const struct run_data *r, const char *column)
{
    (void)column;
    *v = r->step;
    return !isnan(r->step);
}

static bool steps_of(double *v, const struct run_data *r, const char *column)
{
    (void)column;
    *v = r->has_config ? (double)r->config.train.steps : NAN;
    return r->has_config;
}

static bool logged_of(double *v, const struct run_data *r, const char *column)
{
    return table_last(v, &r->metrics, table_find(&r->metrics, column));
}

/* What follows `status`. */
static const struct {
    const char *name, *heading, *of_files; /* as a column of which kind */
    number_of *of;
} numbers[] = {
    { "step", "step", "step", step_of },
    { "step", "of", "steps", steps_of },
    { "loss", "loss", "loss", logged_of },
    { "val_loss", "val_loss", "val_loss", logged_of },
    { "sink_1", "sink_1\n%", "sink_1", logged_of },
};

static void add_number(struct grid *g, idx k, struct part p, bool is_file)
{
    struct cell_look look = cell_look(numbers[k].name);
    idx c =
        grid_add(g, "%s", is_file ? numbers[k].of_files : numbers[k].heading);
    for (idx i = 0; i < p.n; i++) {
        double v;
        if (numbers[k].of(&v, &p.runs[i].data, numbers[k].name))
            put_number(g, i + 1, c, v, look, is_file);
        else
            put_missing(g, i + 1, c, is_file);
    }
}

/* Seen from the one that holds them. */
static void add_folders(struct grid *g, struct part p)
{
    idx c = grid_add(g, "folder");
    for (idx i = 0; i < p.n; i++) {
        const char *name = p.runs[i].name;
        size_t n = run_list_parent(name);
        grid_set(g, i + 1, c, "%.*s", n > 0 ? (int)n : 1, n > 0 ? name : ".");
    }
}

static int fill(struct grid *g, struct part p, const struct config_key *keys,
                idx n_keys, bool is_file, struct err *e)
{
    int rc = grid_init(g, p.n + 1, 0, e);
    if (rc != OK)
        return rc;
    if (p.base)
        add_folders(g, p);
    idx run = grid_add(g, "run"), status = grid_add(g, "status");
    for (idx i = 0; i < p.n; i++) {
        const struct listed *r = &p.runs[i];
        grid_set(g, i + 1, run, "%s",
                 is_file ? r->data.path : run_data_label(&r->data));
        grid_set(g, i + 1, status, "%s", r->data.status);
    }
    for (idx k = 0; k < COUNT_OF(numbers); k++)
        add_number(g, k, p, is_file);
    for (idx k = 0; k < n_keys; k++) {
        idx c = add_key(g, keys, n_keys, k, is_file);
        for (idx i = 0; i < p.n; i++)
            if (p.runs[i].data.has_config)
                put_key(g, i + 1, c, &p.runs[i].data.config, keys[k], is_file);
    }
    return grid_check(g, e);
}

/* ---- for people -------------------------------------------------------- */

/* "12 runs, 10 done, 2 running" */
static void print_counts(FILE *out, struct part p)
{
    char words[256];
    struct text t = { words, sizeof words, 0 };
    idx n[RUN_STATES] = { 0 };
    for (idx i = 0; i < p.n; i++)
        n[p.runs[i].data.state]++;
    run_states_text(&t, n);
    fprintf(out, "%td run%s, %s\n", p.n, p.n == 1 ? "" : "s", words);
}

/* The key that runs are sorted by, if it is one and they differ in it, in front
 * of the others; is it there? */
static bool put_first(struct config_key *keys, idx n, const char *sort)
{
    struct run_field f;
    bool is_key =
        sort && run_field_find(&f, sort + (*sort == '-'), ERR_IGNORED) == OK &&
        f.kind == FIELD_KEY;
    for (idx k = 0; is_key && k < n; k++)
        if (keys[k].key == f.key.key) {
            for (; k > 0; k--)
                keys[k] = keys[k - 1];
            keys[0] = f.key;
            return true;
        }
    return false;
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
    if (p.base)
        snprintf(dir, sizeof dir, "%s", p.base);
    else
        snprintf(dir, sizeof dir, "%.*s", (int)p.runs[0].parent_n,
                 p.runs[0].data.path);
    bool is_sweep = false; /* where it cannot be seen, some keys more */
    if (n_keys > KEYS_SHOWN)
        shown = sweep_holds_sweep(&is_sweep, dir, ERR_IGNORED) || is_sweep
                    ? KEYS_SHOWN
                    : 0;
    if (shown < n_keys && put_first(keys, n_keys, o->sort))
        shown = idx_max(shown, 1);
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

static bool has_sinks(const struct listing *l)
{
    double v;
    for (idx i = 0; i < l->n; i++)
        if (logged_of(&v, &l->runs[i].data, "sink_1"))
            return true;
    return false;
}

/* How many of the n runs, from the first on, lie in the folder of that. */
static idx count_together(const struct listed *runs, idx n)
{
    idx i = 0;
    while (i < n && runs[i].parent_n == runs[0].parent_n &&
           memcmp(runs[i].data.path, runs[0].data.path, runs[0].parent_n) == 0)
        i++;
    return i;
}

/* A table for each folder, or where runs of several are sorted, one of all. */
static int print_parts(FILE *out, const struct listing *l,
                       const struct runs_options *o, struct err *e)
{
    int rc = OK;
    for (idx i = 0, n; i < l->n && rc == OK; i += n) {
        struct part p = { .runs = &l->runs[i] };
        n = count_together(p.runs, l->n - i);
        if (o->sort && n < l->n) {
            n = l->n;
            p.base = l->base;
        }
        p.n = n;
        fputs(i > 0 ? "\n" : "", out);
        rc = print_part(out, p, o, e);
    }
    return rc;
}

int runs_print(FILE *out, const struct listing *l, const struct runs_options *o,
               struct err *e)
{
    int rc = print_parts(out, l, o, e);
    if (has_sinks(l))
        fputs("sink_1 and val_loss are those of training's own looks, "
              "coarse "
              "ones: `sinklab compare` has those of `analyze`\n",
              out);
    if (l->n == 0 && l->n_all > 0)
        fprintf(out, "none of the %td runs below %s fits\n", l->n_all, o->dir);
    else if (l->n == 0)
        fprintf(out, "no runs below %s\n", o->dir);
    for (idx i = 0; i < l->n; i++)
        if (l->runs[i].data.unread.code)
            fprintf(out, "note: %s\n", l->runs[i].data.unread.text);
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

int runs_grid(struct grid *g, const struct listing *l, struct err *e)
{
    struct config_key keys[DIFFERING_MAX];
    idx n = config_differing(keys, config_of, l->runs, l->n);
    return fill(g, (struct part){ l->runs, l->n, NULL }, keys, n, true, e);
}

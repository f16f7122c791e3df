#include "report/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUNS_MAX = 12,   /* rows of maps that a page holds */
    STEPS_SHOWN = 6, /* maps of a run over its training */
    RUNS_AT_STEP_MAX = 24,
    ACROSS_AT_STEP = 4,
    TICKS_MAX = 8, /* numbered heads, or layers */
};

/* A run whose heads are drawn. */
struct mapped {
    const struct run_data *run;
    const char *label;
    struct run_array a;
};

struct maps {
    struct figure *f;
    struct mapped *runs; /* (n) */
    idx n;
    double steps[STEPS_SHOWN];
    idx n_steps;
    const char *left_out; /* for the caption; "" */
};

/* ---- which runs -------------------------------------------------------- */

static bool is_at_step(const struct figure *f)
{
    return !isnan(f->o->step);
}

/* Do groups differ in seeds, so that labels say them? */
static bool has_seeds_as_keys(const struct groups *s)
{
    for (idx k = 0; k < s->n_keys; k++)
        if (strcmp(s->keys[k].key->name, "seed") == 0)
            return true;
    return false;
}

/* Of a group also which run it is. */
static const char *label_of(struct figure *f, const struct group *g, idx i)
{
    const struct run_data *r = g->runs[i];
    if (f->s->are_single || (!f->o->has_seeds && has_seeds_as_keys(f->s)))
        return g->label;
    if (f->o->has_seeds || !r->has_config)
        return pool_print(&f->memory, "%s, %s", g->label, run_data_label(r));
    return pool_print(&f->memory, "%s, seed %td", g->label, r->config.run.seed);
}

/* One without an analysis is left out, unless there is no other. */
static int load_run(struct maps *m, const struct group *g, idx k,
                    struct err *first, struct err *e)
{
    struct figure *f = m->f;
    struct mapped *x = &m->runs[m->n];
    struct err own = { 0 };
    int rc =
        figure_array(&x->a, f, &figure_heads, g->runs[k], f->o->step, &own);
    if (err_is_refusal(rc))
        return err_pass(e, &own);
    if (rc == OK) {
        x->run = g->runs[k];
        x->label = label_of(f, g, k);
        m->n++;
    } else {
        err_pass(first, &own);
        const char *name = run_data_label(g->runs[k]);
        m->left_out = *m->left_out
                          ? pool_print(&f->memory, "%s, %s", m->left_out, name)
                          : pool_print(&f->memory, "Not measured: %s", name);
    }
    return pool_check(&f->memory, e);
}

/* A head of one seed is no head of another, so nothing is averaged. */
static int load_runs(struct maps *m, struct err *e)
{
    struct figure *f = m->f;
    idx n_all = 0, most = is_at_step(f) ? RUNS_AT_STEP_MAX : RUNS_MAX;
    struct err first = { 0 };
    for (idx i = 0; i < f->s->n; i++)
        n_all += idx_min(f->s->g[i].n_counted, f->o->has_seeds ? most : 1);
    if (n_all > most)
        return err_set(e, ERR_USAGE,
                       "compare: --figure heads: %td runs are too many for "
                       "one figure, want at most %td: choose by --where",
                       n_all, most);
    m->runs =
        pool_bytes(&f->memory, (size_t)idx_max(n_all, 1) * sizeof *m->runs);
    if (pool_check(&f->memory, e))
        return e->code;
    for (idx i = 0; i < f->s->n; i++) {
        const struct group *g = &f->s->g[i];
        for (idx k = 0; k < g->n_counted && (k == 0 || f->o->has_seeds); k++)
            if (load_run(m, g, k, &first, e))
                return e->code;
    }
    return m->n == 0 ? err_pass(e, &first) : pool_check(&f->memory, e);
}

/* ---- which steps ------------------------------------------------------- */

/* How much the maps of all runs differ between two steps: the mean over cells
 * of a run, added up over the runs that are measured at both. */
static double distance(const struct maps *m, double one, double other)
{
    double sum = 0;
    for (idx i = 0; i < m->n; i++) {
        const struct run_array *a = &m->runs[i].a;
        idx row;
        const double *u = run_array_at(&row, a, one);
        const double *v = run_array_at(&row, a, other);
        for (idx k = 0; u && v && k < a->n; k++) {
            double d = fabs(u[k] - v[k]);
            sum += isfinite(d) ? d / (double)a->n : 0;
        }
    }
    return sum;
}

static int by_step(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Every step of any run once, rising; NULL: no memory. */
static double *all_steps(idx *n, struct maps *m)
{
    idx most = 0, kept = 0;
    for (idx i = 0; i < m->n; i++)
        most += m->runs[i].a.n_steps;
    double *all = figure_doubles(m->f, most);
    *n = 0;
    if (!all)
        return NULL;
    for (idx i = 0; i < m->n; i++)
        for (idx row = 0; row < m->runs[i].a.n_steps; row++)
            all[(*n)++] = m->runs[i].a.step[row];
    qsort(all, (size_t)*n, sizeof *all, by_step);
    for (idx i = 0; i < *n; i++)
        if (kept == 0 || all[i] > all[kept - 1])
            all[kept++] = all[i];
    *n = kept;
    return all;
}

/* Of steps (n) the one whose maps differ most from the nearest of those that
 * are chosen; of equals the one that is most steps away from them. */
static idx next_step(const struct maps *m, const double *all, idx n,
                     const bool *is_chosen)
{
    double most = -1;
    idx best = 0, farthest = 0;
    for (idx i = 0; i < n; i++) {
        double least = INFINITY;
        idx nearest = n;
        for (idx k = 0; k < n; k++)
            if (is_chosen[k]) {
                least = fmin(least, distance(m, all[i], all[k]));
                nearest = idx_min(nearest, i < k ? k - i : i - k);
            }
        if (nearest > 0 &&
            (least > most || (least == most && nearest > farthest))) {
            most = least;
            farthest = nearest;
            best = i;
        }
    }
    return best;
}

/* The first, the last, and one by one what differs most from what is there. */
static void choose_steps(struct maps *m)
{
    idx n, shown;
    const double *all = all_steps(&n, m);
    bool *is_chosen = pool_bytes(&m->f->memory, (size_t)n * sizeof *is_chosen);
    if (!all || !is_chosen)
        return; /* the pool knows */
    is_chosen[0] = is_chosen[n - 1] = true;
    for (shown = idx_min(n, 2); shown < idx_min(n, STEPS_SHOWN); shown++)
        is_chosen[next_step(m, all, n, is_chosen)] = true;
    for (idx i = 0; i < n; i++)
        if (is_chosen[i])
            m->steps[m->n_steps++] = all[i];
}

/* The row of a run that stands in column k: what was measured last up to its
 * step, once; in the one in front of it what was measured first, where there
 * would be nothing. -1: none. */
static idx row_in(const struct maps *m, const struct run_array *a, idx k)
{
    idx row, before = -1, next = 0;
    run_array_at(&row, a, m->steps[k]);
    if (k > 0)
        run_array_at(&before, a, m->steps[k - 1]);
    if (k + 1 < m->n_steps)
        run_array_at(&next, a, m->steps[k + 1]);
    if (row < 0)
        return next > 0 ? 0 : -1;
    return row > before ? row : -1;
}

/* ---- panels ------------------------------------------------------------ */

/* "0", "", "", "", "4", ...: as many numbers as there is room for. */
static const char **number_words(struct figure *f, idx n)
{
    const char **words = pool_bytes(&f->memory, (size_t)n * sizeof *words);
    idx stride = idx_ceil_div(n, TICKS_MAX);
    for (idx i = 0; words && i < n; i++)
        words[i] = i % stride == 0 ? pool_print(&f->memory, "%td", i) : "";
    return words;
}

/* What stands where a run has no map: a frame. */
static void fill_empty(struct plot_panel *q, struct figure *f,
                       const struct run_array *a, bool has_ended)
{
    double *v = figure_doubles(f, a->n);
    for (idx i = 0; v && i < a->n; i++)
        v[i] = NAN;
    q->map = (struct plot_map){ a->extent[0], a->extent[1], v };
    q->title = has_ended ? "(ended)" : "(no map)";
}

static void fill_panel(struct plot_panel *q, struct maps *m, idx run, idx k)
{
    const struct run_array *a = &m->runs[run].a;
    bool at_step = is_at_step(m->f);
    idx row = at_step ? 0 : row_in(m, a, k);
    if (row < 0) {
        fill_empty(q, m->f, a, m->steps[k] > a->step[a->n_steps - 1]);
        return;
    }
    q->map = (struct plot_map){ a->extent[0], a->extent[1], a->v + row * a->n };
    q->title = at_step ? m->runs[run].label
                       : pool_print(&m->f->memory, "step %.0f", a->step[row]);
}

static int check_alike(const struct maps *m, struct err *e)
{
    const struct run_array *a = &m->runs[0].a;
    if (a->ndim != 2)
        return err_set(e, ERR_USAGE,
                       "compare: --figure heads: %s has more than one value "
                       "for each layer and head: give another --metric",
                       m->f->o->metric);
    for (idx i = 1; i < m->n; i++) {
        const struct run_array *b = &m->runs[i].a;
        if (a->extent[0] != b->extent[0] || a->extent[1] != b->extent[1])
            return err_set(e, ERR_USAGE,
                           "compare: --figure heads: %s has %td layers of %td "
                           "heads, %s %td of %td: draw models of one shape "
                           "together",
                           m->runs[0].label, a->extent[0], a->extent[1],
                           m->runs[i].label, b->extent[0], b->extent[1]);
    }
    return OK;
}

/* A block a run over its training; or all runs at one step. */
static int fill_blocks(struct maps *m, struct plot_block *blocks, struct err *e)
{
    struct figure *f = m->f;
    bool at_step = is_at_step(f);
    const struct run_array *a = &m->runs[0].a;
    const struct plot_axis layers = {
        .label = "layer",
        .words = number_words(f, a->extent[0]),
        .n_words = a->extent[0],
    };
    idx n_blocks = at_step ? 1 : m->n;
    idx n_panels = at_step ? m->n : m->n_steps;
    for (idx b = 0; b < n_blocks; b++) {
        struct plot_panel *panels =
            pool_bytes(&f->memory, (size_t)n_panels * sizeof *panels);
        if (pool_check(&f->memory, e))
            return e->code;
        for (idx k = 0; k < n_panels; k++)
            fill_panel(&panels[k], m, at_step ? k : b, k);
        blocks[b] = (struct plot_block){
            .title = at_step || m->n == 1 ? NULL : m->runs[b].label,
            .y = layers,
            .panels = panels,
            .n_panels = n_panels,
        };
    }
    f->plot.blocks = blocks;
    f->plot.n_blocks = n_blocks;
    f->plot.across =
        at_step ? idx_min(m->n, ACROSS_AT_STEP) : idx_max(1, n_panels);
    f->plot.x = (struct plot_axis){
        .label = "head",
        .words = number_words(f, a->extent[1]),
        .n_words = a->extent[1],
    };
    return pool_check(&f->memory, e);
}

static const char *step_words(struct maps *m)
{
    double lo = INFINITY, hi = -INFINITY;
    for (idx i = 0; i < m->n && is_at_step(m->f); i++) {
        idx row;
        if (!run_array_at(&row, &m->runs[i].a, m->f->o->step))
            continue;
        lo = fmin(lo, m->runs[i].a.step[row]);
        hi = fmax(hi, m->runs[i].a.step[row]);
    }
    if (!(lo <= hi))
        return "";
    return lo == hi
               ? pool_print(&m->f->memory, "At step %.0f. ", lo)
               : pool_print(&m->f->memory, "At steps %.0f to %.0f. ", lo, hi);
}

/* Whose heads they are, where groups have several runs. */
static const char *run_words(struct maps *m)
{
    struct pool *pool = &m->f->memory;
    const char *names = "";
    if (m->f->s->are_single || m->f->o->has_seeds)
        return names;
    for (idx i = 0; i < m->n && names; i++)
        names = pool_print(pool, "%s%s%s", names, i ? ", " : "",
                           run_data_label(m->runs[i].run));
    return pool_print(pool,
                      "One run a group, the first (%s): heads of other seeds "
                      "are other heads; --seeds draws them all. ",
                      names ? names : "");
}

static int draw_maps(struct maps *m, struct err *e)
{
    struct figure *f = m->f;
    const char *const columns[] = { f->o->metric };
    struct plot_block *blocks =
        pool_bytes(&f->memory, (size_t)m->n * sizeof *blocks);
    if (pool_check(&f->memory, e) || check_alike(m, e))
        return e->code;
    if (!is_at_step(f))
        choose_steps(m);
    if (pool_check(&f->memory, e) ||
        figure_axis(&f->plot.colours, f, f->o->metric, f->o->y_range, e) ||
        fill_blocks(m, blocks, e))
        return e->code;
    const char *steps = step_words(m);
    const char *runs = run_words(m);
    f->plot.caption =
        figure_caption(f, columns, 1, "%s%s%s", steps ? steps : "",
                       runs ? runs : "", m->left_out);
    return pool_check(&f->memory, e);
}

static int fill(struct figure *f, struct err *e)
{
    struct maps m = { .f = f, .left_out = "" };
    return load_runs(&m, e) ? e->code : draw_maps(&m, e);
}

static const enum metric_axis layer_and_head[] = { OVER_LAYER, OVER_HEAD,
                                                   OVER_NOTHING };

const struct figure_kind figure_heads = {
    .name = "heads",
    .what = "a metric by layer and head, over training or at --step",
    .reads = READS_Y_RANGE | READS_STEP | READS_SEEDS,
    .wants = layer_and_head,
    .lacks = "has no value for each layer and head",
    .fill = fill,
};

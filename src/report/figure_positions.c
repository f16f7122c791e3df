#include "report/figure.h"

#include <math.h>
#include <string.h>

enum { PANELS_MAX = 24, TICKS = 8 };

/* A metric by position, of one group: the mean over its runs, and over heads,
 * at one step; a curve a layer or depth. */
struct profile {
    const char *label;
    idx n_runs, n_curves, n; /* n: positions */
    double *v;               /* (n_curves,n) */
    double first, last; /* step of the run that is least far, and farthest */
};

/* Which axis is which, and how many numbers lie between two of it. */
struct layout {
    idx curves, heads, positions; /* extents; 1 where there is no such axis */
    idx curve_stride, head_stride, position_stride;
    enum metric_axis of; /* of the curves */
};

static void find_layout(struct layout *l, const struct run_array *a)
{
    idx stride = 1;
    *l = (struct layout){ 1, 1, 0, 0, 0, 0, OVER_NOTHING };
    for (int i = a->ndim - 1; i >= 0; stride *= a->extent[i--]) {
        idx n = a->extent[i];
        if (a->axes[i] == OVER_POSITION) {
            l->positions = n;
            l->position_stride = stride;
        } else if (a->axes[i] == OVER_HEAD) {
            l->heads = n;
            l->head_stride = stride;
        } else {
            l->curves = n;
            l->curve_stride = stride;
            l->of = a->axes[i];
        }
    }
}

/* Add the values of a run to the sums of its group. */
static int add_run(struct profile *p, struct layout *l, struct figure *f,
                   const struct run_data *r, struct err *e)
{
    struct run_array a;
    double step = isnan(f->o->step) ? INFINITY : f->o->step;
    if (figure_array(&a, f, &figure_positions, r, step, e))
        return e->code;
    find_layout(l, &a);
    if (p->n_runs == 0) {
        p->n_curves = l->curves;
        p->n = l->positions;
        p->v = figure_doubles(f, p->n_curves * p->n);
    }
    if (pool_check(&f->memory, e))
        return e->code;
    if (p->n_curves != l->curves || p->n != l->positions)
        return err_set(e, ERR_USAGE,
                       "compare: --figure positions: %s: runs of one group "
                       "have other layers or positions: group them by --by",
                       p->label);
    p->first = p->n_runs == 0 ? a.step[0] : fmin(p->first, a.step[0]);
    p->last = fmax(p->last, a.step[0]);
    p->n_runs++;
    for (idx c = 0; c < l->curves; c++)
        for (idx t = 0; t < l->positions; t++) {
            double sum = 0;
            for (idx h = 0; h < l->heads; h++)
                sum += a.v[c * l->curve_stride + h * l->head_stride +
                           t * l->position_stride];
            p->v[c * p->n + t] += sum / (double)l->heads;
        }
    return OK;
}

/* One without an analysis is left out. */
static int make_profile(struct profile *p, struct layout *l, struct figure *f,
                        const struct group *g, const char **left_out,
                        struct err *first, struct err *e)
{
    struct pool *pool = &f->memory;
    *p = (struct profile){ .label = g->label, .last = -INFINITY };
    for (idx i = 0; i < g->n_counted; i++) {
        struct err own = { 0 };
        if (add_run(p, l, f, g->runs[i], &own) == ERR_DATA) {
            err_pass(first, &own);
            *left_out = pool_print(
                pool, "%s%s%s",
                *left_out ? *left_out : "Not measured: ", *left_out ? ", " : "",
                run_data_label(g->runs[i]));
        } else if (err_pass(e, &own)) {
            return e->code;
        }
    }
    for (idx i = 0; i < p->n_curves * p->n; i++)
        p->v[i] /= (double)p->n_runs;
    return OK;
}

/* Ordered as the layers are where they are too many to be told apart. */
static struct plot_style style_of(idx curve, idx n)
{
    if (n <= PLOT_STYLES)
        return (struct plot_style){ .number = curve };
    return (struct plot_style){ .ink = PLOT_SCALE,
                                .at = (double)curve / (double)(n - 1) };
}

static void fill_panel(struct plot_panel *q, struct figure *f,
                       const struct profile *p, const double *x)
{
    struct plot_curve *curves =
        pool_bytes(&f->memory, (size_t)p->n_curves * sizeof *curves);
    *q = (struct plot_panel){ .curves = curves };
    for (idx c = 0; curves && c < p->n_curves; c++)
        curves[q->n_curves++] = (struct plot_curve){
            .style = style_of(c, p->n_curves),
            .x = x,
            .y = p->v + c * p->n,
            .n = p->n,
        };
}

static void fill_legend(struct figure *f, idx n, enum metric_axis of)
{
    idx named = idx_min(n, PLOT_STYLES);
    struct plot_entry *entries =
        pool_bytes(&f->memory, (size_t)named * sizeof *entries);
    f->plot.legend = entries;
    if (of == OVER_NOTHING)
        return;
    for (idx i = 0; entries && i < named; i++) {
        idx c = named > 1 ? (i * (n - 1) + (named - 1) / 2) / (named - 1) : 0;
        entries[f->plot.n_entries++] =
            (struct plot_entry){ style_of(c, n),
                                 pool_print(&f->memory, "%s %td",
                                            metric_axes[of].name, c) };
    }
}

/* 1, 2, 5, 10, ..: so many positions have at most so many ticks. */
static idx tick_step(idx n)
{
    static const idx round[] = { 1, 2, 5 };
    for (idx ten = 1;; ten *= 10)
        for (idx i = 0; i < COUNT_OF(round); i++)
            if (ten * round[i] * TICKS >= n)
                return ten * round[i];
}

/* Ticks from 1 on: there is no position 0. */
static void set_places(struct figure *f, idx longest)
{
    double *places = figure_doubles(f, TICKS + 1);
    idx n = 0, step = tick_step(longest);
    if (!places || f->o->log_x)
        return;
    places[n++] = 1;
    for (idx t = step > 1 ? step : 2; t <= longest; t += step)
        places[n++] = (double)t;
    f->plot.x.places = places;
    f->plot.x.n_places = n;
}

/* Where curves end before the positions do; 0: nowhere. */
static idx last_drawn(const struct profile *p, idx n)
{
    idx last = 0, longest = 0;
    for (idx i = 0; i < n; i++)
        for (idx k = 0; k < p[i].n_curves * p[i].n; k++) {
            longest = idx_max(longest, p[i].n);
            if (!isnan(p[i].v[k]))
                last = idx_max(last, k % p[i].n + 1);
        }
    return last < longest ? last : 0;
}

/* What is drawn, which says over which positions, too. */
static const char *definition_of(struct figure *f, const struct profile *p,
                                 idx n, idx longest)
{
    struct column_facts facts;
    const char *formula =
        column_find(&facts, figure_column(f->o)) && facts.metric
            ? facts.metric->text.formula
            : NULL;
    idx end = last_drawn(p, n);
    return pool_print(
        &f->memory, "%s%s%s%s%s", formula ? "Drawn: " : "",
        formula ? formula : "", formula ? ". " : "",
        formula && strstr(formula, "proxy weight")
            ? "Proxy weight: a token's part in the sum of its row's weights. "
            : "",
        end ? pool_print(&f->memory, "Curves end at position %td of %td. ", end,
                         longest)
            : "");
}

static const char *words_of(struct figure *f, const struct profile *p, idx n,
                            const struct layout *l)
{
    double lo = INFINITY, hi = -INFINITY;
    for (idx i = 0; i < n; i++) {
        lo = fmin(lo, p[i].first);
        hi = fmax(hi, p[i].last);
    }
    return pool_print(&f->memory, "At step %.0f%s%s%s. ", lo,
                      hi > lo ? pool_print(&f->memory, " to %.0f", hi) : "",
                      l->heads > 1 ? ", means over heads" : "",
                      f->s->are_single ? "" : ", means over runs");
}

static int fill(struct figure *f, struct err *e)
{
    const char *const columns[] = { figure_column(f->o) };
    struct layout l = { 0 };
    struct err first = { 0 };
    const char *left_out = NULL;
    idx n = 0, longest = 0, most = 0;
    if (f->s->n > PANELS_MAX)
        return err_set(e, ERR_USAGE,
                       "compare: --figure positions: %td groups are too many "
                       "for one figure, want at most %d: choose by --where",
                       f->s->n, PANELS_MAX);
    struct profile *p = pool_bytes(&f->memory, (size_t)f->s->n * sizeof *p);
    struct plot_panel *panels =
        pool_bytes(&f->memory, (size_t)f->s->n * sizeof *panels);
    struct plot_block *block = pool_bytes(&f->memory, sizeof *block);
    if (pool_check(&f->memory, e))
        return e->code;
    for (idx i = 0; i < f->s->n; i++) {
        if (make_profile(&p[n], &l, f, &f->s->g[i], &left_out, &first, e))
            return e->code;
        longest = idx_max(longest, p[n].n);
        most = idx_max(most, p[n].n_curves);
        n += p[n].n_runs > 0;
    }
    if (n == 0)
        return err_pass(e, &first);
    double *x = figure_doubles(f, longest);
    for (idx t = 0; x && t < longest; t++)
        x[t] = (double)(t + 1); /* as k of sink_k */
    for (idx i = 0; i < n; i++) {
        fill_panel(&panels[i], f, &p[i], x);
        panels[i].title = n > 1 ? p[i].label : NULL;
    }
    f->plot = (struct plot){
        .x = { .label = "position, from 1", .is_log = f->o->log_x },
        .blocks = block,
        .n_blocks = 1,
        .across = n <= 3   ? n
                  : n == 4 ? 2
                           : 3,
    };
    if (figure_axis(&block->y, f, columns[0], f->o->y_range, e))
        return e->code;
    block->panels = panels;
    block->n_panels = n;
    fill_legend(f, most, l.of);
    set_places(f, longest);
    const char *words = words_of(f, p, n, &l);
    const char *definition = definition_of(f, p, n, longest);
    f->plot.caption =
        figure_caption(f, columns, 1, "%s%s%s", words ? words : "",
                       definition ? definition : "", left_out ? left_out : "");
    return pool_check(&f->memory, e);
}

static const enum metric_axis position[] = { OVER_POSITION, OVER_NOTHING };

const struct figure_kind figure_positions = {
    .name = "positions",
    .what = "a metric by position and layer, at --step or at the end",
    .reads = READS_Y_RANGE | READS_STEP | READS_LOG_X,
    .metric = "key_mass",
    .wants = position,
    .lacks = "has no value for each position",
    .has_text = true,
    .fill = fill,
};

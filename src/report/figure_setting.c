#include "report/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 };

/* The x axis is logarithmic where the values differ by so much. */
static const double LOG_RATIO = 8;

/* ---- the key ----------------------------------------------------------- */

static bool is_number(struct config_key k)
{
    return k.key->type == KEY_INT || k.key->type == KEY_REAL;
}

/* The key that --setting names, whole or by its own name, or the first that is
 * a number, or the first. */
static int find_key(idx *key, const struct figure *f, struct err *e)
{
    const struct groups *s = f->s;
    const char *name = f->o->setting;
    if (s->n_keys == 0)
        return err_set(e, ERR_USAGE,
                       "compare: --figure setting: the runs differ in no "
                       "setting to draw them against");
    *key = 0;
    for (idx k = s->n_keys; !name && k-- > 0;)
        if (is_number(s->keys[k]))
            *key = k;
    for (idx k = 0; name && k < s->n_keys; k++) {
        char whole[CONFIG_KEY_NAME_MAX];
        *key = k;
        if (strcmp(name, config_key_name(whole, s->keys[k])) == 0 ||
            strcmp(name, s->keys[k].key->name) == 0)
            return OK;
    }
    return !name ? OK
                 : err_set(e, ERR_USAGE,
                           "compare: --setting: the groups do not differ in "
                           "%.60s; the table names the keys in which they do",
                           name);
}

/* Where the groups stand on it: x (groups). */
struct setting {
    idx key;
    double *x;
    double lo, hi;
    double *places;           /* (n_places) of numbers, each once, rising */
    const char **place_words; /* of those that mean no number, which are last */
    idx n_places;
    bool *is_apart;     /* (groups) its value means none: "no limit" */
    const char **words; /* (n_words) of choices, in their order */
    idx n_words;
    bool is_log;
};

static const struct config *config_of(const struct figure *f, idx group,
                                      struct config_key k)
{
    const struct run_data *r = f->s->g[group].runs[0];
    return r->has_config ? group_config(r, k) : NULL;
}

static int say_linear(const struct figure *f, idx key, const char *why,
                      struct err *e)
{
    const struct config_key k = f->s->keys[key];
    return err_set(e, ERR_USAGE,
                   "compare: --log-x: %s.%s %s: leave it out, or choose runs "
                   "by --where",
                   k.section->name, k.key->name, why);
}

static int order_numbers(const void *a, const void *b)
{
    const double *u = a, *v = b;
    return (*u > *v) - (*u < *v);
}

/* Where ticks are to stand. */
static void find_places(struct setting *at, idx n)
{
    idx all = 0;
    for (idx i = 0; i < n; i++)
        if (!isnan(at->x[i]) && !at->is_apart[i])
            at->places[all++] = at->x[i];
    qsort(at->places, (size_t)all, sizeof *at->places, order_numbers);
    for (idx i = 0; i < all; i++)
        if (i == 0 || at->places[i] != at->places[i - 1])
            at->places[at->n_places++] = at->places[i];
}

/* Values that mean no number stand behind all that do, a step apart, by their
 * meaning. */
static int put_apart(struct setting *at, struct figure *f, struct err *e)
{
    static const double STEP = 0.15; /* of the axis */
    struct config_key k = f->s->keys[at->key];
    double lo = at->lo, hi = at->hi;
    for (idx i = 0; i < f->s->n; i++) {
        char value[KEY_PRINT_MAX], meaning[KEY_MEANING_MAX];
        idx j = 0;
        if (!at->is_apart[i])
            continue;
        config_value(value, sizeof value, config_of(f, i, k), k);
        key_meaning(meaning, k.key, value);
        while (j < at->n_places && !(at->place_words[j] &&
                                     strcmp(at->place_words[j], meaning) == 0))
            j++;
        if (j == at->n_places) {
            at->hi = at->is_log ? at->hi * pow(fmax(hi / lo, 2), STEP)
                                : at->hi + (hi > lo ? STEP * (hi - lo) : 1);
            at->places[j] = at->hi;
            at->place_words[j] = pool_text(&f->memory, meaning, sizeof meaning);
            at->n_places++;
        }
        at->x[i] = at->places[j];
    }
    return pool_check(&f->memory, e);
}

static int take_numbers(struct setting *at, struct figure *f, struct err *e)
{
    size_t n = (size_t)f->s->n;
    at->places = figure_doubles(f, f->s->n);
    at->place_words = pool_bytes(&f->memory, n * sizeof *at->place_words);
    if (pool_check(&f->memory, e))
        return e->code;
    at->lo = INFINITY;
    at->hi = -INFINITY;
    for (idx i = 0; i < f->s->n; i++) {
        struct config_key k = f->s->keys[at->key];
        const struct config *c = config_of(f, i, k);
        char value[KEY_PRINT_MAX], meaning[KEY_MEANING_MAX];
        at->x[i] = c ? config_number(c, k) : NAN;
        if (c)
            config_value(value, sizeof value, c, k);
        at->is_apart[i] = c && *key_meaning(meaning, k.key, value);
        if (at->is_apart[i])
            continue;
        at->lo = fmin(at->lo, at->x[i]);
        at->hi = fmax(at->hi, at->x[i]);
    }
    if (at->lo > at->hi) /* all of them mean none */
        at->lo = at->hi = 0;
    find_places(at, f->s->n);
    at->is_log = at->lo > 0 && (f->o->log_x || at->hi >= LOG_RATIO * at->lo);
    if (put_apart(at, f, e))
        return e->code;
    return at->is_log || !f->o->log_x
               ? OK
               : say_linear(f, at->key, "is not above 0 everywhere", e);
}

/* Number of the groups' values that are less than this one, each counted
 * once. */
static idx rank_of(const struct figure *f, struct config_key k, idx group)
{
    idx rank = 0;
    const struct config *own = config_of(f, group, k);
    for (idx i = 0; i < f->s->n; i++) {
        const struct config *c = config_of(f, i, k);
        bool is_new = c != NULL;
        for (idx j = 0; j < i && is_new; j++)
            is_new = !config_of(f, j, k) ||
                     config_value_order(config_of(f, j, k), c, k) != 0;
        rank += is_new && config_value_order(c, own, k) < 0;
    }
    return rank;
}

static int take_words(struct setting *at, struct figure *f, struct err *e)
{
    struct config_key k = f->s->keys[at->key];
    at->words = pool_bytes(&f->memory, (size_t)f->s->n * sizeof *at->words);
    if (pool_check(&f->memory, e))
        return e->code;
    for (idx i = 0; i < f->s->n; i++) {
        char value[KEY_PRINT_MAX];
        const struct config *c = config_of(f, i, k);
        at->x[i] = NAN;
        if (!c)
            continue;
        idx rank = rank_of(f, k, i);
        config_value(value, sizeof value, c, k);
        at->x[i] = (double)rank;
        at->words[rank] = pool_text(&f->memory, value, sizeof value);
        at->n_words = idx_max(at->n_words, rank + 1);
    }
    at->hi = (double)at->n_words;
    if (at->n_words > WORDS_MAX)
        return err_set(e, ERR_USAGE,
                       "compare: --figure setting: %s has %td values, want at "
                       "most %d: choose runs by --where",
                       k.key->name, at->n_words, WORDS_MAX);
    return pool_check(&f->memory, e);
}

static int find_setting(struct setting *at, struct figure *f, struct err *e)
{
    *at = (struct setting){ 0 };
    at->x = figure_doubles(f, f->s->n);
    at->is_apart =
        pool_bytes(&f->memory, (size_t)f->s->n * sizeof *at->is_apart);
    if (pool_check(&f->memory, e) || find_key(&at->key, f, e))
        return e->code;
    if (is_number(f->s->keys[at->key]))
        return take_numbers(at, f, e);
    return f->o->log_x ? say_linear(f, at->key, "is no number", e)
                       : take_words(at, f, e);
}

/* ---- curves ------------------------------------------------------------ */

/* A point of a curve. */
struct point {
    double x, y, low, high;
    bool is_apart;
};

static int order_points(const void *a, const void *b)
{
    const struct point *u = a, *v = b;
    return (u->x > v->x) - (u->x < v->x);
}

static void put_point(double *v, idx i, idx most, const struct point *p)
{
    v[i] = p->x;
    v[most + i] = p->y;
    v[2 * most + i] = p->low;
    v[3 * most + i] = p->high;
}

/* Curves stand a little apart, so that bars at one x do not hide each
 * other. */
static double beside(const struct setting *at, const struct facets *f, double x,
                     struct plot_style style)
{
    static const double APART = 0.008; /* of the axis */
    double place = (double)style.number - (double)(f->n_entries - 1) / 2;
    double shift = style.ink == PLOT_STYLE ? place * APART : 0;
    return at->is_log ? x * pow(at->hi / at->lo, shift)
                      : x + shift * (at->hi - at->lo);
}

/* The means of the groups that are one curve, by their x. A gap is in front of
 * what stands apart. */
static int make_curve(struct plot_curve *c, struct figure *f,
                      const struct setting *at, idx curve, const char *column,
                      struct err *e)
{
    idx n = f->s->n;
    struct point *points = pool_bytes(&f->memory, (size_t)n * sizeof *points);
    double *v = figure_doubles(f, 8 * n);
    *c = (struct plot_curve){ .form = PLOT_BOTH };
    if (pool_check(&f->memory, e))
        return e->code;
    for (idx i = 0; i < n; i++) {
        struct summary last;
        if (f->facets.curve_of[i] != curve)
            continue;
        if (group_final(&last, &f->s->g[i], column, e))
            return e->code;
        c->style = f->facets.style_of[i];
        if (last.n > 0 && !isnan(at->x[i]))
            points[c->n++] =
                (struct point){ beside(at, &f->facets, at->x[i], c->style),
                                last.mean, last.mean - last.spread,
                                last.mean + last.spread, at->is_apart[i] };
    }
    qsort(points, (size_t)c->n, sizeof *points, order_points);
    idx n_points = c->n, most = 2 * n;
    c->n = 0;
    for (idx i = 0; i < n_points; i++) {
        const struct point gap = { .x = points[i].x, .y = NAN };
        if (points[i].is_apart)
            put_point(v, c->n++, most, &gap);
        put_point(v, c->n++, most, &points[i]);
    }
    c->x = v;
    c->y = v + most;
    c->low = v + 2 * most;
    c->high = v + 3 * most;
    return OK;
}

/* The runs of a group, where it has several. */
static int make_dots(struct plot_curve *c, struct figure *f,
                     const struct setting *at, idx group, const char *column,
                     struct err *e)
{
    const struct group *g = &f->s->g[group];
    double *x = figure_doubles(f, g->n_counted);
    double *y = figure_doubles(f, g->n_counted);
    *c = (struct plot_curve){
        .style = f->facets.style_of[group], .form = PLOT_DOTS, .x = x, .y = y
    };
    if (pool_check(&f->memory, e))
        return e->code;
    if (g->n_counted < 2)
        return OK;
    int rc = group_finals(y, &c->n, g, column, e);
    for (idx i = 0; i < c->n; i++)
        x[i] = beside(at, &f->facets, at->x[group], c->style);
    return rc;
}

static int add_own(struct plot_panel *q, struct plot_curve *curves,
                   struct figure *f, const struct setting *at, idx panel,
                   const char *column, struct err *e)
{
    for (idx i = 0; i < f->s->n; i++)
        if (f->facets.panel_of[i] == panel &&
            make_dots(&curves[q->n_curves++], f, at, i, column, e))
            return e->code;
    return OK;
}

/* The first group of a curve. */
static idx group_of(const struct facets *f, idx curve)
{
    idx i = 0;
    while (f->curve_of[i] != curve)
        i++;
    return i;
}

static int fill_panel(struct plot_panel *q, struct figure *f,
                      const struct setting *at, idx panel, const char *column,
                      struct err *e)
{
    const struct facets *facets = &f->facets;
    struct plot_curve *curves = figure_panel(q, f, panel, 2 * f->s->n + 1, e);
    if (!curves)
        return e->code;
    if (add_own(q, curves, f, at, panel, column, e))
        return e->code;
    for (idx c = 0; c < facets->n_curves; c++) {
        bool is_own = facets->panel_of[group_of(facets, c)] == panel;
        struct plot_curve *curve = &curves[q->n_curves];
        if (!is_own && !facets->has_context)
            continue;
        if (make_curve(curve, f, at, c, column, e))
            return e->code;
        if (!is_own) {
            curve->style.ink = PLOT_FAINT;
            curve->form = PLOT_THIN;
        }
        q->n_curves++;
    }
    return OK;
}

/* ---- the whole --------------------------------------------------------- */

static int fill_block(struct plot_block *b, struct figure *f,
                      const struct setting *at, const char *column,
                      struct err *e)
{
    struct plot_panel *panels =
        pool_bytes(&f->memory, (size_t)f->facets.n * sizeof *panels);
    if (pool_check(&f->memory, e) ||
        figure_axis(&b->y, f, column, figure_range(f, column), e))
        return e->code;
    b->panels = panels;
    b->n_panels = f->facets.n;
    for (idx i = 0; i < b->n_panels; i++)
        if (fill_panel(&panels[i], f, at, i, column, e))
            return e->code;
    return OK;
}

static int fill(struct figure *f, struct err *e)
{
    struct setting at;
    const char *const columns[] = { f->o->metric, f->o->loss };
    idx n = strcmp(f->o->metric, f->o->loss) == 0 ? 1 : 2;
    struct plot_block *blocks =
        pool_bytes(&f->memory, COUNT_OF(columns) * sizeof *blocks);
    if (pool_check(&f->memory, e) || find_setting(&at, f, e) ||
        facets_make(&f->facets, &f->memory, f->s, at.key, figure_most(f), e))
        return e->code;
    struct config_key k = f->s->keys[at.key];
    bool has_legend = f->facets.n_curves > 1;
    f->plot = (struct plot){
        .x = { .label = pool_print(&f->memory, "%s.%s", k.section->name,
                                   k.key->name),
               .is_log = at.is_log,
               .is_counted = k.key->type == KEY_INT,
               .places = at.places,
               .n_places = at.n_places,
               .place_words = at.place_words,
               .words = at.words,
               .n_words = at.n_words },
        .blocks = blocks,
        .n_blocks = n,
        .across = facets_across(&f->facets),
        .legend = f->facets.entries,
        .n_entries = has_legend ? f->facets.n_entries : 0,
    };
    for (idx i = 0; i < n; i++)
        if (fill_block(&blocks[i], f, &at, columns[i], e))
            return e->code;
    f->plot.caption =
        figure_caption(f, columns, n,
                       "At the end of training; small marks: runs; large ones: "
                       "means with \u00b1 sample standard deviation. %s",
                       f->facets.words);
    return pool_check(&f->memory, e);
}

const struct figure_kind figure_setting = {
    .name = "setting",
    .what = "final metric and loss against a setting that was swept",
    .reads = READS_Y_RANGE | READS_SETTING | READS_LOG_X | READS_LOSS_RANGE,
    .has_text = true,
    .fill = fill,
};

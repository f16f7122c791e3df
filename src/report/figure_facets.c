#include "report/figure_facets.h"

#include <string.h>

enum {
    PANELS_MAX = 24, /* that a page holds */
    NAMED_MAX = 7,   /* of curves that are coloured in their order */
    LABEL_MAX = 512,
};

/* What is being found out. */
struct making {
    struct facets *f;
    struct pool *memory;
    const struct groups *s;
    idx without;
    const char **labels; /* (n_curves) */
};

/* A label that the pool keeps; NULL without memory. */
static const char *label_of(struct making *m, idx group, idx a, idx b)
{
    char label[LABEL_MAX];
    struct text t = { label, sizeof label, 0 };
    const struct group *g = &m->s->g[group];
    if (m->s->are_single)
        return g->label;
    group_legend(&t, m->s, g, a, b);
    return pool_text(m->memory, label, sizeof label);
}

static const char *value_of(struct making *m, idx group, idx k)
{
    char label[LABEL_MAX];
    struct text t = { label, sizeof label, 0 };
    group_value(&t, m->s, &m->s->g[group], k);
    return pool_text(m->memory, label, sizeof label);
}

/* Number of the text among n, to which it is added if it is new; each stands
 * for itself where it must. */
static idx number_of(const char **texts, idx *n, const char *text,
                     bool is_itself)
{
    for (idx i = 0; i < *n && !is_itself; i++)
        if (strcmp(texts[i], text) == 0)
            return i;
    texts[*n] = text;
    return (*n)++;
}

/* Groups that are one curve. */
static void find_curves(struct making *m)
{
    struct facets *f = m->f;
    for (idx i = 0; i < m->s->n; i++) {
        const char *label = label_of(m, i, m->without, -1);
        if (!label)
            return;
        f->curve_of[i] = number_of(m->labels, &f->n_curves, label,
                                   m->s->are_single || m->without < 0);
    }
}

static void add_entry(struct facets *f, struct plot_style style,
                      const char *label)
{
    f->entries[f->n_entries++] = (struct plot_entry){ style, label };
}

/* All together: styles that can be told apart, or letters. */
static void put_together(struct making *m)
{
    struct facets *f = m->f;
    f->n = 1;
    f->n_together = f->n_curves;
    for (idx i = 0; i < m->s->n; i++)
        f->style_of[i].number = f->curve_of[i];
    for (idx c = 0; c < f->n_curves; c++)
        add_entry(f, (struct plot_style){ .number = c }, m->labels[c]);
}

/* ---- by a key ---------------------------------------------------------- */

/* What the values of a key would divide the groups into. */
struct division {
    idx key;
    idx n_panels, n_styles;
    const char **titles, **labels; /* as many as groups */
    idx *panel_of, *style_of;      /* (groups) */
};

static void divide(struct division *d, struct making *m, idx key)
{
    *d = (struct division){ .key = key };
    size_t n = (size_t)m->s->n;
    d->titles = pool_bytes(m->memory, n * sizeof *d->titles);
    d->labels = pool_bytes(m->memory, n * sizeof *d->labels);
    d->panel_of = pool_bytes(m->memory, n * sizeof *d->panel_of);
    d->style_of = pool_bytes(m->memory, n * sizeof *d->style_of);
    for (idx i = 0; i < m->s->n && !m->memory->is_out_of_memory; i++) {
        const char *title = value_of(m, i, key);
        const char *label = label_of(m, i, m->without, key);
        if (!title || !label)
            return;
        d->panel_of[i] = number_of(d->titles, &d->n_panels, title, false);
        d->style_of[i] = number_of(d->labels, &d->n_styles, label, false);
    }
}

/* By the key that takes the fewest panels; false if none leaves few enough
 * curves in each. */
static bool put_by_key(struct making *m, idx most)
{
    struct division best = { .key = -1 }, d;
    for (idx k = 0; k < m->s->n_keys && !m->memory->is_out_of_memory; k++) {
        if (k == m->without)
            continue;
        divide(&d, m, k);
        bool is_fit = d.n_panels > 1 && d.n_panels <= PANELS_MAX &&
                      d.n_styles > 1 && d.n_styles <= most;
        if (is_fit && (best.key < 0 || d.n_panels < best.n_panels))
            best = d;
    }
    if (best.key < 0)
        return false;
    struct facets *f = m->f;
    f->n = best.n_panels;
    f->n_together = best.n_styles;
    f->titles = best.titles;
    memcpy(f->panel_of, best.panel_of, (size_t)m->s->n * sizeof *f->panel_of);
    for (idx i = 0; i < m->s->n; i++)
        f->style_of[i].number = best.style_of[i];
    for (idx c = 0; c < best.n_styles; c++)
        add_entry(f, (struct plot_style){ .number = c }, best.labels[c]);
    return true;
}

/* ---- one by one, or too many for that ---------------------------------- */

void facets_add_context(struct facets *f)
{
    if (!f->has_context && f->n > 1)
        add_entry(f, (struct plot_style){ .ink = PLOT_FAINT }, "all others");
    f->has_context = f->n > 1;
}

static void put_apart(struct making *m)
{
    struct facets *f = m->f;
    f->n = f->n_curves;
    f->n_together = 1;
    f->titles = m->labels;
    for (idx i = 0; i < m->s->n; i++)
        f->panel_of[i] = f->curve_of[i];
    add_entry(f, (struct plot_style){ .number = 0 },
              "what the panel is called");
    facets_add_context(f);
}

static struct plot_style scaled(const struct facets *f, idx curve)
{
    return (struct plot_style){ .ink = PLOT_SCALE,
                                .at =
                                    (double)curve / (double)(f->n_curves - 1) };
}

static void put_in_order(struct making *m)
{
    struct facets *f = m->f;
    f->n = 1;
    f->n_together = f->n_curves;
    for (idx i = 0; i < m->s->n; i++)
        f->style_of[i] = scaled(f, f->curve_of[i]);
    for (idx i = 0; i < NAMED_MAX; i++) {
        idx c = (i * (f->n_curves - 1) + (NAMED_MAX - 1) / 2) / (NAMED_MAX - 1);
        add_entry(f, scaled(f, c), m->labels[c]);
    }
    f->words = pool_print(m->memory,
                          "%td curves, coloured in the order of the table; %d "
                          "of them are named. ",
                          f->n_curves, NAMED_MAX);
}

int facets_make(struct facets *f, struct pool *memory, const struct groups *s,
                idx without, idx most, struct err *e)
{
    struct making m = { f, memory, s, without, NULL };
    size_t n = (size_t)s->n;
    *f = (struct facets){ .words = "" };
    m.labels = pool_bytes(memory, n * sizeof *m.labels);
    f->panel_of = pool_bytes(memory, n * sizeof *f->panel_of);
    f->style_of = pool_bytes(memory, n * sizeof *f->style_of);
    f->curve_of = pool_bytes(memory, n * sizeof *f->curve_of);
    f->entries = pool_bytes(memory, (n + 2) * sizeof *f->entries);
    if (pool_check(memory, e))
        return e->code;
    find_curves(&m);
    if (pool_check(memory, e))
        return e->code;
    bool is_many = most > 0 && f->n_curves > most && !s->are_single;
    if (most == 0 || f->n_curves <= most)
        put_together(&m);
    else if (is_many && put_by_key(&m, most))
        ;
    else if (f->n_curves <= PLOT_STYLES)
        put_together(&m);
    else if (is_many && put_by_key(&m, PLOT_STYLES))
        ;
    else if (f->n_curves <= PANELS_MAX)
        put_apart(&m);
    else
        put_in_order(&m);
    return pool_check(memory, e);
}

idx facets_across(const struct facets *f)
{
    if (f->n <= 3)
        return f->n;
    return f->n == 4 ? 2 : f->n <= 9 ? 3 : 4;
}

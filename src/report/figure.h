/* figure.h - the kinds of figures of `compare`, a file each.
 *
 * Each fills a plot from the rows and hands it to what draws. Its memory is a
 * pool that lasts as long as the drawing.
 */
#ifndef SINKLAB_FIGURE_H
#define SINKLAB_FIGURE_H

#include <stdio.h>

#include "base/pool.h"
#include "metric/metric.h"
#include "report/compare_rows.h"
#include "report/figure_facets.h"
#include "report/plot.h"
#include "report/run_arrays.h"

struct transition_shown;

/* A figure that is being made. */
struct figure {
    const struct compare_rows *t;
    const struct compare_options *o;
    const struct groups *s;
    struct pool memory;
    struct facets facets;
    struct plot plot;
    struct transition_shown *shown; /* of figure_transitions.c */
};

/* Options that not every kind reads; where they would do nothing they are
 * refused. */
enum figure_reads {
    READS_X = 1,
    READS_LOG_X = 2,
    READS_LOSS_RANGE = 4,
    READS_SEEDS = 8,
    READS_SETTING = 16,
    READS_STEP = 32,
    READS_Y_RANGE = 64,
};

struct figure_kind {
    const char *name, *what;
    int reads;          /* of figure_reads, a sum */
    const char *metric; /* where none is asked for; NULL: the table's */
    bool has_text;      /* it can be drawn in text, too */
    /* Axes that the metric must have, OVER_NOTHING at the end; the words for
     * what lacks them. NULL: any metric. */
    const enum metric_axis *wants;
    const char *lacks;
    /* Fill f->plot. OK; ERR_USAGE: it cannot be made of these runs; ERR_DATA,
     * ERR_IO: a file of theirs; ERR_MEMORY. */
    int (*fill)(struct figure *f, struct err *e);
    /* Words below the tables that say in numbers what it shows; NULL: none. OK
     * or ERR_MEMORY. */
    int (*print)(FILE *out, struct figure *f, struct err *e);
};

extern const struct figure_kind figure_curves, figure_setting, figure_loss,
    figure_heads, figure_positions, figure_transitions;

/* figure_check - is the kind known, and can it be made as is asked for? OK or
 * ERR_USAGE. */
int figure_check(const struct compare_options *o, struct err *e);

/* figure_metric - what such a figure shows where no metric is asked for; NULL:
 * that of the table. kind may be NULL, or none that there is. */
const char *figure_metric(const char *kind);

/* figure_takes - has a column what the figure draws by, where it is over axes?
 * *lacks: the words for one that has not. */
bool figure_takes(const char **lacks, const struct compare_options *o,
                  const char *column);

/* figure_draw - into o->output, or as text to out, and what it says in numbers
 * to words. OK, or the codes of plot_write and of the kind's. */
int figure_draw(FILE *out, FILE *words, const struct compare_rows *t,
                struct err *e);

/* ---- for the kinds ----------------------------------------------------- */

/* How many curves a panel may hold: of groups of several runs fewer, for bands
 * hide each other. In text all, 0. */
idx figure_most(const struct figure *f);

/* The column that it shows: --metric, or what stands for it. */
const char *figure_column(const struct compare_options *o);

/* figure_axis - of a measured column: its label with unit, its scale, the range
 * that was asked for (text as of --y-range; NULL: none). OK, ERR_USAGE,
 * ERR_MEMORY. */
int figure_axis(struct plot_axis *a, struct figure *f, const char *column,
                const char *range, struct err *e);

/* figure_array - of figure_column, at --step or until `step`; it must have the
 * axes that the kind wants. As run_array_load. */
int figure_array(struct run_array *a, struct figure *f,
                 const struct figure_kind *kind, const struct run_data *r,
                 double step, struct err *e);

/* figure_range - the one of --y-range that is of this column; NULL. */
const char *figure_range(const struct figure *f, const char *column);

/* figure_panel - begin a panel of the facets: its title, and room for `most`
 * curves, of which q->n_curves are there. NULL: ERR_MEMORY. */
struct plot_curve *figure_panel(struct plot_panel *q, struct figure *f,
                                idx panel, idx most, struct err *e);

/* figure_doubles - (n) of the pool, or NULL. */
double *figure_doubles(struct figure *f, idx n);

/* figure_series - what was measured of a series; *n numbers. false: no
 * memory. */
bool figure_series(double **x, double **y, idx *n, struct figure *f,
                   const struct series *s);

/* figure_x - instead of these steps (n) the tokens that a run of the group had
 * seen at them, if that is asked for; NAN where nobody says. OK or
 * ERR_MEMORY. */
int figure_x(double *x, idx n, const struct figure *f, const struct group *g,
             struct err *e);

/* figure_is_uneven - do groups differ in how many runs count? Then labels say
 * it. */
bool figure_is_uneven(const struct groups *s);

/* figure_caption - on what the columns (n) were measured, then `words`, in the
 * manner of printf. NULL: no memory. */
const char *figure_caption(struct figure *f, const char *const *columns, idx n,
                           const char *words, ...)
    __attribute__((format(printf, 4, 5)));

#endif

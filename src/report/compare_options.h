/* compare_options.h - what a user asks of `sinklab compare`. All borrowed. */
#ifndef SINKLAB_COMPARE_OPTIONS_H
#define SINKLAB_COMPARE_OPTIONS_H

#include "base/base.h"
#include "report/filter.h"

/* What is compared where nothing is said. */
#define COMPARE_METRIC "sink_1"
#define COMPARE_LOSS "val_loss"
#define COMPARE_X "step"

struct compare_options {
    const char *const *runs; /* (n_runs) folders, as given */
    idx n_runs;
    const char *metric, *loss; /* names of columns; COMPARE_LOSS need not be
                                  there */
    double threshold;          /* in the file's unit: 0..1 for fractions; NAN:
                             the usual one of the metric */
    const char *output;        /* .svg, .png, .pdf; NULL: a plot in text */
    const char *figure;        /* its kind; NULL: curves */
    const char *drawn;         /* the column it shows instead of metric, where
                             none was asked for and that will not do; NULL */
    const char *x;             /* of curves: step or tokens */
    const char *setting;       /* key that values are drawn against; NULL */
    const char *y_range, *loss_range; /* "LOW:HIGH"; NULL: as the data are */
    double step;    /* of heads and positions; NAN: over training, or the end */
    bool has_seeds; /* single runs are drawn, too */
    bool is_bare;   /* without caption */
    const char *csv;              /* NULL: none; "-": standard output */
    const char *runs_csv;         /* of groups: a row per run; as csv */
    const char *json;             /* csv's table as a list of objects; as csv */
    const char *markdown, *latex; /* the tables once more; as csv */
    const char *analysis; /* name of the analyses; NULL: the usual ones */
    const char *report;   /* folder of the page; NULL: none */
    const char *baseline; /* label of a group; NULL: the first */
    const char *sort;     /* column that orders the rows; NULL: their keys */
    const char *columns;  /* measured ones beside loss and metric, by commas;
                            NULL: the usual */
    bool has_layers;      /* and the metric of each layer */
    const char *by;       /* keys of groups, by commas; NULL: see groups.h */
    struct filter where;
    bool log_x;
    idx width;       /* columns of the terminal, for plots in text */
    idx table_width; /* and for tables; 0: no bound */
    bool is_wide;    /* no bound all the same */
    bool unicode;    /* the terminal shows it */
    bool is_claims;  /* the claims of a sweep file (claims.h), nothing else */
    const char *tables; /* folder that keeps their runs' tables; NULL: runs */
};

#endif

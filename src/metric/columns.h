/* columns.h - what the numbers of a run are called, and what they are.
 *
 * One table behind all that writes, reads or explains them: metrics.csv and
 * timing.csv, analysis.csv and analysis.h5, the table that `sinklab analyze`
 * prints, `sinklab list metric`, what runs are compared and filtered by. A
 * number that is no metric of attention is one row in columns.c and one field
 * of struct readings; the metrics of metric.c follow by themselves, behind the
 * rows, and so do the terms of the loss (nn/loss/terms_table.h) and what is
 * measured on updates (update_metric.h). Pure functions; nothing allocates.
 */
#ifndef SINKLAB_COLUMNS_H
#define SINKLAB_COLUMNS_H

#include "base/base.h"
#include "base/op_text.h"
#include "base/text.h"
#include "metric/options.h"
#include "nn/loss_options.h"

/* Columns of a file of a run: those of the table, which columns.c holds to
 * this, and those that are asked for. Bytes of its header or of a row: a cell
 * is no longer than a name, and has a comma, line feed or NUL behind it. */
enum {
    RUN_COLUMNS_OWN_MAX = 24,
    RUN_COLUMNS_MAX = RUN_COLUMNS_OWN_MAX + METRICS_ASKED_MAX,
    RUN_LINE_MAX = RUN_COLUMNS_MAX * COLUMN_NAME_MAX,
};

struct meter;
struct meter_column;
struct metric;
struct update_column;
struct update_meter;
struct update_metric;

/* A number that was measured, be it NaN. Zeroed: none was. */
struct reading {
    bool is_given;
    double value;
};

static inline struct reading reading_of(double value)
{
    return (struct reading){ true, value };
}

/* The numbers of one moment of a run, of which rows are made. */
struct readings {
    struct reading step, tokens;
    struct reading loss, grad_norm, lr; /* of the update that led here */
    struct reading objective, terms[LOSS_TERMS_MAX];
    struct reading val_loss, val_loss_se, val_excess, val_bits_per_byte;
    struct reading wall_s, tokens_per_s;
    const struct meter *meter; /* holds the metrics; NULL: not measured */
};

/* Where a column stands. */
enum column_file {
    COLUMN_METRICS = 1 << 0,  /* metrics.csv */
    COLUMN_TIMING = 1 << 1,   /* timing.csv */
    COLUMN_ANALYSIS = 1 << 2, /* analysis.csv, analysis.h5 */
    COLUMN_PRINTED = 1 << 3,  /* what `sinklab analyze` prints */
    COLUMN_FIELD = 1 << 4,    /* of metrics.csv; its last value is a field by
                                 which runs are listed and filtered */
};

struct run_columns;

struct column {
    struct op_text text;  /* its formula: the definition, without the unit */
    const char *title;    /* in a few words, for axes of figures */
    const char *unit;     /* "1": none */
    const char *there_if; /* is_there in words; NULL: always */
    bool (*is_there)(const struct run_columns *c); /* NULL: in every run */
    size_t at;          /* of its reading in struct readings */
    int files;          /* of enum column_file */
    const char *format; /* in a CSV file; of a double */
    int digits;         /* behind the point, for people */
    bool is_validation; /* measured on the validation's sequences */
};

extern const struct column column_table[]; /* in the order of files; the last
                                               has no name */
extern const idx n_column_table;

/* A column of whatever kind. */
struct column_facts {
    const char *name, *unit, *definition, *there_if;
    const char *source;           /* who defined it; NULL: nobody to name */
    const char *group;            /* of [metrics] names; NULL: of none */
    char title[COLUMN_TITLE_MAX]; /* in a few words, for axes and captions */
    const char *title_of_all;     /* behind the title where one number stands
                                     for all its cells; "": nothing */
    const char *format;
    int files, digits;
    bool is_validation;
    bool is_share;               /* a fraction; people read percent */
    bool is_bounded;             /* and lies in 0..1 */
    const struct column *row;    /* of the table; NULL: not of it */
    const struct metric *metric; /* NULL: none of these */
    bool is_of_layer;            /* of one layer of it: in no file */
    idx layer;                   /* from 0 */
    const struct update_metric *update_metric; /* NULL: none of these */
    const struct meter_column *own; /* of one run's metric; else NULL */
    const struct update_column *own_update;
};

/* column_title - the title of the one number that the column has at a step, and
 * how its cells were reduced to it; f->title is of each cell. Returns title. */
const char *column_title(char title[COLUMN_TITLE_MAX],
                         const struct column_facts *f);

/* column_find - what a column's name alone says; name is borrowed. false: no
 * run has such a column. */
bool column_find(struct column_facts *f, const char *name);

/* Single facts that column_find finds; false of unknown names. */
bool metric_is_share(const char *column);
bool metric_is_bounded(const char *column);
bool column_is_validation(const char *name);
bool column_is_of_layer(const char *name);

/* What decides which columns a run has. Borrows the meters. */
struct run_columns {
    const struct meter *meter;
    bool has_floor;   /* the source's least possible loss is known */
    bool knows_bytes; /* how much text held-out tokens stand for is known */
    const struct loss_options *loss;    /* borrowed; NULL: no term is on */
    const struct update_meter *updates; /* NULL: they are not measured */
};

/* column_next - the next of the columns that a run has in one of the files, in
 * their order. *at says where the walk stands: 0 before the first, and the
 * function's own from then on. false past the last. */
bool column_next(struct column_facts *f, idx *at, const struct run_columns *c,
                 enum column_file file);

/* How many numbers a step it has: one, or those of its axes. */
idx column_count(const struct column_facts *f);

/* column_reading - its scalar in these readings. */
struct reading column_reading(const struct column_facts *f,
                              const struct readings *r);

/* column_put - set it in the readings; of columns of the table (f->row). */
void column_put(const struct column_facts *f, struct readings *r,
                struct reading x);

/* Header and row of a CSV file: "step,wall_s" and "10,0.5", no line feed. What
 * was not measured is an empty cell; a NaN is "nan", without sign. */
void columns_names(struct text *t, const struct run_columns *c,
                   enum column_file file);
void columns_values(struct text *t, const struct run_columns *c,
                    enum column_file file, const struct readings *r);

/* A unit as people write it: "nats", "s"; "" for "1". */
const char *unit_word(const char *unit);

/* column_heading - line `line` of three over a column for people: the name,
 * broken behind a '_' where it is longer than `width`, set at the bottom; then
 * the unit, or "%". */
enum { COLUMN_HEADING_LINES = 3 };
const char *column_heading(char text[COLUMN_NAME_MAX],
                           const struct column_facts *f, idx line, idx width);

#endif

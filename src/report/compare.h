/* compare.h - the parts of `sinklab compare`: gather runs, tabulate, draw.
 *
 * Only the compare_*.c files and their tests include this. Runs are compared
 * one by one, or, where a sweep is given, in groups (compare_group.h). A struct
 * compared owns what it read and borrows its path; zeroed, it may be released.
 */
#ifndef SINKLAB_COMPARE_H
#define SINKLAB_COMPARE_H

#include <stdio.h>

#include "analysis/measured.h"
#include "base/base.h"
#include "base/err.h"
#include "config/config.h"
#include "io/grid.h"
#include "io/table.h"
#include "report/filter.h"
#include "report/plot.h"
#include "run/run.h"
#include "run/run_list.h"

struct compare_options {
    const char *const *runs; /* (n_runs) folders, as given */
    idx n_runs;
    const char *metric, *loss; /* names of columns */
    double threshold;          /* in the file's unit: 0..1 for fractions; NAN:
                             the usual one of the metric */
    const char *figure;        /* .svg or .png; NULL: a plot in text */
    const char *csv;           /* NULL: none; "-": standard output */
    const char *runs_csv;      /* of groups: a row per run; as csv */
    const char *baseline;      /* label of a group; NULL: the first */
    const char *by; /* keys of groups, by commas; NULL: see group.h */
    struct filter where;
    bool log_x;
    idx width;    /* columns of the terminal */
    bool unicode; /* the terminal shows it */
};

/* A column over steps; empty (n = 0) where no file of the run has a number of
 * it. NAN where `given` says that something was measured is what came out. */
struct series {
    const double *step, *value; /* (n) */
    const bool *given;          /* (n) was it measured at that step? */
    idx n;
    bool is_sparse; /* a log: not measured at most steps */
};

enum { COMPARED_NAME_MAX = 256 };

struct compared {
    const char *path;
    char name[COMPARED_NAME_MAX]; /* last part of path; "" where it says none */
    const char *label;            /* how tables and legends call the run */
    const char *status;           /* of run_state_name; "-" where unknown */
    bool has_config;
    struct config config;
    struct table analysis, metrics;   /* 0 columns where there is no file */
    struct measured analysed, logged; /* on what; is_known: false if no one
                                         says */
    char note[ERR_TEXT_MAX];          /* one line to tell the reader; or "" */
};

/* ---- reading: compare_load.c ---- */

/* compared_load - read one run folder that the user named.
 * OK; ERR_USAGE (the path is too long); ERR_DATA: no such folder, or neither
 * analysis.csv nor a metrics.csv with a value of `metric`, or one of them is
 * damaged; ERR_IO, ERR_MEMORY. A config.ini that cannot be read becomes a
 * note. */
int compared_load(struct compared *r, const char *path, const char *metric,
                  struct err *e);

/* compared_load_member - read a run of a sweep, as far as it is: what cannot
 * be read, or is not there yet, stays empty, and a note says what is damaged.
 * status is as run_standing has it. */
void compared_load_member(struct compared *r, const char *path);
void compared_release(struct compared *r);

/* compared_label - name each run by its folder; by its whole path where two
 * different folders share a name. */
void compared_label(struct compared *runs, idx n);

/* compared_series - from analysis.csv, else from metrics.csv. */
struct series compared_series(const struct compared *r, const char *name);

/* The same from one of the two; empty where that has no number of it. */
struct series compared_analysed(const struct compared *r, const char *name);
struct series compared_logged(const struct compared *r, const char *name);

/* series_final - the last value (of a sparse series the last measured one);
 * false where there is none. The value may be NAN: so ended the run. */
bool series_final(double *value, const struct series *s);

/* series_at_common - the values of both at the last step at which both were
 * measured; false if there is none. */
bool series_at_common(double *a, double *b, const struct series *x,
                      const struct series *y);

/* ---- when a sink has emerged: compare_threshold.c ---- */

struct emergence {
    bool is_asked;    /* false: there is no threshold to ask for */
    bool is_below;    /* it has emerged when the column is below it */
    bool is_usual;    /* not the user's own */
    double threshold; /* in the file's unit */
    const char *why;  /* of a usual one */
};

/* compare_emergence - what counts as emerged: --threshold, or the usual one of
 * the metric, which for shares of attention is twice what uniform attention
 * over so many tokens gives. */
struct emergence compare_emergence(const struct compare_options *o, idx tokens);

/* Is this value beyond the threshold? */
bool emergence_holds(const struct emergence *m, double value);

/* series_emergence - first step with a value beyond the threshold; false if
 * there is none. */
bool series_emergence(double *step, const struct series *s,
                      const struct emergence *m);

/* What the column shown first was measured on: of its analysis.csv or
 * metrics.csv, as compared_series takes it. */
const struct measured *compared_measured(const struct compared *r,
                                         const char *column);

/* ---- which runs are meant: compare_gather.c ---- */

struct compare_set {
    idx n;
    struct compared *runs;  /* (n) */
    bool is_grouped;        /* a sweep was given, or keys of groups */
    struct run_list *lists; /* (n_lists) of what was given; own the paths */
    idx n_lists;
    idx n_waiting; /* runs of sweeps that have not begun */
};

/* compare_gather - fill a zeroed set with the runs that the options name and
 * their filter accepts; of a sweep's folder those directly below it. The same
 * folder counts once in a set of groups. OK, ERR_USAGE: none is left; the codes
 * of compared_load and run_list_find. The set may be released in any case. */
int compare_gather(struct compare_set *set, const struct compare_options *o,
                   struct err *e);
void compare_set_release(struct compare_set *set);

/* ---- runs one by one: compare_grid.c ---- */

/* compare_grid - fill a zeroed grid with a row per run. For people: percent,
 * rounded, "-" for what is missing, only the first of many differing keys,
 * `status` only if not all are done. For files: everything, fractions, all
 * digits, empty cells. OK or ERR_MEMORY. */
int compare_grid(struct grid *g, const struct compare_options *o,
                 const struct emergence *m, const struct compared *runs,
                 bool is_file, struct err *e);

/* compare_differing - one line with the full names of the keys in which the
 * runs differ; nothing if they do not. */
void compare_differing(FILE *out, const struct compared *runs, idx n);

/* compare_note_data - tell if among these keys, in which runs differ, are some
 * of the data: then their losses are not of one task. */
void compare_note_data(FILE *out, const struct config_key *keys, idx n);

/* compare_head_key - the heading of a key's column. For files the full name;
 * for people the short one, where it is clear. */
void compare_head_key(struct grid *g, idx column, const struct config_key *keys,
                      idx n, idx k, bool is_file);

/* compare_put_number - a cell, rounded for people; "nan" for NAN. */
void compare_put_number(struct grid *g, idx row, idx column, double v,
                        int digits, bool is_file);

enum {
    COMPARE_CELL = 40,   /* columns of a cell, at most */
    COMPARE_KEYS = 5,    /* differing keys that get a column on a screen */
    COMPARE_PERCENT = 1, /* digits after the point */
    COMPARE_LOSS = 4,
    COMPARE_RATIO = 2,
    TOKENS_USUAL = 64, /* of sink.tokens, where no run says it */
};

/* ---- what is drawn: compare_draw.c ---- */

/* Columns that get a panel, from the top. */
enum { PANELS_MAX = 4 };
idx compare_panels(const char *names[PANELS_MAX],
                   const struct compare_options *o);

/* compare_draw - curves (n_names,n): a panel for the metric and for each other
 * name that has a curve; into the figure, or as text to out. p says the rest:
 * named_max and note. OK, or the codes of plot_write. */
int compare_draw(FILE *out, const struct compare_options *o, struct plot p,
                 const char *const *names, idx n_names,
                 const struct plot_curve *curves, idx n, struct err *e);

/* ---- the command: compare.c ---- */

/* compare_write_csv - a filled grid into a file, or to out for "-". OK, ERR_IO,
 * ERR_MEMORY. */
int compare_write_csv(FILE *out, const char *path, const struct grid *g,
                      struct err *e);

/* Does standard output get a CSV? Then nothing else goes there: no table, no
 * plot in text, and notes go to compare_notes, which is standard error. */
bool compare_is_piped(const struct compare_options *o);
FILE *compare_notes(FILE *out, const struct compare_options *o);

/* compare_note_unlike - tell if column was measured differently in two runs;
 * a_on and b_on say how. True if it told. */
bool compare_note_unlike(FILE *out, const char *column, const char *a_name,
                         const struct measured *a, const char *b_name,
                         const struct measured *b);

/* compare_check_threshold - may the metric exceed it, and stay below? OK,
 * ERR_USAGE. */
int compare_check_threshold(const struct compare_options *o, struct err *e);

/* compare_emerged - the line that says what "emerged" means, without its end. */
void compare_emerged(FILE *out, const struct compare_options *o,
                     const struct emergence *m);

/* compare_run - the command without its command line: everything it prints
 * goes to out. OK or the codes of what it calls. */
int compare_run(FILE *out, const struct compare_options *o, struct err *e);

#endif

/* run_data.h - a run folder as `compare` and `runs` read it.
 *
 * Reading needs no lock and cannot fail: what is missing stays empty, what is
 * damaged stays empty and is told. A struct run_data borrows its path and owns
 * the rest; zeroed, it may be released.
 */
#ifndef SINKLAB_RUN_DATA_H
#define SINKLAB_RUN_DATA_H

#include <sys/types.h>

#include "analysis/measured.h"
#include "base/base.h"
#include "base/err.h"
#include "base/text.h"
#include "config/config.h"
#include "io/hdf.h"
#include "report/series.h"
#include "run/run_facts.h"

enum { RUN_NAME_MAX = 256 };

struct run_data {
    const char *path;
    bool is_of_tables;         /* of those that are left (run_tables.h): there
                                  is no folder at path */
    const char *analysis_name; /* NULL: none was asked for */
    char name[RUN_NAME_MAX];   /* last part of path; "" where it says none */
    bool has_namesake;         /* another folder has that name, too */
    dev_t device;              /* of the folder, as the system */
    ino_t inode;               /* knows it */
    enum run_state state;
    const char *status; /* its word */
    double step;        /* updates done, as far as its files say; NAN */
    bool has_config;
    struct config config;
    const struct run_data *text; /* in groups: the first on its text, which it
                                    may be itself; else NULL */
    struct table analysis, metrics;    /* 0 columns where there is no file */
    struct measured analysed, logged;  /* on what; is_known: false if no one
                                         says */
    struct sink_options analysed_sink; /* as measured_by, where analysed */
    struct metrics_options analysed_metrics; /* is known: what was asked for */
    struct hdf_layout arrays;                /* of analysis.h5, to read it by */
    struct err unread;    /* what cannot be read: first what the system
                       refused, then what is damaged; or none */
    bool is_analysis_bad; /* it is there, and left out */
    bool is_metrics_bad;
    char note[ERR_TEXT_MAX]; /* one line to tell the reader; or "" */
};

/* How tables and legends call it: by its name, where that says which it is. */
static inline const char *run_data_label(const struct run_data *r)
{
    return r->name[0] && !r->has_namesake ? r->name : r->path;
}

/* run_data_name_apart - find those of n runs whose name another folder has,
 * too: their paths tell them apart. */
void run_data_name_apart(struct run_data *runs, idx n);

/* run_data_read - fill r, with the analysis of this name (borrowed; "": the
 * usual one; NULL: none, only what training wrote). */
void run_data_read(struct run_data *r, const char *path, const char *analysis);
void run_data_release(struct run_data *r);

/* run_data_find - *at: which of the n runs lies in the folder at path, whatever
 * it was called; -1: none. OK; ERR_IO: it cannot be looked at. */
int run_data_find(idx *at, const struct run_data *runs, idx n, const char *path,
                  struct err *e);

/* run_data_refused - did the system refuse to show a part of it? Then a mean
 * over the rest would be one over fewer runs by chance. OK, ERR_IO,
 * ERR_MEMORY. */
int run_data_refused(const struct run_data *r, struct err *e);

/* run_data_say_unanalysed - that it has no analysis of the name that was asked
 * for, and what makes one: ERR_DATA. */
int run_data_say_unanalysed(const struct run_data *r, struct err *e);

/* run_data_facts - what conditions and orders are made of; `name` as the
 * command calls the run. Borrows r. */
struct run_facts run_data_facts(const struct run_data *r, const char *name);

/* run_states_text - "2 done, 1 diverged" of how many runs stand how. */
void run_states_text(struct text *t, const idx counts[RUN_STATES]);

/* run_data_is_measured - is the column a number, rather than what says when its
 * row was written and what it depends on? */
bool run_data_is_measured(const char *column);

/* run_data_series - from analysis.csv, else from metrics.csv. */
struct series run_data_series(const struct run_data *r, const char *column);

/* The same from one of the two. */
struct series run_data_analysed(const struct run_data *r, const char *column);
struct series run_data_logged(const struct run_data *r, const char *column);

/* run_data_measured - what a series of this run was measured on. */
const struct measured *run_data_measured(const struct run_data *r,
                                         const struct series *s);

#endif

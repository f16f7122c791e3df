/* groups.h - runs that are one row and one curve.
 *
 * Where a sweep is given, or keys of groups: runs that differ in their seeds
 * only. They are grouped by all keys but seeds and cosmetic ones, or by the
 * keys of --by. Which runs of a group count: those that are done. Where none is
 * done, those under way (or stopped by a rule) count as far as all of them
 * came. A run that diverged or failed never counts, nor one whose status cannot
 * be read. A run whose settings cannot be read is a group of its own. A text
 * that is known by its hash is one wherever it lies: its runs are grouped, and
 * groups called, by the paths that the first of them has.
 *
 * Else each run is a group of one that counts, in the order given, and is
 * called by its folder. Groups own their memory and borrow the runs.
 */
#ifndef SINKLAB_GROUPS_H
#define SINKLAB_GROUPS_H

#include "config/config_differ.h"
#include "report/emergence.h"
#include "report/run_data.h"

enum { GROUP_LABEL_MAX = RUN_DIR_MAX, GROUP_STATUS_MAX = 256 };

struct group {
    const struct run_data *const *runs; /* (n_runs) those that count first */
    idx n_runs, n_counted;
    bool is_done;                  /* those that count are done */
    bool is_analysed;              /* as all runs that count, in all groups */
    char label[GROUP_LABEL_MAX];   /* "relu lr=0.002" */
    char status[GROUP_STATUS_MAX]; /* "2 done, 1 diverged" */
};

struct groups {
    bool are_single; /* each run a row */
    idx n;
    struct group *g;              /* (n) in the order of their keys' values */
    const struct run_data **runs; /* all, group by group */
    struct config_key keys[DIFFERING_MAX]; /* that tell groups apart */
    struct config_key over[DIFFERING_MAX]; /* that differ within groups */
    idx n_keys, n_over;
    /* (n_keys) a run with the word, or the default number, that most groups
     * have, which labels leave out, and how many have it; NULL: none is. */
    const struct run_data *usual[DIFFERING_MAX];
    idx n_usual[DIFFERING_MAX];
    idx n_waiting;  /* runs that have not begun; for a note */
    idx n_copies;   /* of runs, left out; for a note */
    idx n_unwanted; /* that --where leaves out; for a note */
    /* Two runs with two data.hash of the same places; or NULLs. */
    const struct run_data *other_text[2];
    idx n_counted, n_analysed; /* runs in all that count; with an analysis */
    struct emergence emergence;
};

/* groups_make - fill zeroed groups with runs (n), and label these. OK;
 * ERR_USAGE: an unknown key in --by; ERR_MEMORY. They may be released in any
 * case. */
int groups_make(struct groups *s, const struct compare_options *o,
                struct run_data *runs, idx n, bool are_single, struct err *e);
void groups_release(struct groups *s);

/* group_config - what has key k of a run as its group has it: the paths of a
 * text are those of the first run on it. The run's own are in its config. */
const struct config *group_config(const struct run_data *r,
                                  struct config_key k);

/* group_reader - the first run of the group that reads key k; its first where
 * none does. */
const struct run_data *group_reader(const struct group *g, struct config_key k);

/* group_legend - what the group is called in a figure, without keys a and b
 * (their numbers among s->keys; -1: none): "relu lr=0.002". A key that has one
 * value in most groups is named where it has another; where none is to be
 * named, the one that most groups differ in. Its label is the same without
 * what numbers mean: "window=0 (all)". */
void group_legend(struct text *t, const struct groups *s, const struct group *g,
                  idx a, idx b);

/* group_value - "lr=0.002" alone, of key k, as legends have it; a word that can
 * be no other key's by itself. */
void group_value(struct text *t, const struct groups *s, const struct group *g,
                 idx k);

/* group_is_logged - is the column taken from metrics.csv? An analysis measures
 * more sequences than training does: the two are never averaged with each
 * other. All that count are from analysis.csv if all runs that count (of all
 * groups) have one, unless more of this group have the column in metrics.csv.
 */
bool group_is_logged(const struct group *g, const char *column);

/* group_series - of run i of the group, from that file. */
struct series group_series(const struct group *g, idx i, const char *column);

/* groups_measured - what the first run that says it measured the column on;
 * NULL: none does. */
const struct measured *groups_measured(const struct groups *s,
                                       const char *column);

#endif

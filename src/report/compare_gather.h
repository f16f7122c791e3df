/* compare_gather.h - which runs `compare` is about: folders of runs, folders of
 * sweeps, folders with the tables of runs, a filter. */
#ifndef SINKLAB_COMPARE_GATHER_H
#define SINKLAB_COMPARE_GATHER_H

#include "report/compare_options.h"
#include "report/run_data.h"
#include "report/run_tables.h"
#include "run/run_list.h"

struct compare_set {
    idx n;
    struct run_data *runs; /* (n); room for n_most, at whose end stands which
                               folders --where leaves out */
    idx n_most;
    bool is_grouped;           /* a sweep was given, or keys of groups */
    struct run_list *lists;    /* (n_lists) of what was given; own the paths, */
    struct run_tables *tables; /* (n_lists) as do these */
    idx n_lists;
    idx n_waiting;         /* runs of sweeps that have not begun */
    idx n_copies;          /* of runs in the set, left out */
    idx n_unwanted;        /* that --where leaves out */
    struct err damaged;    /* of a run that was named and has no numbers */
    struct err unmeasured; /* of one that has none of the metric */
    idx n_sound;           /* all others */
};

/* compare_gather - fill a zeroed set with the runs that the options name and
 * their filter accepts; of a sweep's folder those directly below it, of one
 * with tables (run_tables.h) those that these tell of. The same
 * folder counts once in a set of groups, and so does a run of which it holds a
 * copy, as sweeps of shared runs do (sweep.reuse). OK; ERR_USAGE: none is
 * left, or what was named is no folder of runs; ERR_DATA: all that were named
 * are damaged, or have nothing of the metric; ERR_IO, ERR_MEMORY. What is
 * damaged in a run is told by its note; one that was named is in `damaged`,
 * too. The set may be released in any case. */
int compare_gather(struct compare_set *set, const struct compare_options *o,
                   struct err *e);
void compare_set_release(struct compare_set *set);

#endif

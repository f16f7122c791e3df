/* run_tables.h - runs of which the tables are left: what tools/collect.py makes
 * of them and experiments/ keep, so that figures, tables and verdicts can be
 * made again where the runs are gone.
 *
 *     settings.csv   a run a line: its name ("lr/0003-seed4") and its keys
 *     curves.csv     a checkpoint a line: the run's name, then numbers as in
 *                    analysis.csv; the lines of a run stand together
 */
#ifndef SINKLAB_RUN_TABLES_H
#define SINKLAB_RUN_TABLES_H

#include "report/run_data.h"

struct run_tables {
    idx n;
    struct run_data *runs; /* (n) is_of_tables; may be taken, and zeroed here */
    char *settings;        /* the file, that their paths point into */
};

/* run_tables_are_in - does the folder hold both files? OK or ERR_IO. */
int run_tables_are_in(bool *are_in, const char *folder, struct err *e);

/* run_tables_read - fill zeroed t with the runs of `folder`, in the order of
 * settings.csv: those of one sweep ("lr" of runs/lr), or all (NULL). A run that
 * was measured at its last step is done; one without such numbers is unknown.
 * OK, ERR_IO, ERR_DATA "file:line: ...", ERR_MEMORY. */
int run_tables_read(struct run_tables *t, const char *folder, const char *sweep,
                    struct err *e);

/* It may be released in any case. */
void run_tables_release(struct run_tables *t);

#endif

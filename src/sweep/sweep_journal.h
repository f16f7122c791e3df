/* sweep_journal.h - what happened in a sweep, one line an event, append only.
 *
 * Any number of processes may append: a line is one write under a short lock
 * of the file. The journal decides nothing but retries: a run's state is its
 * own (sweep_run_state).
 */
#ifndef SINKLAB_SWEEP_JOURNAL_H
#define SINKLAB_SWEEP_JOURNAL_H

#include "sweep/sweep_folder.h"

/* What happened: a run's process ended in an enum run_state (RUN_PREEMPTED: by
 * a signal, which is no failure), or one of these. */
enum sweep_event {
    EVENT_FROZEN = RUN_STATES, /* of the sweep: the list was made or changed */
    EVENT_LAUNCHED,            /* of the sweep: a launcher began */
    EVENT_SUBMITTED,           /* of the sweep: runs were handed to Slurm */
    EVENT_LEFT,                /* of the sweep: it ended or was interrupted */
    EVENT_STARTED, /* a process was started on this run: one attempt */
    EVENT_TAKEN,   /* a finished run elsewhere becomes this one */
    EVENTS,
};
const char *sweep_event_name(int event);

enum { SWEEP_DETAIL_MAX = 512 };

/* sweep_journal_append - one line; r NULL: about the sweep itself. detail (may
 * be NULL or empty) is cut to SWEEP_DETAIL_MAX - 1 bytes on one line. Time,
 * host and process are added. A torn last line is cut off first.
 * OK; ERR_IO (the journal is as before); ERR_DATA: of another version;
 * ERR_BUSY: another process had it locked for ten minutes;
 * ERR_INTERRUPTED: for some seconds, and a signal waits (jobs_is_asked). */
int sweep_journal_append(const struct sweep *s, const struct sweep_run *r,
                         int event, const char *detail, struct err *e);

/* sweep_journal_mend - what appending does first, alone: a torn last line is
 * cut off, a missing or empty journal begun. A sweep that starts nothing
 * appends nothing, and `verify` promises that it does this. As
 * sweep_journal_append. */
int sweep_journal_mend(const struct sweep *s, struct err *e);

/* One run's history. */
struct sweep_record {
    idx attempts; /* STARTED */
    int last;     /* RUN_PENDING: nothing yet */
    char detail[SWEEP_DETAIL_MAX];
};

/* sweep_journal_read - records (s->n), filled whole. A missing journal is an
 * empty one. OK; ERR_IO; ERR_DATA: damaged, naming file and line (a torn last
 * line is dropped), of another version, or of another sweep; ERR_MEMORY. */
int sweep_journal_read(struct sweep_record *records, const struct sweep *s,
                       struct err *e);

/* sweep_journal_check - sweep_journal_read, without records: for those who
 * start runs, so that they refuse a damaged journal first, in the words of
 * `sweep status`. */
int sweep_journal_check(const struct sweep *s, struct err *e);

#endif

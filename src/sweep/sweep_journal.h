/* sweep_journal.h - what happened in a sweep, one line an event, append only.
 *
 * Any number of processes may append: a line is one write under a short lock
 * of the file. The journal decides nothing but retries: a run's state is its
 * own (sweep_run_state).
 */
#ifndef SINKLAB_SWEEP_JOURNAL_H
#define SINKLAB_SWEEP_JOURNAL_H

#include "sweep/sweep_folder.h"

/* KEEP WITH: names in sweep_journal.c, docs/FORMATS.md */
enum sweep_event {
    EVENT_NONE,        /* (of a run without any line) */
    EVENT_FROZEN,      /* of the sweep: the list was made or changed */
    EVENT_LAUNCHED,    /* of the sweep: a launcher began */
    EVENT_SUBMITTED,   /* of the sweep: runs were handed to Slurm */
    EVENT_LEFT,        /* of the sweep: it ended or was interrupted */
    EVENT_STARTED,     /* a process was started on this run: one attempt */
    EVENT_DONE,        /* that process ended: all steps done */
    EVENT_STOPPED,     /* ended early by a rule of the sweep or of the run */
    EVENT_INTERRUPTED, /* ended by a signal, can go on; no failure */
    EVENT_FAILED,      /* ended by an error, or was killed */
    EVENT_DIVERGED,    /* ended by NaN or infinity */
    SWEEP_EVENTS,
};
const char *sweep_event_name(enum sweep_event event);

enum { SWEEP_DETAIL_MAX = 512, SWEEP_TIME_MAX = 24 };

/* sweep_journal_append - one line; r NULL: about the sweep itself. detail (may
 * be NULL or empty) is cut to SWEEP_DETAIL_MAX - 1 bytes on one line. Time,
 * host and process are added. A torn last line is cut off first.
 * OK; ERR_IO (the journal is as before); ERR_DATA: of another version. */
int sweep_journal_append(const struct sweep *s, const struct sweep_run *r,
                         enum sweep_event event, const char *detail,
                         struct err *e);

/* One run's history. */
struct sweep_record {
    idx attempts; /* STARTED */
    idx failures; /* FAILED since the last DONE */
    enum sweep_event last;
    char time[SWEEP_TIME_MAX]; /* of last, UTC */
    char detail[SWEEP_DETAIL_MAX];
};

/* sweep_journal_read - records (s->n), filled whole. A missing journal is an
 * empty one. OK; ERR_IO; ERR_DATA: damaged, naming file and line (a torn last
 * line is dropped), of another version, or of another sweep; ERR_MEMORY. */
int sweep_journal_read(struct sweep_record *records, const struct sweep *s,
                       struct err *e);

/* sweep_journal_check - the same, and forget it: who starts runs looks first,
 * and says what `sweep status` says. */
int sweep_journal_check(const struct sweep *s, struct err *e);

#endif

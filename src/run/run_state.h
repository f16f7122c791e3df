/* run_state.h - the states of a run: what `status` files, sweeps, their
 * journals, tables and checks mean by them. run_look tells how a run stands. */
#ifndef SINKLAB_RUN_STATE_H
#define SINKLAB_RUN_STATE_H

#include "base/base.h"

enum run_state {
    RUN_PENDING,   /* nothing computed */
    RUN_RUNNING,   /* in a `status`: or killed, if no process holds the lock */
    RUN_DONE,      /* all steps done */
    RUN_FAILED,    /* stopped by an error; goes on once its cause is gone */
    RUN_PREEMPTED, /* stopped by a signal, or killed; can go on */
    RUN_DIVERGED,  /* loss or gradient NaN or infinite; would do so again */
    RUN_STOPPED,   /* by a rule of [train]; goes on if that changes */
    RUN_UNKNOWN,   /* in no `status`: it is damaged, or cannot be read */
    RUN_STATES,
};

struct run_state_row {
    const char *name; /* in the file `status`; NULL: never there */
    const char *word; /* for people */
    bool is_finished; /* a sweep has nothing left to do */
    bool is_in_order; /* its process ended so: all rows of its logs are whole */
};
extern const struct run_state_row run_states[RUN_STATES];

/* The name of a state that a `status` may hold; the word of any. */
const char *run_state_name(enum run_state state);
const char *run_state_word(enum run_state state);

/* run_state_find - the state of a name; RUN_UNKNOWN: there is none. */
enum run_state run_state_find(const char *name);

#endif

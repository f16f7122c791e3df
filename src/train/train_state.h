/* train_state.h - how far a run under training is, kept in its checkpoints and
 * found again there.
 *
 * resume.h5 is what a run goes on from; weights files are for whoever measures
 * it. Nothing is ever saved with a number that is not finite.
 */
#ifndef SINKLAB_TRAIN_STATE_H
#define SINKLAB_TRAIN_STATE_H

#include "run/metrics.h"
#include "run/run.h"
#include "train/session.h"
#include "train/train_samples.h"

struct train_state {
    const struct run_folder *folder; /* borrowed, as the next four */
    struct session *session;
    const struct metrics *metrics; /* its rows are synced before they count */
    const struct train_samples *samples; /* the same */
    char *config_text;           /* resolved, as kept in every checkpoint */
    idx step;                    /* updates done */
    idx planned_steps;           /* of the run when it was saved; 0: never */
    bool changes_schedule;       /* plan_is_same: from then to what it goes on
                                    with? */
    idx saved_step;              /* of the newest resume.h5; -1: none */
    char last_row[HASH_HEX_MAX]; /* row_hash that it counts on */
};

/* train_state_save - resume.h5 of this step.
 * OK, ERR_DIVERGED, ERR_IO, ERR_MEMORY: the last one stays. */
int train_state_save(const struct train_state *s, struct err *e);

/* train_state_save_weights - the weights file of this step. As above. */
int train_state_save_weights(const struct train_state *s, struct err *e);

/* train_state_load - the numbers of resume.h5 into the session; step,
 * saved_step and last_row with them. Without one the run is at its start, if
 * it had not saved any. c is what it goes on with.
 * OK; ERR_CHECKPOINT: damaged, lost, or another run's; ERR_CONFIG: c differs in
 * what the numbers depend on; ERR_IO, ERR_MEMORY. */
int train_state_load(struct train_state *s, const struct config *c,
                     struct err *e);

/* train_state_check_restart - ERR_USAGE of what was imported, which no training
 * computes again. */
int train_state_check_restart(const char *dir, struct err *e);

/* train_state_check_import - ERR_CHECKPOINT of what was imported and has no
 * resume.h5 to go on from; else OK. */
int train_state_check_import(const char *dir, struct err *e);

/* train_state_forget - the run is to be computed again: from here on it is one
 * that was killed before its first state was saved. */
int train_state_forget(struct train_state *s, struct err *e);

#endif

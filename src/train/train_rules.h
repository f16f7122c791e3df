/* train_rules.h - what may end a run before its last step: train.stop_loss and
 * train.stop_minutes.
 *
 * Rules are judged at rows of metrics.csv, by nothing but the run's own files:
 * stopped, killed and started anew in any way, a run ends at the same row. It
 * can go on when its config no longer says otherwise.
 */
#ifndef SINKLAB_TRAIN_RULES_H
#define SINKLAB_TRAIN_RULES_H

#include "config/config.h"

enum { TRAIN_RULE_MAX = 160 };

struct train_rules {
    const struct train_options *options; /* borrowed */
    double earlier_s;                    /* trained before this process */
    char broken[TRAIN_RULE_MAX];         /* the rule that ended it, or empty */
};

/* train_rules_open - judge the row at `step`, where the run in dir goes on;
 * sets `broken`. Logs that are missing or damaged hold nothing against it:
 * whoever opens them to write says what is wrong. OK; ERR_IO, ERR_MEMORY: one
 * is there and cannot be read. */
int train_rules_open(struct train_rules *r, const struct train_options *o,
                     const char *dir, idx step, struct err *e);

/* train_rules_clock - seconds that the run was trained for, in this process and
 * before it, with the three digits of timing.csv: who reads it there later
 * judges the same number. process_s: since this process began to train. */
double train_rules_clock(const struct train_rules *r, double process_s);

/* train_rules_judge - a new row: the loss (nats) at `step`, and the clock then.
 * Sets `broken`. */
void train_rules_judge(struct train_rules *r, idx step, double loss,
                       double trained_s);

#endif

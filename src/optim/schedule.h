/* schedule.h - the learning rate behind the warm-up, one row a schedule. */
#ifndef SINKLAB_SCHEDULE_H
#define SINKLAB_SCHEDULE_H

#include "base/base.h"
#include "base/key.h"
#include "base/op_text.h"

/* An update behind the warm-up, and what schedules ask of the options. */
struct schedule_place {
    idx step, steps; /* of the whole run, from 1 */
    double done;     /* 0 at the end of the warm-up to 1 at the last step */
    idx warmup_steps;
    double cooldown, drop;
    const struct key_list *drop_at;
};

struct schedule {
    struct op_text text;
    bool ends_low;     /* at [optim] min_lr, which the others do not read */
    bool needs_places; /* drop_at */
    /* 1 at the end of the warm-up, and never more; 0 is where it ends low */
    double (*height)(const struct schedule_place *at);
};

/* Row i is what the key [optim] schedule calls schedule_name(i). */
extern const struct schedule *const schedules[]; /* ends with NULL */
const char *schedule_name(int i);                /* NULL past the end */

#endif

/* schedule.h - the learning rate behind the warm-up, one row a schedule. */
#ifndef SINKLAB_SCHEDULE_H
#define SINKLAB_SCHEDULE_H

#include "base/base.h"
#include "base/op_text.h"

struct schedule {
    struct op_text text;
    bool ends_low; /* at [optim] min_lr, which the others do not read */
    /* 1 at the end of the warm-up (done = 0) to 0 at the last step */
    double (*height)(double done);
};

/* Row i is what the key [optim] schedule calls schedule_name(i). */
extern const struct schedule *const schedules[]; /* ends with NULL */
const char *schedule_name(int i);                /* NULL past the end */

#endif

#include "optim/learning_rate.h"

#include <math.h>

#include "optim/schedule.h"

double schedule_lr(const struct optim_options *o, idx step, idx steps)
{
    const struct schedule *s = schedules[o->schedule];
    if (step <= o->warmup_steps)
        return o->lr * (double)step / (double)o->warmup_steps;
    double left = (double)idx_max(steps - o->warmup_steps, 1);
    double done = fmin((double)(step - o->warmup_steps) / left, 1);
    double low = s->ends_low ? o->min_lr : 0;
    return o->lr * (low + (1 - low) * s->height(done));
}

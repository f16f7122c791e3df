#include "optim/learning_rate.h"

#include <math.h>

#include "optim/schedule.h"

double schedule_lr(const struct optim_options *o, idx step, idx steps)
{
    const struct schedule *s = schedules[o->schedule];
    if (step <= o->warmup_steps)
        return o->lr * (double)step / (double)o->warmup_steps;
    double left = (double)idx_max(steps - o->warmup_steps, 1);
    struct schedule_place at = {
        .step = step,
        .steps = steps,
        .done = fmin((double)(step - o->warmup_steps) / left, 1),
        .warmup_steps = o->warmup_steps,
        .cooldown = o->cooldown,
        .drop = o->drop,
        .drop_at = &o->drop_at,
    };
    double low = s->ends_low ? o->min_lr : 0;
    return o->lr * (low + (1 - low) * s->height(&at));
}

bool schedule_jumps(const struct optim_options *o, idx step, idx steps,
                    idx longer)
{
    for (idx i = 1; i <= step; i++)
        if (schedule_lr(o, i, steps) != schedule_lr(o, i, longer))
            return true;
    return false;
}

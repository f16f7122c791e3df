/* schedule.c - the learning rate of each update, one row a schedule. */
#include <math.h>

#include "optim/optim.h"

static double constant(double done)
{
    (void)done;
    return 1;
}

static double cosine(double done)
{
    return 0.5 * (1 + cos(3.14159265358979323846 * done));
}

static double linear(double done)
{
    return 1 - done;
}

/* height: 1 at the end of the warm-up (done = 0) to 0 at the last step */
static const struct schedule {
    const char *name;
    double (*height)(double done);
} schedules[] = {
    { "constant", constant },
    { "cosine", cosine },
    { "linear", linear },
};

const char *schedule_name(int i)
{
    return i >= 0 && i < COUNT_OF(schedules) ? schedules[i].name : NULL;
}

double schedule_lr(const struct optim_options *o, idx step, idx steps)
{
    if (step <= o->warmup_steps)
        return o->lr * (double)step / (double)o->warmup_steps;
    double left = (double)idx_max(steps - o->warmup_steps, 1);
    double done = fmin((double)(step - o->warmup_steps) / left, 1);
    double low = o->schedule == 0 ? 0 : o->min_lr;
    return o->lr * (low + (1 - low) * schedules[o->schedule].height(done));
}

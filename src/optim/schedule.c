#include "optim/schedule.h"

#include <math.h>

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

const struct schedule *const schedules[] = {
    &(const struct schedule){ .text = { .name = "constant",
                                        .key = "[optim] schedule = constant",
                                        .formula = "lr" },
                              .height = constant },
    &(const struct schedule){
        .text = { .name = "cosine",
                  .key = "[optim] schedule = cosine",
                  .formula = "lr (min_lr + (1 - min_lr) (1 + cos(pi x)) / 2), "
                             "x from 0 at the end of the warm-up to 1" },
        .ends_low = true,
        .height = cosine },
    &(const struct schedule){
        .text = { .name = "linear",
                  .key = "[optim] schedule = linear",
                  .formula = "lr (min_lr + (1 - min_lr) (1 - x)), x from 0 at "
                             "the end of the warm-up to 1" },
        .ends_low = true,
        .height = linear },
    NULL,
};

const char *schedule_name(int i)
{
    return i >= 0 && i < COUNT_OF(schedules) - 1 ? schedules[i]->text.name
                                                 : NULL;
}

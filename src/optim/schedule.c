#include "optim/schedule.h"

#include <math.h>

static double constant(const struct schedule_place *at)
{
    (void)at;
    return 1;
}

static double cosine(const struct schedule_place *at)
{
    return 0.5 * (1 + cos(3.14159265358979323846 * at->done));
}

static double linear(const struct schedule_place *at)
{
    return 1 - at->done;
}

/* The first update that is lower is the one behind `from`, and the last of the
 * run is at 0. */
static double stable_then_down(const struct schedule_place *at)
{
    idx n = (idx)round(at->cooldown * (double)at->steps);
    idx from = idx_max(at->steps - n, at->warmup_steps);
    if (at->step <= from)
        return 1;
    return 1 - fmin((double)(at->step - from) /
                        (double)idx_max(at->steps - from, 1),
                    1);
}

static double inverse_sqrt(const struct schedule_place *at)
{
    double from = (double)idx_max(at->warmup_steps, 1);
    return sqrt(from / (double)at->step);
}

static double stairs(const struct schedule_place *at)
{
    const struct key_list *l = at->drop_at;
    double height = 1;
    for (idx i = 0; i < l->n; i++)
        if (at->step > l->v[i])
            height *= at->drop;
    return height;
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
    &(const struct schedule){
        .text = { .name = "wsd",
                  .formula = "lr, and over the last cooldown of the run lr "
                             "(min_lr + (1 - min_lr) (1 - x)), x from 0 to 1 "
                             "there",
                  .parameters = "cooldown, min_lr; a run that is not yet "
                                "there may become longer and keeps its past",
                  .source = "arXiv 2404.06395 (warm-up, stable, decay), "
                            "arXiv 2405.18392" },
        .ends_low = true,
        .height = stable_then_down },
    &(const struct schedule){
        .text = { .name = "inverse_sqrt",
                  .formula = "lr (min_lr + (1 - min_lr) sqrt(warm-up / t)), "
                             "without a warm-up sqrt(1 / t)",
                  .parameters = "warmup_steps, min_lr; a run may become longer",
                  .source = "arXiv 1706.03762" },
        .ends_low = true,
        .height = inverse_sqrt },
    &(const struct schedule){
        .text = { .name = "step",
                  .formula = "lr (min_lr + (1 - min_lr) drop^k), k how many of "
                             "drop_at are behind",
                  .parameters = "drop_at, drop, min_lr; a run may become "
                                "longer" },
        .ends_low = true,
        .needs_places = true,
        .height = stairs },
    NULL,
};

const char *schedule_name(int i)
{
    return i >= 0 && i < COUNT_OF(schedules) - 1 ? schedules[i]->text.name
                                                 : NULL;
}

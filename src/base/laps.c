#include "base/laps.h"

#include <omp.h>
#include <time.h>

const char *part_name(enum part p)
{
    /* KEEP WITH: enum part */
    static const char *const names[] = {
        "data",
        "embedding",
        "norms",
        "attention layers",
        "attention products",
        "row maps",
        "feed-forward",
        "weight gradients",
        "head and loss",
        "optimizer",
        "probe",
        "checkpoint",
        "waiting",
    };
    _Static_assert(COUNT_OF(names) == PARTS, "a name for each part");
    return names[p];
}

double clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void laps_start(struct laps *l)
{
    *l = (struct laps){ .last_s = clock_s() };
}

void laps_mark(struct laps *l, enum part p)
{
    if (!l || omp_get_thread_num() != 0)
        return;
    double now = clock_s();
    l->part_s[p] += now - l->last_s;
    l->last_s = now;
}

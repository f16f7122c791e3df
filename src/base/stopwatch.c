#include "base/stopwatch.h"

#include <omp.h>
#include <time.h>

double clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void stopwatch_start(struct stopwatch *w)
{
    *w = (struct stopwatch){ .last_s = clock_s() };
}

void stopwatch_mark(struct stopwatch *w, int part)
{
    if (!w || omp_get_thread_num() != 0)
        return;
    double now = clock_s();
    w->part_s[part] += now - w->last_s;
    w->last_s = now;
}

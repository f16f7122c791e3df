#include "sweep/sweep_slots.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

static idx count_slots(const struct sweep_tasks *t,
                       const struct sweep_options *o, idx cores)
{
    idx by_cores = idx_max(1, cores / o->threads);
    idx wanted = idx_min(o->jobs ? o->jobs : by_cores, t->count[TASK_WAITING]);
    double largest = 0, bytes = memory_available("");
    for (idx i = 0; i < t->n; i++)
        if (t->tasks[i].state == TASK_WAITING)
            largest = fmax(largest, (double)t->tasks[i].bytes);
    if (o->jobs || bytes <= 0 || largest <= 0 ||
        (double)wanted * largest <= bytes)
        return wanted;
    idx by_memory = idx_max(1, (idx)(bytes / largest));
    printf("note: %td runs at once instead of %td: the largest takes %.0f MiB "
           "of memory, and %.0f MiB are free (sweep.jobs overrides this)\n",
           by_memory, wanted, largest / (1 << 20), bytes / (1 << 20));
    return by_memory;
}

/* Passive: threads that wait must not take a core from another run. Bound to
 * cores only where a slot has exactly one for each thread. */
static void make_settings(struct sweep_slots *p, idx threads, bool is_bound)
{
    snprintf(p->settings[0], SLOT_SETTING_MAX, "OMP_NUM_THREADS=%td", threads);
    snprintf(p->settings[1], SLOT_SETTING_MAX, "OMP_WAIT_POLICY=PASSIVE");
    snprintf(p->settings[2], SLOT_SETTING_MAX, "OMP_PROC_BIND=%s",
             is_bound ? "close" : "false");
    snprintf(p->settings[3], SLOT_SETTING_MAX, "OPENBLAS_NUM_THREADS=1");
    for (idx i = 0; i < SLOT_SETTINGS; i++)
        p->environment[i] = p->settings[i];
}

int sweep_slots_share(struct sweep_slots *p, idx n, idx threads, struct err *e)
{
    struct core_list cores;
    machine_cores(&cores);
    *p = (struct sweep_slots){ .n = n };
    p->shares = calloc((size_t)p->n + 1, sizeof *p->shares);
    if (!p->shares)
        return err_set(e, ERR_MEMORY, "out of memory for %td jobs", p->n);
    idx each = cores.n / idx_max(1, p->n);
    for (idx i = 0; i < p->n && each >= threads; i++)
        core_share(&p->shares[i], &cores, i, p->n); /* else all share all */
    make_settings(p, threads, threads > 1 && each == threads);
    return OK;
}

int sweep_slots_init(struct sweep_slots *p, const struct sweep_tasks *t,
                     const struct sweep_options *o, struct err *e)
{
    struct core_list cores;
    machine_cores(&cores);
    return sweep_slots_share(p, count_slots(t, o, cores.n), o->threads, e);
}

void sweep_slots_release(struct sweep_slots *p)
{
    free(p->shares);
    *p = (struct sweep_slots){ 0 };
}

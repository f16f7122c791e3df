#include "io/job_slots.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/moment.h"

/* Passive: threads that wait must not take a core from another run. Bound to
 * cores only where a slot has exactly one for each thread. */
static void make_settings(struct job_slots *p, idx threads, bool is_bound)
{
    snprintf(p->settings[0], SLOT_SETTING_MAX, "OMP_NUM_THREADS=%td", threads);
    snprintf(p->settings[1], SLOT_SETTING_MAX, "OMP_WAIT_POLICY=PASSIVE");
    snprintf(p->settings[2], SLOT_SETTING_MAX, "OMP_PROC_BIND=%s",
             is_bound ? "close" : "false");
    snprintf(p->settings[3], SLOT_SETTING_MAX, "OPENBLAS_NUM_THREADS=1");
    for (idx i = 0; i < SLOT_SETTINGS; i++)
        p->environment[i] = p->settings[i];
}

int job_slots_init(struct job_slots *p, idx n, idx threads, struct err *e)
{
    struct core_list cores;
    machine_cores(&cores);
    *p = (struct job_slots){ .n = n };
    p->shares = calloc((size_t)p->n + 1, sizeof *p->shares);
    if (!p->shares)
        return err_memory(e, NULL);
    idx each = cores.n / idx_max(1, p->n);
    for (idx i = 0; i < p->n && each >= threads; i++)
        core_share(&p->shares[i], &cores, i, p->n); /* else all share all */
    make_settings(p, threads, threads > 1 && each == threads);
    return OK;
}

void job_slots_release(struct job_slots *p)
{
    free(p->shares);
    *p = (struct job_slots){ 0 };
}

double job_slots_memory(void)
{
    return moment_value("memory", memory_available(""));
}

idx job_slots_fit(idx n, double bytes, double available)
{
    if (available <= 0 || bytes <= 0 || (double)n * bytes <= available)
        return n;
    return idx_max(1, (idx)(available / bytes));
}

void job_slots_tell(FILE *out, idx n, idx wanted, double bytes,
                    double available, const char *setting)
{
    if (n < wanted)
        fprintf(out,
                "note: %td run%s at once instead of %td: the largest takes "
                "%.0f MiB of memory, and %.0f MiB are free (%s overrides "
                "this)\n",
                n, n == 1 ? "" : "s", wanted, bytes / (1 << 20),
                available / (1 << 20), setting);
}

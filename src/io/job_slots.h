/* job_slots.h - places for jobs that run at once: each with cores of its own,
 * as far as there are enough, and with what numbers of threads go into its
 * environment. */
#ifndef SINKLAB_JOB_SLOTS_H
#define SINKLAB_JOB_SLOTS_H

#include <stdio.h>

#include "base/err.h"
#include "base/machine.h"

enum { SLOT_SETTINGS = 4, SLOT_SETTING_MAX = 64 };

struct job_slots {
    idx n;
    struct core_list *shares; /* (n) empty: any core */
    char settings[SLOT_SETTINGS][SLOT_SETTING_MAX];
    const char *environment[SLOT_SETTINGS + 1]; /* the settings, then NULL */
};

/* job_slots_init - n slots of so many threads each. Do not move the struct
 * afterwards: it points into itself. OK or ERR_MEMORY; release in any case. */
int job_slots_init(struct job_slots *p, idx n, idx threads, struct err *e);
void job_slots_release(struct job_slots *p);

/* job_slots_memory - bytes that jobs may take together; 0: not known. */
double job_slots_memory(void);

/* job_slots_fit - as many of n jobs that take up to so many bytes each as
 * available ones hold, at least one of them; n where 0 says that one is not
 * known. */
idx job_slots_fit(idx n, double bytes, double available);

/* job_slots_tell - to out, if n are fewer than are wanted, why; setting: what
 * asks for more all the same. */
void job_slots_tell(FILE *out, idx n, idx wanted, double bytes,
                    double available, const char *setting);

#endif

/* sweep_slots.h - how many runs of a sweep are under way at once, on which
 * cores, and with what in their environment. */
#ifndef SINKLAB_SWEEP_SLOTS_H
#define SINKLAB_SWEEP_SLOTS_H

#include "base/machine.h"
#include "sweep/sweep_tasks.h"

enum { SLOT_SETTINGS = 4, SLOT_SETTING_MAX = 64 };

struct sweep_slots {
    idx n;
    struct core_list *shares; /* (n) empty: any core */
    char settings[SLOT_SETTINGS][SLOT_SETTING_MAX];
    const char *environment[SLOT_SETTINGS + 1]; /* the settings, then NULL */
};

/* sweep_slots_init - o->jobs, or as many as there are cores for, and memory for
 * the largest run (a note is printed if that decides); never more than tasks
 * wait. Do not move the struct afterwards: it points into itself.
 * OK or ERR_MEMORY; release in any case. */
int sweep_slots_init(struct sweep_slots *p, const struct sweep_tasks *t,
                     const struct sweep_options *o, struct err *e);

/* sweep_slots_share - n slots of so many threads each, the cores shared out
 * among them. As sweep_slots_init, but for what n is. */
int sweep_slots_share(struct sweep_slots *p, idx n, idx threads, struct err *e);
void sweep_slots_release(struct sweep_slots *p);

#endif

/* machine.h - the cores that this process may use. */
#ifndef SINKLAB_MACHINE_H
#define SINKLAB_MACHINE_H

#include "base/base.h"

enum { CORES_MAX = 4096 };

/* Numbers of processors as the system counts them, ascending. */
struct core_list {
    idx n;
    int16_t core[CORES_MAX];
};

/* machine_cores - those that the process may run on; n = 1 and core 0 where
 * the system does not say. */
void machine_cores(struct core_list *cores);

/* core_share - the cores of slot i of n: equal shares, neighbours together.
 * Empty where there are fewer cores than slots. */
void core_share(struct core_list *share, const struct core_list *all, idx i,
                idx n);

#endif

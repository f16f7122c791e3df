#include "base/machine.h"

#include <sched.h>
#include <string.h>

void machine_cores(struct core_list *cores)
{
    cpu_set_t *set = CPU_ALLOC(CORES_MAX);
    size_t size = CPU_ALLOC_SIZE(CORES_MAX);
    cores->n = 0;
    if (set && sched_getaffinity(0, size, set) == 0)
        for (int i = 0; i < CORES_MAX; i++)
            if (CPU_ISSET_S((size_t)i, size, set))
                cores->core[cores->n++] = (int16_t)i;
    CPU_FREE(set);
    if (cores->n == 0) {
        cores->n = 1;
        cores->core[0] = 0;
    }
}

void core_share(struct core_list *share, const struct core_list *all, idx i,
                idx n)
{
    idx each = all->n / n;
    BUG_ON(i < 0 || i >= n);
    share->n = each;
    memcpy(share->core, all->core + i * each,
           (size_t)each * sizeof *share->core);
}

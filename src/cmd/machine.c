#include "cmd/machine.h"

#include <sched.h>
#include <stdio.h>
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

/* The number in the first line of the file that begins with `name`; -1: none,
 * or a word as "max". */
static double number_in(const char *path, const char *name)
{
    char line[256];
    double value = -1;
    FILE *f = fopen(path, "re");
    if (!f)
        return -1;
    while (value < 0 && fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0 &&
            sscanf(line + strlen(name), "%lf", &value) != 1)
            break;
    fclose(f);
    return value;
}

double machine_bytes(void)
{
    static const char *const groups[][2] = {
        { "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current" },
        { "/sys/fs/cgroup/memory/memory.limit_in_bytes",
          "/sys/fs/cgroup/memory/memory.usage_in_bytes" },
    };
    double bytes = 1024 * number_in("/proc/meminfo", "MemAvailable:");
    for (idx i = 0; i < COUNT_OF(groups); i++) {
        double limit = number_in(groups[i][0], "");
        double used = number_in(groups[i][1], "");
        if (limit > 0 && used >= 0 && limit > used && limit - used < bytes)
            bytes = limit - used;
    }
    return bytes > 0 ? bytes : 0;
}

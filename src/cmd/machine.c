#include "cmd/machine.h"

#include <math.h>
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

/* The same of a file below another root. */
static double number_below(const char *root, const char *path, const char *name)
{
    char whole[4096];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    return number_in(whole, name);
}

double machine_bytes(const char *root)
{
    static const struct {
        const char *limit, *used, *stat, *inactive;
    } groups[] = {
        { "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current",
          "/sys/fs/cgroup/memory.stat", "inactive_file " },
        { "/sys/fs/cgroup/memory/memory.limit_in_bytes",
          "/sys/fs/cgroup/memory/memory.usage_in_bytes",
          "/sys/fs/cgroup/memory/memory.stat", "total_inactive_file " },
    };
    double bytes = 1024 * number_below(root, "/proc/meminfo", "MemAvailable:");
    for (idx i = 0; i < COUNT_OF(groups); i++) {
        double limit = number_below(root, groups[i].limit, "");
        double used = number_below(root, groups[i].used, "");
        double cache = number_below(root, groups[i].stat, groups[i].inactive);
        if (limit <= 0 || used < 0)
            continue;
        /* What was read of files is given back when memory is short */
        double left = limit - (used - fmin(fmax(cache, 0), used));
        if (bytes <= 0 || left < bytes)
            bytes = fmax(left, 1);
    }
    return bytes > 0 ? bytes : 0;
}

#include "base/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

/* Open a file below root; the path is printed. NULL: there is none. */
__attribute__((format(printf, 2, 3))) static FILE *
open_below(const char *root, const char *format, ...)
{
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s", root);
    va_list args;
    va_start(args, format);
    n += vsnprintf(path + n, sizeof path - (size_t)n, format, args);
    va_end(args);
    return n < PATH_BYTES ? fopen(path, "re") : NULL;
}

/* The number behind `name` at the start of a line of f, which is closed; -1:
 * none, or a word as "max". */
static double number_of(FILE *f, const char *name)
{
    char line[256];
    double value = -1;
    if (!f)
        return -1;
    while (value < 0 && fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0 &&
            sscanf(line + strlen(name), "%lf", &value) != 1)
            break;
    fclose(f);
    return value;
}

/* Where each version of control groups says what. */
struct group_files {
    const char *controller; /* its field in /proc/self/cgroup */
    const char *mount, *limit, *used, *inactive, *active;
    const char *swap_limit, *swap_used;
    bool is_swap_with_memory; /* those two are of the sum of both */
};

static const struct group_files versions[] = {
    { "", "/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file ",
      "active_file ", "memory.swap.max", "memory.swap.current", false },
    { "memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes",
      "memory.usage_in_bytes", "total_inactive_file ", "total_active_file ",
      "memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes", true },
};

/* The group of this process, "/a/b" or "" for the root. */
static void find_group(char group[PATH_BYTES], const char *root,
                       const struct group_files *v)
{
    char line[PATH_BYTES];
    FILE *f = open_below(root, "/proc/self/cgroup");
    group[0] = '\0';
    while (f && fgets(line, sizeof line, f)) {
        char *controllers = strchr(line, ':'); /* number:controllers:path */
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        if (strcmp(controllers + 1, v->controller) == 0 && path[0] == '/')
            strcpy(group, path[1] ? path : "");
    }
    if (f)
        fclose(f);
}

static double group_number(const char *root, const struct group_files *v,
                           const char *group, const char *file)
{
    return number_of(open_below(root, "%s%s/%s", v->mount, group, file), "");
}

/* What one group leaves; -1: it sets no limit. What was read of files is given
 * back when memory is short. */
static double left_in_group(const char *root, const struct group_files *v,
                            const char *group)
{
    const char *m = v->mount;
    double limit = group_number(root, v, group, v->limit);
    double used = group_number(root, v, group, v->used);
    if (limit <= 0 || used < 0)
        return -1;
    double cached = 0;
    for (int i = 0; i < 2; i++)
        cached +=
            fmax(0, number_of(open_below(root, "%s%s/memory.stat", m, group),
                              i ? v->active : v->inactive));
    return fmax(limit - (used - fmin(cached, used)), 1);
}

/* The same of swap. Of a sum without limit, version 1 says nearly 2^63. */
static double swap_in_group(const char *root, const struct group_files *v,
                            const char *group)
{
    double limit = group_number(root, v, group, v->swap_limit);
    double used = group_number(root, v, group, v->swap_used);
    if (limit < 0 || used < 0 || limit > 1e18)
        return -1;
    double left = limit - used;
    if (v->is_swap_with_memory)
        left -= group_number(root, v, group, v->limit) -
                group_number(root, v, group, v->used);
    return fmax(left, 0);
}

/* What this process's groups and those around them leave of so many bytes, -1:
 * not known. */
static double left_in_groups(const char *root, double bytes,
                             double (*left_in)(const char *root,
                                               const struct group_files *v,
                                               const char *group))
{
    for (idx i = 0; i < COUNT_OF(versions); i++) {
        char group[PATH_BYTES];
        find_group(group, root, &versions[i]);
        for (;;) {
            double left = left_in(root, &versions[i], group);
            if (left >= 0 && (bytes < 0 || left < bytes))
                bytes = left;
            char *slash = strrchr(group, '/');
            if (!slash)
                break;
            *slash = '\0';
        }
    }
    return bytes;
}

/* Bytes; negative: not known. */
static double meminfo(const char *root, const char *name)
{
    return 1024 * number_of(open_below(root, "/proc/meminfo"), name);
}

double memory_available(const char *root)
{
    double bytes = meminfo(root, "MemAvailable:");
    return fmax(left_in_groups(root, bytes, left_in_group), 0);
}

/* 0 where the machine does not tell of any. */
static double swap_available(const char *root)
{
    double bytes = fmax(meminfo(root, "SwapFree:"), 0);
    return left_in_groups(root, bytes, swap_in_group);
}

/* What a limit of setrlimit leaves of the pages in use; -1: unlimited. */
static double left_of(int resource, double pages)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) || limit.rlim_cur == RLIM_INFINITY ||
        pages < 0)
        return -1;
    return fmax((double)limit.rlim_cur - pages * (double)sysconf(_SC_PAGESIZE),
                0);
}

static double mib(double bytes)
{
    return bytes / (1 << 20);
}

int memory_check(const struct memory_need *need, const char *root,
                 struct err *e)
{
    double total = -1, data = -1; /* pages: all, and private writable ones */
    FILE *f = open_below(root, "/proc/self/statm");
    if (f && fscanf(f, "%lf %*f %*f %*f %*f %lf", &total, &data) != 2)
        total = data = -1;
    if (f)
        fclose(f);
    const struct {
        const char *name;
        double left;
    } limits[] = {
        { "address space (ulimit -v)", left_of(RLIMIT_AS, total) },
        { "data (ulimit -d)", left_of(RLIMIT_DATA, data) },
    };
    double sum = need->bytes + need->mapped_bytes;
    for (idx i = 0; i < COUNT_OF(limits); i++)
        if (limits[i].left >= 0 && sum > limits[i].left)
            return err_set(e, ERR_MEMORY,
                           "%s needs %.1f MiB of memory, with buffers and "
                           "stacks of libraries %.1f MiB, but the limit of %s "
                           "leaves %.1f MiB: %s, or raise the limit",
                           need->what, mib(need->bytes), mib(sum),
                           limits[i].name, mib(limits[i].left), need->remedy);
    double available = memory_available(root);
    double room = available + swap_available(root);
    double all = need->bytes + need->beside_bytes;
    if (available <= 0 || all <= room)
        return OK;
    char processes[64] = "";
    if (need->beside_bytes > 0)
        snprintf(processes, sizeof processes,
                 ", %.1f MiB of it in this process", mib(need->bytes));
    return err_set(e, ERR_MEMORY,
                   "%s needs %.1f MiB of memory%s, but %.1f MiB are left on "
                   "this machine, or to its control group: %s",
                   need->what, mib(all), processes, mib(room), need->remedy);
}

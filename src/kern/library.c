#include "kern/library.h"

#include <dlfcn.h>
#include <string.h>

/* The loader has no code for it, only words. */
static bool names_memory(const char *why)
{
    return strstr(why, "annot allocate memory") ||
           strstr(why, "failed to map") || strstr(why, "ut of memory");
}

void *library_open(const char *const *files, idx n, const char **why,
                   bool *is_memory)
{
    void *handle = NULL;
    *why = "no reason given";
    *is_memory = false;
    for (idx i = 0; i < n && !handle && !*is_memory; i++) {
        handle = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
        const char *said = handle ? NULL : dlerror();
        if (!said)
            continue;
        *why = said;
        *is_memory = names_memory(said);
    }
    return handle;
}

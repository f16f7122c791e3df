#include "new_run.h"

#include "harness.h"

void new_run_path(char dir[RUN_DIR_MAX], const char *name)
{
    snprintf(dir, RUN_DIR_MAX, "%s", test_path(name));
}

void new_run(struct run_folder *r, char dir[RUN_DIR_MAX], const char *name)
{
    struct err e = { 0 };
    new_run_path(dir, name);
    if (run_create(r, dir, &e) != OK)
        fail_msg("%s", e.text);
}

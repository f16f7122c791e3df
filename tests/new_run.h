/* new_run.h - a run folder for a test to work on. */
#ifndef SINKLAB_NEW_RUN_H
#define SINKLAB_NEW_RUN_H

#include "run/run.h"

/* new_run_path - where a run of this name is, in the test's own folder. */
void new_run_path(char dir[RUN_DIR_MAX], const char *name);

/* new_run - create it there; fails the test if it cannot. */
void new_run(struct run_folder *r, char dir[RUN_DIR_MAX], const char *name);

#endif

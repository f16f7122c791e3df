/* run_place.h - where may a run, a sweep or something else be made?
 *
 * What lies in a run's folder is listed, moved and removed with it, so nothing
 * else is made there; and a folder that holds runs is none itself, lest they
 * disappear behind it.
 */
#ifndef SINKLAB_RUN_PLACE_H
#define SINKLAB_RUN_PLACE_H

#include "run/run.h"

/* What a sweep's folder is known by (sweep/sweep_folder.h). */
#define SWEEP_LIST "runs.list"

/* run_above - the run within whose folder dir lies, or would lie: its path, or
 * "" for none. dir itself is not looked at. OK, ERR_IO. */
int run_above(char above[FSYS_PATH_MAX], const char *dir, struct err *e);

/* run_place_outside - does it lie in no run, and is it not the root? `option`
 * is what says where it is made. OK; ERR_BUSY: "dir lies within the run ...:
 * give another OPTION"; ERR_IO. */
int run_place_outside(const char *dir, const char *option, struct err *e);

/* run_place_check - may a new run be made there? Neither in another one, nor
 * where a sweep is, nor above runs. The same. */
int run_place_check(const char *dir, const char *option, struct err *e);

#endif

/* runs_remove.h - runs that are listed, gone after a question. */
#ifndef SINKLAB_RUNS_REMOVE_H
#define SINKLAB_RUNS_REMOVE_H

#include "report/runs_list.h"

/* runs_remove - remove what is listed, and what earlier removals left. Runs in
 * use, those that hold other runs, and those of which a condition cannot be
 * judged for damage, are left alone and named; the locks of the others are held
 * meanwhile. OK (also if the answer is no); ERR_USAGE: nobody can answer;
 * ERR_BUSY: all are left alone; ERR_IO, ERR_MEMORY. Every run is whole or gone,
 * or its remains are named .removed-* and the next removal clears them. */
int runs_remove(FILE *out, const struct listing *l,
                const struct runs_options *o, struct err *e);

#endif

/* named_analyses.h - analyses that stand beside the usual one of a run. */
#ifndef SINKLAB_NAMED_ANALYSES_H
#define SINKLAB_NAMED_ANALYSES_H

#include <stdio.h>

#include "report/groups.h"

/* named_analyses_note - tell of them, by their names, those of most runs first:
 * of runs that are compared by another they would not be seen. A folder that is
 * gone has none. OK; ERR_IO: one cannot be looked at; ERR_MEMORY. */
int named_analyses_note(FILE *out, const struct groups *s, struct err *e);

#endif

/* named_analyses.h - analyses that stand beside the usual one of a run. */
#ifndef SINKLAB_NAMED_ANALYSES_H
#define SINKLAB_NAMED_ANALYSES_H

#include <stdio.h>

#include "report/groups.h"

/* named_analyses_note - tell of them, by their names: of runs that are compared
 * by another they would not be seen. A folder that cannot be looked at has
 * none. */
void named_analyses_note(FILE *out, const struct groups *s);

#endif

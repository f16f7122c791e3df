/* team.h - the threads that share the work of a pass. */
#ifndef SINKLAB_TEAM_H
#define SINKLAB_TEAM_H

#include <stddef.h>

#include "base/err.h"

/* team_start - let OpenMP start so many threads, after a trial, as it ends the
 * program where it gets none; and let numbers too small for full precision be
 * zero in all of them: an unlikely token's probability comes to lie there, and
 * some processors are slow where a product has one. The message names the
 * `setting` by which the user says how many. OK, or ERR_MEMORY: the system
 * refuses them. */
int team_start(int threads, const char *setting, struct err *e);

/* Address space that OpenMP's threads take, their stacks, from above. */
size_t team_bytes(int threads);

#endif

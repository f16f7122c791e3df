/* gradwalk.h - which tensors of a whole model have a wrong gradient.
 *
 * A fault in what a tensor passes back spoils the gradients of all that stand
 * in front of it, so tensors are walked from the last to the first, and all
 * that are wrong are named: the first name is where to look.
 */
#ifndef SINKLAB_GRADWALK_H
#define SINKLAB_GRADWALK_H

#include "tiny.h"

enum { WALK_TEXT_MAX = 4096 };

/* walk_entries - the gradient of the objective that t->dw holds, entry by
 * entry, against differences (check_gradient). Returns how many tensors are
 * wrong; names them in failed. */
idx walk_entries(struct tiny *t, char failed[WALK_TEXT_MAX]);

/* walk_directions - the same, each tensor along a direction (table.total) of
 * its numbers: a wrong entry anywhere in a tensor shows in its direction. */
idx walk_directions(struct tiny *t, const real *direction,
                    char failed[WALK_TEXT_MAX]);

/* walk_fail - fail the running test, naming all tensors of `failed`. */
void walk_fail(const char *what, const char *failed);

#endif

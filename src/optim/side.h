/* side.h - matrices that Shampoo and SOAP keep of a tensor's sides: one that
 * sums g g' (left) or g' g (right), and one that is made from it. */
#ifndef SINKLAB_SIDE_H
#define SINKLAB_SIDE_H

#include "optim/optimizer.h"

/* side_kept - n if matrices of a side of n are kept, else 0: of a vector's side
 * there is nothing to turn, one beyond precondition_max would cost too much. */
idx side_kept(idx n, const struct optim_options *o);

/* side_states - declare those of both sides: left, left_made, right,
 * right_made. A side that is not kept has none. Returns how many. */
idx side_states(struct state_shape *list, const struct tensor *t,
                const struct optim_options *o, const char *left_made,
                const char *right_made);

/* The longer of the sides that are kept; 0: none is. */
idx side_longest(const struct tensor *t, const struct optim_options *o);

#endif

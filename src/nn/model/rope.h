/* rope.h - rotary positions (arXiv 2104.09864), half-split pairs.
 *
 * Dimension d < D/2 of a head is paired with d + D/2 and turned by the angle
 * t * 10000^(-2d/D) at position t, counted from 0.
 */
#ifndef SINKLAB_ROPE_H
#define SINKLAB_ROPE_H

#include "base/base.h"

/* table (T,D): cosines (D/2), then sines (D/2), of each position. */
void rope_table(real *table, idx T, idx D);

/* What turns rows of a batch: a table of T positions, and where rows stand.
 * Borrows both. */
struct rope {
    const real *table; /* (T,D) */
    idx T, D;
    const int32_t *places; /* (rows), below T; NULL: row r stands at r % T */
};

/* Turn H heads of D in each of R rows of x, ld apart, in place; x is at row
 * row0 of the batch. direction 1: forward; -1: backward (the inverse is the
 * transpose, hence also the gradient's map). */
void rope_rows(real *x, idx ld, const struct rope *rope, idx row0, idx R, idx H,
               int direction);

#endif

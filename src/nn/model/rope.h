/* rope.h - rotary positions (arXiv 2104.09864), half-split pairs.
 *
 * Of the first N dimensions of a head, dimension d < N/2 is paired with d + N/2
 * and turned by the angle t * base^(-2d/N) at position t, counted from 0. The
 * others stay as they are.
 */
#ifndef SINKLAB_ROPE_H
#define SINKLAB_ROPE_H

#include "base/base.h"

/* Angle, a position, of pair d < N/2. */
double rope_rate(idx d, idx N, double base);

/* table (T,N): cosines (N/2), then sines (N/2), of each position. */
void rope_table(real *table, idx T, idx N, double base);

/* What turns rows of a batch: a table of T positions, and where rows stand.
 * Borrows both. */
struct rope {
    const real *table;     /* (T,N) */
    idx T, D, N;           /* D: from head to head, N <= D are turned */
    const int32_t *places; /* (rows), below T; NULL: row r stands at r % T */
};

/* Turn H heads of D in each of R rows of x, ld apart, in place; x is at row
 * row0 of the batch. direction 1: forward; -1: backward (the inverse is the
 * transpose, hence also the gradient's map). */
void rope_rows(real *x, idx ld, const struct rope *rope, idx row0, idx R, idx H,
               int direction);

#endif

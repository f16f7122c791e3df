/* rope.h - rotary positions (arXiv 2104.09864), half-split pairs.
 *
 * Of the first N dimensions of a head, dimension d < N/2 is paired with d + N/2
 * and turned by the angle t * w, w = base^(-2d/N), at position t, counted from
 * 0. The others stay as they are. For contexts longer than those that a model
 * was made for, w becomes w / factor (linear), or (llama3, arXiv 2407.21783)
 * w ((1 - s) / factor + s), where s goes from 0 to 1 with the turns in `from`
 * tokens, n = from w / 2 pi: s = (n - slow) / (fast - slow).
 */
#ifndef SINKLAB_ROPE_H
#define SINKLAB_ROPE_H

#include "base/base.h"
#include "nn/options.h"

/* Angles, a position, of the pairs of N dimensions. */
struct rope_rates {
    idx N;
    double base;
    int scaling; /* enum rope_scaling; what it reads: */
    double factor, slow, fast, from;
};

/* Those that the [model] keys ask for. */
struct rope_rates rope_rates_of(const struct model_options *o);

/* Of pair d < N/2. */
double rope_rate(const struct rope_rates *r, idx d);

/* table (T,N): cosines (N/2), then sines (N/2), of each position. */
void rope_table(real *table, idx T, const struct rope_rates *r);

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

/* rotation.h - random orthogonal matrices. */
#ifndef SINKLAB_ROTATION_H
#define SINKLAB_ROTATION_H

#include "base/base.h"

/* rotation_fill - q (n,n) out: rows are an orthonormal basis that is drawn
 * evenly from all there are, always the same for one n (Gram-Schmidt of normal
 * numbers, in the order of its rows, three times, in double). */
void rotation_fill(real *q, idx n);

#endif

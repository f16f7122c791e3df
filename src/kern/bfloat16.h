/* bfloat16.h - numbers of 16 bits: float32's sign and exponent, and the first
 * 7 bits of what is behind the point.
 *
 * Rounded to the nearest, of two equally near to the even one, as the
 * instructions of processors that multiply such numbers do; so |round(x) - x|
 * <= 2^-8 |x| within float32's normal range. NaN stays NaN, infinity stays.
 */
#ifndef SINKLAB_BFLOAT16_H
#define SINKLAB_BFLOAT16_H

#include "base/base.h"

/* y (n) = x (n) rounded, in 16 bits. */
void bfloat16_store(uint16_t *y, const real *x, idx n);

/* y (n) = x (n) rounded, in float32 again; y may be x. */
void bfloat16_round(real *y, const real *x, idx n);

#endif

/* score_shared.h - what score edits have in common: a number for each distance
 * between query and key.
 *
 * `ahead` says what keys behind the query (a prefix shows them) count as: their
 * distance |t-j|, or no distance.
 */
#ifndef SINKLAB_SCORE_SHARED_H
#define SINKLAB_SCORE_SHARED_H

#include "nn/attention/edits/score_edit.h"

enum ahead { AHEAD_IS_HERE, AHEAD_IS_FAR };

/* s[j] += table[distance], of the keys j of a row; table (T) has a number for
 * each. */
void distances_add(real *restrict s, const real *restrict table,
                   const struct edit_row *row, enum ahead ahead);

/* dtable[distance] += ds[j]: the way back of distances_add. */
void distances_collect(real *restrict dtable, const real *restrict ds,
                       const struct edit_row *row, enum ahead ahead);

/* x (n) = 0 */
void edit_clear(real *x, idx n);

/* backward of what is added to a score and learns nothing: ds stays. */
void edit_passes_on(real *ds, const real *s, const struct edit_row *row,
                    const struct edit_head *h);

#endif

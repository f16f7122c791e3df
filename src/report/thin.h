/* thin.h - fewer points of a curve that are still the curve: for pages, which
 * have bounds of size.
 */
#ifndef SINKLAB_THIN_H
#define SINKLAB_THIN_H

#include "base/base.h"

/* thin_rows - which of n rows are kept, at most `most` (2 or more): rows (n)
 * out, rising, with the first and the last; returns how many. Half of them lie
 * evenly, half crowd at the start, as steps on a logarithmic axis do. All, if
 * they are no more than that. */
idx thin_rows(idx *rows, idx n, idx most);

#endif

/* compare_sort.h - the order of rows, legends and figures that --sort asks
 * for. */
#ifndef SINKLAB_COMPARE_SORT_H
#define SINKLAB_COMPARE_SORT_H

#include "report/means.h"

/* compare_sort - put the groups in the order of a column: a measured one (its
 * final mean), a key, or n, steps, status, emerged (of the metric), name; with
 * "-" in front of it: falling. What has no value comes last; equals keep their
 * order. *base moves with its group. OK; ERR_USAGE: there is no such column;
 * ERR_MEMORY. */
int compare_sort(struct groups *s, idx *base, const char *metric,
                 const char *by, struct err *e);

#endif

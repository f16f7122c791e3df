/* compare_notes.h - what `compare` says below its table: what the numbers mean,
 * and what is odd about them. */
#ifndef SINKLAB_COMPARE_NOTES_H
#define SINKLAB_COMPARE_NOTES_H

#include "report/advice.h"
#include "report/compare_rows.h"

/* groups_advice - what measures this column (NULL: those of transitions) in the
 * runs of the groups that lack it; returns text. */
const char *groups_advice(char text[ADVICE_MAX], const struct groups *s,
                          const struct compare_options *o, const char *column);

/* compare_notes - what the numbers of the table mean, then what is odd: lines
 * that end with an empty one; metric (groups) are the bands of the metric.
 * OK; ERR_IO: a run's folder cannot be looked at; ERR_MEMORY. */
int compare_notes(FILE *out, const struct compare_rows *t,
                  const struct band *metric, struct err *e);

#endif

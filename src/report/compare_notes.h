/* compare_notes.h - what `compare` says below its table: what the numbers mean,
 * and what is odd about them. */
#ifndef SINKLAB_COMPARE_NOTES_H
#define SINKLAB_COMPARE_NOTES_H

#include "base/text.h"
#include "report/compare_rows.h"

/* compare_folders - a blank and a word for a shell for each of the folders that
 * were given, as long as they are few. */
enum { FOLDERS_MAX = 3, FOLDERS_BYTES = FOLDERS_MAX * 4 * RUN_PATH_MAX };
void compare_folders(struct text *t, const struct compare_options *o);

/* compare_notes - what the numbers of the table mean, then what is odd: lines
 * that end with an empty one; metric (groups) are the bands of the metric.
 * OK; ERR_IO: a run's folder cannot be looked at; ERR_MEMORY. */
int compare_notes(FILE *out, const struct compare_rows *t,
                  const struct band *metric, struct err *e);

#endif

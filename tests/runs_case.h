/* runs_case.h - run folders written by hand, and what is printed of them. */
#ifndef SINKLAB_RUNS_CASE_H
#define SINKLAB_RUNS_CASE_H

#include "base/err.h"
#include "report/compare.h"

/* RUN or RUN/FILE in the temporary folder; it holds for a few calls more. */
const char *path_to(const char *run, const char *file);

/* Make the folder and write the file. */
void put_file(const char *run, const char *file, const char *text);

/* The three files of a run that only trained; rows are of step, loss, val_loss
 * and sink_1. */
void put_run(const char *run, const char *status, const char *config,
             const char *rows);

/* The same of this seed and weight map. */
void put_seed(const char *run, const char *status, const char *weights,
              int seed, const char *rows);

/* A text that is to hold another. */
void assert_within(const char *text, const char *want);

/* The whole file, to be freed. */
char *read_whole(const char *path, size_t *n);

/* What compare prints of these folders below the temporary one; to be freed,
 * whatever comes out. */
int compare_case(char **text, const char *const *names, idx n,
                 struct compare_options o, struct err *e);

/* The same, which must go well. */
char *compare_ok(const char *const *names, idx n, struct compare_options o);

/* sink_1 and val_loss, threshold 0.5, width 60, ASCII */
extern const struct compare_options compare_usual;

/* skip() where gnuplot is not installed. */
void skip_without_gnuplot(void);

#endif

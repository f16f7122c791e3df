/* compare_print.h - the tables of `compare`, on the terminal and in files. */
#ifndef SINKLAB_COMPARE_PRINT_H
#define SINKLAB_COMPARE_PRINT_H

#include <stdio.h>

#include "report/compare_rows.h"

/* compare_is_piped - does a file's table go to standard output? Nothing else
 * goes there then: no table, no plot in text; and notes go to standard
 * error. */
bool compare_is_piped(const struct compare_options *o);

/* compare_print_table - the rows; compare_print_differences - how groups differ
 * from the base; *is_printed: they do. OK or ERR_MEMORY. */
int compare_print_table(FILE *out, const struct compare_rows *t, struct err *e);
int compare_print_differences(bool *is_printed, FILE *out,
                              const struct compare_rows *t, struct err *e);

/* compare_write_tables - what --csv, --runs-csv, --markdown and --latex ask
 * for. notes: lines that stand below those for people, the first n_first bytes
 * of them below the rows, the others below the differences. OK, ERR_MEMORY,
 * ERR_IO. */
int compare_write_tables(FILE *out, const struct compare_rows *t,
                         const char *notes, size_t n_first, struct err *e);

#endif

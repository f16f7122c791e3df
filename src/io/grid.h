/* grid.h - a small table of text cells: aligned for a terminal, or as CSV.
 *
 * Row 0 holds the headings. A grid owns copies of its cells; a cell that was
 * never set is empty. Zeroed, it may be released. grid_add and grid_set cannot
 * report that memory ran out, and from then on set nothing: ask grid_check once
 * when all is set.
 */
#ifndef SINKLAB_GRID_H
#define SINKLAB_GRID_H

#include <stdarg.h>
#include <stdio.h>

#include "base/base.h"
#include "base/err.h"

struct grid_column {
    idx width; /* scratch of grid_print and grid_fit */
    bool is_right;
    int rank; /* of grid_rank */
    bool is_hidden;
};

struct grid {
    idx rows, columns;
    char **cells;               /* (columns,rows) */
    struct grid_column *layout; /* (columns) */
    bool is_out_of_memory;
};

/* A grid of empty cells; columns may be 0. OK or ERR_MEMORY. */
int grid_init(struct grid *g, idx rows, idx columns, struct err *e);
void grid_release(struct grid *g);

/* grid_add - one more column, on the right, with this heading. Returns its
 * number; without memory a negative one. */
idx grid_add(struct grid *g, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
idx grid_addv(struct grid *g, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

void grid_set(struct grid *g, idx row, idx column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* OK, or ERR_MEMORY if any cell could not be stored. */
int grid_check(const struct grid *g, struct err *e);

/* grid_rank - where not all columns fit, those of the largest rank go first,
 * together; those of rank 0, as they are made, stay. Passes over a negative
 * column. */
void grid_rank(struct grid *g, idx column, int rank);

/* grid_fit - hide columns until those that are left, each at most `widest`
 * wide, take at most `columns`, or only those without rank are left. Returns
 * how many are hidden. */
idx grid_fit(struct grid *g, idx columns, idx widest, bool unicode);

/* grid_heading - of a column, its lines joined by blanks, a name that was
 * broken behind a '_' or '.' by nothing; returns text. */
enum { GRID_HEADING_MAX = 256 };
const char *grid_heading(char text[GRID_HEADING_MAX], const struct grid *g,
                         idx column);

/* The text of a cell, "" where there is none; is a column set right? */
const char *grid_cell(const struct grid *g, idx row, idx column);
bool grid_is_right(const struct grid *g, idx column);

/* grid_print - columns two blanks apart, headings first (a heading may have
 * several lines, told apart by \n), then a rule. A column is set right if all
 * its cells but the heading are numbers, bracketed or with a spread, or "-".
 * Cells longer than `widest` columns lose their middle. Without `unicode`,
 * ASCII only. What is hidden is not printed. */
void grid_print(FILE *out, struct grid *g, idx widest, bool unicode);

/* grid_csv - the same cells as CSV (RFC 4180): quoted where they must be. */
void grid_csv(FILE *out, const struct grid *g);

#endif

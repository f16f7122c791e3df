/* cells.h - cells that the tables of `compare` and `runs` share.
 *
 * For people: rounded, "-" for what is missing, a key by its own name where
 * that is clear. For files: all digits, empty where there is none, full names.
 */
#ifndef SINKLAB_CELLS_H
#define SINKLAB_CELLS_H

#include "config/config_differ.h"
#include "io/grid.h"

enum {
    CELL_COLUMNS = 40, /* of a terminal, that a cell takes at most */
    CELL_NUMBER_MAX = 64,
};

/* How people see the numbers of a column. */
struct cell_look {
    bool is_share; /* as percent */
    int digits;    /* behind the point */
};

/* cell_look - fewer digits than `sinklab analyze` prints of one run, as here
 * runs stand side by side. */
struct cell_look cell_look(const char *column);

/* cell_number - v for people; "nan" of either sign, no "-0.0", an exponent for
 * what is huge. Returns text. */
const char *cell_number(char text[CELL_NUMBER_MAX], double v, int digits);

void put_number(struct grid *g, idx row, idx column, double v,
                struct cell_look look, bool is_file);
void put_missing(struct grid *g, idx row, idx column, bool is_file);

/* add_key - a column for key k of n, headed. */
idx add_key(struct grid *g, const struct config_key *keys, idx n, idx k,
            bool is_file);

/* put_key - its value in c; for people missing where c does not read it. */
void put_key(struct grid *g, idx row, idx column, const struct config *c,
             struct config_key k, bool is_file);

#endif

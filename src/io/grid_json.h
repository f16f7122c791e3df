/* grid_json.h - the cells of a table for programs, as JSON. */
#ifndef SINKLAB_GRID_JSON_H
#define SINKLAB_GRID_JSON_H

#include "io/grid.h"
#include "io/json.h"

/* grid_json - the rows as an array of objects, on a line; keys are the
 * headings: a cell that is a number is one, an empty one is null, others are
 * texts. OK or ERR_MEMORY. */
int grid_json(FILE *out, const struct grid *g, struct err *e);

#endif

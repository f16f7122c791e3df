/* grid_json.h - the cells of a table for programs, as JSON. */
#ifndef SINKLAB_GRID_JSON_H
#define SINKLAB_GRID_JSON_H

#include "io/grid.h"
#include "io/json.h"

/* grid_put_json - the rows as an array of objects, keys are the headings: a
 * cell that is a number is one, an empty one is null, others are texts. key as
 * in io/json.h. */
void grid_put_json(struct json *j, const char *key, const struct grid *g);

/* grid_json - that alone, on a line. OK or ERR_MEMORY. */
int grid_json(FILE *out, const struct grid *g, struct err *e);

#endif

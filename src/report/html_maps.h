/* html_maps.h - the arrays of analysis.h5 that have more axes than the step, as
 * JSON, for the page of `compare --report`.
 *
 *     "maps":{"sink_1":{"steps":[0,100],"axes":["layer","head"],
 *             "shape":[2,4],"coordinates":[null,null],"low":0,"high":1,
 *             "data":"AAf/..."}}
 *
 * A number takes two letters of base 64: 0 to 4094 from `low` to `high`, 4095
 * where there is none. Coordinates are given where they do not count from 0.
 * All maps of a page together hold at most MAP_NUMBERS: there are fewer steps
 * then, and what is too large even so is left out.
 */
#ifndef SINKLAB_HTML_MAPS_H
#define SINKLAB_HTML_MAPS_H

#include "io/arrays.h"
#include "io/json.h"
#include "report/groups.h"

enum {
    MAP_NUMBERS = 300000,
    MAP_STEPS_LEAST = 6, /* else the largest array is left out */
    MAP_LEFT_MAX = 512,  /* bytes of the names of those */
};

/* What is shown of all runs alike. */
struct map_plan {
    struct array_facts *shown; /* (n) owned */
    idx n;
    idx steps;               /* at most */
    idx numbers;             /* a run, at most */
    char left[MAP_LEFT_MAX]; /* "a, b": too large */
};

/* map_plan_make - fill a zeroed one from the first run that has arrays; to be
 * released in any case. Without any it is empty. OK, ERR_IO, ERR_MEMORY. */
int map_plan_make(struct map_plan *p, const struct groups *s, struct err *e);
void map_plan_release(struct map_plan *p);

/* html_run_maps - of this run, into the object begun last. A damaged file has
 * none: `why` says it ("" else), as far as it fits. OK; what the system
 * refused: ERR_IO, ERR_MEMORY. */
int html_run_maps(struct json *j, char why[ERR_TEXT_MAX],
                  const struct run_data *r, const struct map_plan *p,
                  struct err *e);

#endif

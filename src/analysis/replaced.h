/* replaced.h - the analysis that a new one takes the place of: which of its
 * columns are gone then, and whether it was of other settings.
 *
 * Opening cannot fail: what cannot be read is no loss. Owns all its memory.
 */
#ifndef SINKLAB_REPLACED_H
#define SINKLAB_REPLACED_H

#include <stdio.h>

#include "config/config.h"
#include "io/table.h"
#include "metric/columns.h"

struct replaced {
    struct table csv;  /* empty: there is none */
    char *measured_on; /* in words, of other settings, and which of these
                          differ; NULL: they are the same, or it does not say */
};

/* replaced_open - the analysis `name` of the run in dir; config: of the new
 * one. */
void replaced_open(struct replaced *r, const char *dir, const char *name,
                   const struct config *config);
void replaced_close(struct replaced *r);

/* replaced_next - the next column that has numbers and is none of c's (NULL: of
 * none), from *at on, 0 at first; NULL past the last. */
const char *replaced_next(const struct replaced *r, idx *at,
                          const struct run_columns *c);

/* replaced_names - all of them, by commas: the caller's, to be freed; NULL:
 * there are none, or no memory. */
char *replaced_names(const struct replaced *r, const struct run_columns *c);

/* replaced_print - the line that says which columns are gone. n = 0: of one
 * run, told as it is analyzed; else of n runs, all of which lost these columns
 * (are_alike), or only the first, and others lost others. may_name: the user
 * could give the new analysis a name of its own. */
void replaced_print(FILE *out, const char *gone, idx n, bool are_alike,
                    bool may_name);

#endif

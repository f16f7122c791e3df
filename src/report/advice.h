/* advice.h - the `sinklab analyze` that measures what runs lack.
 *
 * An analysis takes the place of the one before, so what is advised asks for
 * all that the runs' analyses have, too: by their metrics.names where these are
 * known, else by their columns. Reads only, and cannot fail.
 */
#ifndef SINKLAB_ADVICE_H
#define SINKLAB_ADVICE_H

#include "report/compare_options.h"
#include "report/run_data.h"

/* All borrowed. */
struct advice {
    const char *column; /* what is to be measured; NULL: `transitions` */
    const struct run_data *const *runs; /* (n) */
    idx n;
    const struct compare_options *o; /* the folders that were given, to be
                      named where that is shorter; NULL: each run by itself */
    bool has_others;      /* these folders hold runs that are none of these */
    const char *settings; /* " sink.sequences=100", in place of those that the
                             analyses have; NULL: as they have them */
};

/* advice - "`sinklab analyze runs/a metrics.names=default,key_mass`": of the
 * runs those that lack the column, of runs that are not finished only if they
 * were given themselves (or there are no others); a folder that was given
 * where all of it, or much, is meant. "": they have all of it. Returns text. */
enum { ADVICE_MAX = 2 * ERR_TEXT_MAX };
const char *advice(char text[ADVICE_MAX], const struct advice *a);

/* The same for one run, whatever it has. */
const char *advice_run(char text[ADVICE_MAX], const struct run_data *r,
                       const char *column);

#endif

/* samples.h - `sinklab data head`: samples of a split, exactly as a run of a
 * config reads them.
 *
 * The session's own data, batches and rules make them; nothing is computed.
 */
#ifndef SINKLAB_SAMPLES_H
#define SINKLAB_SAMPLES_H

#include <stdio.h>

#include "base/err.h"
#include "config/config.h"

struct samples_options {
    const char *split; /* train, val, sink */
    idx from, count;   /* the first, from 0; how many at most */
    bool is_json;      /* a line each */
    bool unicode;      /* the terminal shows it */
};

/* samples_print - those that there are. OK; ERR_USAGE: no such split, or none
 * from there on; or the codes of session_open_data. */
int samples_print(FILE *out, const struct config *c,
                  const struct samples_options *o, struct err *e);

#endif

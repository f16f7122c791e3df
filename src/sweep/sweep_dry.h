/* sweep_dry.h - what a sweep would cost: `sinklab sweep --dry-run`. */
#ifndef SINKLAB_SWEEP_DRY_H
#define SINKLAB_SWEEP_DRY_H

#include "sweep/sweep_expand.h"

struct sweep_dry_options {
    double rate; /* tokens a second of each run; 0: the first run is timed */
    bool is_json;
};

/* sweep_dry_run - print the runs, their number and parameters, expected time
 * and disk; as people read it, or for programs, an object on a line.
 * tell_claims prints what is to say of the file's claims, below all and not
 * into JSON. Writes nothing. As sweep_expand, sweep_open, session_open. */
typedef void sweep_claims_teller(FILE *out, const struct sweep_file *f,
                                 const struct sweep_points *p);
int sweep_dry_run(const struct sweep_file *f, const struct sweep_dry_options *o,
                  sweep_claims_teller *tell_claims, struct err *e);

#endif

/* sweep_status.h - how far a sweep is: `sinklab sweep status`. */
#ifndef SINKLAB_SWEEP_STATUS_H
#define SINKLAB_SWEEP_STATUS_H

#include "sweep/sweep_folder.h"

/* sweep_status - print how far every run of the sweep is; is_json: for
 * programs, an object on a line. OK; what the system refused to be read, when
 * all else is printed; ERR_DATA, ERR_MEMORY. */
int sweep_status(const struct sweep *s, bool is_json, struct err *e);

#endif

/* sweep_status.h - how far a sweep is: `sinklab sweep status`. */
#ifndef SINKLAB_SWEEP_STATUS_H
#define SINKLAB_SWEEP_STATUS_H

#include "sweep/sweep_folder.h"

/* sweep_status - print how far every run of the sweep is. */
int sweep_status(const struct sweep *s, struct err *e);

#endif

/* bench.h - training speed against what the matrix library can do on this
 * machine, measured in the same process. */
#ifndef SINKLAB_BENCH_H
#define SINKLAB_BENCH_H

#include "base/base.h"
#include "base/err.h"
#include "config/config.h"

/* bench_run - a large matrix product on all threads and training steps of the
 * config, in turns, for about so many seconds; prints what the speed is, where
 * the time goes, what probe and checkpoints cost, and peak memory: for people,
 * or on one line of JSON. A temporary file in the current folder comes and
 * goes. OK or the codes of session_open and checkpoint_save. */
int bench_run(const struct config *c, double seconds, bool is_json,
              struct err *e);

#endif

/* claim_average.h - what a claim's sides are averaged over, before anything is
 * trained.
 */
#ifndef SINKLAB_CLAIM_AVERAGE_H
#define SINKLAB_CLAIM_AVERAGE_H

#include "base/text.h"
#include "sweep/sweep_file.h"

/* claim_average_print - "each side is of all values of attention.window (0,
 * 16): name it to compare within one", of keys that the file sweeps, the claim
 * does not name, and of which each side has several values in one seed; false,
 * and nothing, where there is none. configs (n): of the sweep's runs. */
bool claim_average_print(struct text *t, const struct claim *c,
                         const struct sweep_file *f,
                         const struct config *configs, idx n);

#endif

/* sweep_label.h - what a run is called, after the settings in which it differs.
 */
#ifndef SINKLAB_SWEEP_LABEL_H
#define SINKLAB_SWEEP_LABEL_H

#include "sweep/sweep_axis.h"

enum { SWEEP_LABEL_MAX = 96 };

/* A value that an axis gives to a key. */
struct sweep_choice {
    const struct sweep_axis *axis;
    struct config_key of;
    const char *value;
};

/* sweep_label - the readable part of a run's name, from the n values that the
 * axes gave: "relu-lr0.002-seed3", at most cap bytes (SWEEP_LABEL_MAX or less),
 * NUL included, safe as a file's name. Seeds come last and are never left out;
 * where the others do not all fit, "etc" stands for the last of them. */
void sweep_label(char *label, size_t cap, const struct sweep_choice *choices,
                 idx n);

#endif

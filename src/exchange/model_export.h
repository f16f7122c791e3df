/* model_export.h - a checkpoint of a run as a folder that other programs load.
 *
 * transformers: config.json and model.safetensors in the names and shapes of
 * the first family (family.h) that has all that the settings ask for; plain:
 * model.safetensors in ours (docs/FORMATS.md), and config.ini.
 */
#ifndef SINKLAB_EXCHANGE_MODEL_EXPORT_H
#define SINKLAB_EXCHANGE_MODEL_EXPORT_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"

struct model_export_options {
    const char *run; /* borrowed, as all here */
    idx step;        /* -1: the last */
    const char *dir; /* made if it is not there */
    bool is_plain;
    FILE *out;
};

/* model_export_run - OK; ERR_USAGE: no run, no such step; ERR_CONFIG: a setting
 * that no model of `transformers` has, which it names; ERR_BUSY: a file of that
 * name is there; as run_model_open, ERR_CHECKPOINT, ERR_IO, ERR_MEMORY. */
int model_export_run(const struct model_export_options *o, struct err *e);

#endif

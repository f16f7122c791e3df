/* import.h - models made elsewhere become checkpoints of a run.
 *
 * A folder holds config.json and safetensors, as `transformers` writes them.
 * What comes out is a run folder like any other; its data are uniformly random
 * tokens of the model's vocabulary, unless settings say otherwise.
 */
#ifndef SINKLAB_EXCHANGE_IMPORT_H
#define SINKLAB_EXCHANGE_IMPORT_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"

struct import_options {
    const char *const *folders; /* (n_folders) borrowed, as all here */
    idx n_folders;
    const char *dir;             /* the run */
    idx step;                    /* of one folder; -1: what its name says */
    const char *const *settings; /* (n_settings) section.key=value */
    idx n_settings;
    bool is_dry;   /* say what would be written, and the memory */
    bool is_state; /* also what `sinklab train` goes on from: the last folder's
                      weights, and an optimizer that has done nothing */
    int argc;      /* the command line, for manifest.ini */
    char *const *argv;
    FILE *out;
};

/* import_run - OK; ERR_USAGE: steps that names do not say, or twice one;
 * ERR_DATA: a folder that holds no such model, or a damaged one, in one
 * sentence; ERR_CONFIG: a setting; ERR_BUSY: there is a run already;
 * ERR_DIVERGED: training cannot go on from a model whose loss is not finite;
 * ERR_IO, ERR_MEMORY (before anything is written). */
int import_run(const struct import_options *o, struct err *e);

/* import_step - the step that a folder's name has, not those above it: a word
 * of "step" and digits, the last, as in pythia-160m/step1000, step-00001000 or
 * step1000-tokens4B; -1: none; STEP_MAX + 1: of more than a run has. */
idx import_step(const char *folder);

#endif

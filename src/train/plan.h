/* plan.h - what is due after which step, and what a run will cost. */
#ifndef SINKLAB_PLAN_H
#define SINKLAB_PLAN_H

#include "config/config.h"

struct model;

/* Does the schedule keep a weights file of this step? Always 0 and the last. */
bool plan_keeps(const struct config *c, idx step);

/* How many steps those are. */
idx plan_weights_files(const struct config *c);

/* Is a full state saved after this step? */
bool plan_saves_state(const struct config *c, idx step);

/* Is the validation loss taken after this step, are sinks probed, and is there
 * a row in the logs (for any of these)? */
bool plan_validates(const struct config *c, idx step);
bool plan_probes(const struct config *c, idx step);
bool plan_logs(const struct config *c, idx step);

/* plan_is_same - do both keep weights files and have rows at the same steps,
 * as long as neither has come to its last? */
bool plan_is_same(const struct config *a, const struct config *b);

/* What a run takes. */
struct plan {
    idx parameters, tensors, vocab;
    double tokens; /* in all steps */
    /* of plan_run: that a validation and a probe read, forward alone */
    double val_tokens, probe_tokens;
    double flops_per_token;
    size_t memory_bytes;  /* beside the data */
    idx weights_files;    /* kept at the end */
    double weights_bytes; /* of one such file */
    double state_bytes;   /* of resume.h5 */
};

/* plan_model - of a run whose data has so many tokens. OK, or why the model
 * cannot be built. */
int plan_model(struct plan *p, const struct config *c, idx vocab,
               struct err *e);

/* plan_run - plan_model with the vocabulary of its data, which are looked at,
 * and what a validation and a probe read. OK, or why the run cannot be built.
 */
int plan_run(struct plan *p, const struct config *c, struct err *e);

/* What tokens runs read and what they weigh; zeroed at first. It is looked at
 * anew only where it differs from the run before. */
struct plan_data {
    bool is_known;
    struct data_options options;
    idx vocab;
    size_t bytes;
};

/* plan_process - all bytes of a process that trains c, or measures it, and its
 * model, to be released in any case. OK, or why the run cannot be built. */
int plan_process(struct model *m, size_t *bytes, struct plan_data *d,
                 const struct config *c, bool is_training, struct err *e);

/* plan_times - how often that is done which is due each `every` steps (0:
 * never), at the beginning and the end, by a run that goes on from a step. */
double plan_times(const struct config *c, idx every, idx from);

/* plan_disk - bytes of all its checkpoints. */
double plan_disk(const struct plan *p);

#endif

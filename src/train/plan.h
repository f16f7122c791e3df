/* plan.h - what is due after which step, and what a run will cost. */
#ifndef SINKLAB_PLAN_H
#define SINKLAB_PLAN_H

#include "config/config.h"
#include "data/source.h"

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
    /* that a validation and a probe read, forward alone */
    double val_tokens, probe_tokens;
    double flops_per_token;
    size_t memory_bytes;  /* beside the data */
    size_t process_bytes; /* with them, and all else of the process */
    idx weights_files;    /* kept at the end */
    double weights_bytes; /* of one such file */
    double state_bytes;   /* of resume.h5 */
};

/* The data that were opened last: many runs read the same, and ask the same of
 * them. Zeroed at first; plan_data_release in any state. */
struct plan_data {
    bool is_begun; /* runs of it are: only what begins must keep to all rules */
    bool is_known;
    struct plan_asked { /* all that it depends on */
        struct data_options data;
        struct sink_options sink;
        struct metrics_options metrics;
        idx T, document_token;
        int documents;
        bool is_training;
    } asked;
    struct source source;
};

/* plan_open_data - make d->source that of c, which has what c asks of it: OK,
 * or as session_check_data and session_check_input, and nothing is open. */
int plan_open_data(struct plan_data *d, const struct config *c,
                   bool is_training, struct err *e);
void plan_data_release(struct plan_data *d);

/* plan_run - of a run that is trained. OK, or why it cannot be built. */
int plan_run(struct plan *p, struct plan_data *d, const struct config *c,
             struct err *e);

/* plan_measuring - all bytes of a process that analyzes a run. As above. */
int plan_measuring(size_t *bytes, struct plan_data *d, const struct config *c,
                   struct err *e);

/* plan_times - how often that is done which is due each `every` steps (0:
 * never), at the beginning and the end, by a run that goes on from a step. */
double plan_times(const struct config *c, idx every, idx from);

/* plan_disk - bytes of all its checkpoints. */
double plan_disk(const struct plan *p);

#endif

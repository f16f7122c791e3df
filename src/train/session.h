/* session.h - everything a config asks for, opened: data, model, numbers.
 *
 * What train, analyze and bench share. Owns all it opens; release in any
 * state. All memory is allocated here: nothing allocates after it.
 */
#ifndef SINKLAB_SESSION_H
#define SINKLAB_SESSION_H

#include "config/config.h"
#include "data/input.h"
#include "engine/engine.h"
#include "metric/columns.h"
#include "metric/consequences.h"
#include "metric/meter.h"
#include "metric/update_meter.h"
#include "run/checkpoint.h"
#include "run/manifest.h"

struct session {
    struct config config;
    int threads;
    struct source source;
    struct source input;  /* that sinks are measured on, if not the source */
    struct source copies; /* that metrics of_copies are measured on, if any is
                             asked for */
    struct model model;
    struct engine engine; /* of (train.batch, model.context) */
    struct arena arena;
    struct batch batch;  /* (train.batch * train.accumulate, model.context)
                                of a whole update */
    struct ranks *ranks; /* borrowed: processes that share it; NULL: none */
    struct val_sequence *val; /* (processes, train.batch) of a validation */
    struct pass_loss *losses; /* (accumulate) of an update's micro-batches */
    double *known;            /* (context + 1), room for what the source knows
                                of targets */
    struct consequences consequences; /* of the columns that are one */
    struct meter meter; /* probe_sequences if training, else sequences */
    struct update_meter updates; /* training: what of updates is measured */
    bool is_logged;              /* the next update has a row in the logs */
    idx n_val;                   /* sequences that a validation reads */
    struct stopwatch *watch; /* NULL, or where session_update books its time */
};

/* From now on, book where time goes; NULL: no more. */
void session_watch(struct session *s, struct stopwatch *watch);

/* session_products - what computes a session of these options, for the
 * manifest; the rest of it is zero. */
struct manifest_start session_products(const struct train_options *o);

/* session_open - Weights start at their initial values.
 * OK, ERR_CONFIG, ERR_DATA, ERR_IO, ERR_TOOL; ERR_MEMORY, told before anything
 * large is touched where limits are known. */
int session_open(struct session *s, const struct config *c, bool is_training,
                 struct err *e);

/* session_open_shared - the same, by all these processes (borrowed) together.
 * ERR_USAGE: the micro-batches of an update cannot be shared out among so many.
 */
int session_open_shared(struct session *s, const struct config *c,
                        bool is_training, struct ranks *ranks, struct err *e);
void session_release(struct session *s);

/* session_check_input - can sinks, and what metrics ask for, be measured on
 * what [sink] asks for, with a source of c that is open? OK, ERR_CONFIG,
 * ERR_DATA, ERR_IO, ERR_MEMORY. */
int session_check_input(const struct config *c, struct source *s,
                        bool is_training, struct err *e);

/* session_check_files - do the data's files say what they said when they were
 * opened? For whoever is about to save what was computed of them. Only where
 * their times say that somebody wrote to one they are all read. OK, or
 * ERR_DATA. */
int session_check_files(struct session *s, struct err *e);

/* session_check_model - has a model, of which the tensors are enough, what
 * [optim] and metrics of updates name? OK or ERR_CONFIG. */
int session_check_model(const struct config *c, const struct model *m,
                        struct err *e);

/* session_check_new - may a run begin with c? What its settings ask for without
 * any effect is refused: of a run that has begun nobody could take it back. OK
 * or ERR_CONFIG. */
int session_check_new(const struct config *c, const struct model *m,
                      struct err *e);

/* session_name_input - set sink.hash to that of the file of sink.path, if sinks
 * are measured on one; one that is set must be right. As above. */
int session_name_input(struct config *c, struct err *e);

/* session_sinks - whose samples of SPLIT_SINK are measured on. */
struct source *session_sinks(struct session *s);

/* session_open_data - the source and the shape of the model alone, which is
 * what it takes to make batches: they are planned with session_rules and filled
 * by source_batch. OK, or as above; release in any state. */
int session_open_data(struct session *s, const struct config *c,
                      bool is_training, struct err *e);

/* session_check_data - does the source know what c asks of it? Documents, if
 * they are to be kept apart or to begin positions. OK or ERR_DATA. */
int session_check_data(const struct config *c, const struct source *s,
                       struct err *e);

/* What is asked of batches of T tokens: the model and the data say. */
struct batch_rules session_rules(const struct config *c, const struct model *m,
                                 idx T);

/* Threads in force: train.threads, or as many as the cores that this process
 * may use, which processes of r that may use the same ones share. */
int session_threads(const struct config *c, const struct ranks *r);

/* Bytes that training, or measuring, takes beside the data: what session_open
 * would allocate, and the image of a checkpoint while it is saved or read. */
size_t session_bytes(const struct config *c, const struct model *m,
                     bool is_training);

/* Bytes of the numbers of a checkpoint: the weights, with_state the slots of
 * the optimizer, too. */
size_t session_state_bytes(const struct config *c, const struct model *m,
                           bool with_state);

/* What a validation finds, in nats a token: the mean loss over all targets that
 * count of the first n_val sequences of the validation split, which hold
 * train.val_tokens if training, else sink.val_tokens; its
 * standard error, from the losses of the sequences (NAN for one alone); what
 * the loss has above that of a perfect model of the source on the same targets
 * (NAN if the source has no floor); and what the targets lost together, in
 * bits, over the bytes of text that they stand for (NAN if nobody knows them).
 * Same bits for any number of threads. */
struct val_result {
    idx sequences; /* that have targets; 0: nothing was measured */
    double loss, loss_se, excess, bits_per_byte;
};
struct val_result session_validate(struct session *s);

/* session_validate_shared - the same by all processes of s->ranks together, to
 * the bit; all get it. OK or ERR_IO. */
int session_validate_shared(struct session *s, struct val_result *v,
                            struct err *e);

/* What it finds of one sequence, whose targets weigh so much together. */
struct val_sequence {
    double loss, weight, bytes, floor;
};

/* readings_of_validation - put what a validation found where it belongs. */
void readings_of_validation(struct readings *r, const struct val_result *v);

/* session_columns - what decides which columns a run of this session has. */
struct run_columns session_columns(const struct session *s);

/* session_update - one optimizer update: `step` is the number of updates done
 * before. Loss and gradient norm come out. OK, or ERR_DIVERGED (weights
 * untouched) if one of them is not finite. Of several processes all do it
 * together; they agree on the way (io/ranks.h), so it may also end with what
 * another has found, or, where ranks->is_over says so, with OK and nothing
 * done. */
struct update_result {
    double weight; /* of all targets; 0: none counts, so no mean over them is
                      known */
    struct pass_loss loss; /* nats a target */
    double grad_norm, lr;
};
int session_update(struct session *s, idx step, struct update_result *r,
                   struct err *e);

/* session_check - may the numbers be saved as they are after `step` updates?
 * All weights, with_state the optimizer's slots too, must be finite, and so
 * must the loss of a forward pass over the first sequence of s->batch: what was
 * read into it last, or token 0 throughout. Sets that sequence's weights to 1.
 * OK, or ERR_DIVERGED naming the tensor. */
int session_check(struct session *s, idx step, bool with_state, struct err *e);

/* Tokens seen after `step` updates. */
double session_tokens(const struct config *c, idx step);

/* The numbers as a checkpoint holds them; with_state: optimizer slots too. Who
 * writes to them, as checkpoint_load does, says so to engine_upload. */
struct checkpoint_data session_data(struct session *s, bool with_state);

#endif

/* engine.h - where a model computes: its weights and an optimizer's state, and
 * all that is done with them.
 *
 * Whoever trains, validates or measures goes through these functions, which
 * work on whole passes; nothing above them knows how numbers lie or which
 * hardware has them. There is one engine, of CPU threads (cpu.c). Results have
 * the same bits for any number of threads.
 *
 * The model is borrowed and says which tensors there are. Not for concurrent
 * use. After engine_open nothing allocates but engine_take_states.
 */
#ifndef SINKLAB_ENGINE_H
#define SINKLAB_ENGINE_H

#include "base/err.h"
#include "base/stopwatch.h"
#include "data/batch.h"
#include "io/ranks.h"
#include "nn/model/model.h"
#include "optim/options.h"
#include "optim/state.h"
#include "optim/update_sums.h"

/* What an engine is opened for. */
struct engine_request {
    idx B, T;           /* the largest batch of a loss; its tokens a sequence */
    idx seen_B, seen_T; /* of what engine_observe gets; 0: never called */
    int reads;          /* bits of the taps that observers may read; with one of
                           TAPS_OF_GRADIENTS engine_observe_gradients may be
                           called */
    int writes;         /* bits of the taps that edits may change */
    const struct optim_options *optim; /* borrowed; NULL: no training */
    bool watches_updates;              /* engine_step_watched will be called */
    idx leaves; /* micro-batches of an update that are computed here; 0: one */
    struct ranks *ranks; /* borrowed: who computes the others; NULL: nobody */
    bool shards_state;   /* each process has the optimizer's state of a part */
    int threads;
    int products;  /* enum products: who multiplies with weights */
    int precision; /* enum precision: of the operands */
};

struct engine {
    const struct model *m; /* borrowed */
    struct engine_request request;
    struct cpu *cpu; /* owned */
};

/* engine_start - have libraries and threads ready; before engine_open. Messages
 * name the `setting` by which the user says how many threads.
 * OK, ERR_TOOL, ERR_MEMORY. */
int engine_start(int threads, const char *setting, struct err *e);

/* engine_start_products - the same for the library of r->products. OK,
 * ERR_TOOL, ERR_MEMORY. */
int engine_start_products(const struct engine_request *r, struct err *e);

/* What multiplies with weights, and in which precision, of so asked for: what
 * decides bits (kern/products.h). */
struct engine_products {
    const char *library, *precision;
    const char *remark; /* what users should know of it; NULL: nothing */
};
struct engine_products engine_products(int products, int precision);

/* The library of all other products; after engine_start. */
struct engine_library {
    const char *name;        /* "OpenBLAS 0.3.21 ..." */
    const char *core;        /* the processor its kernels are for */
    const char *threading;   /* "serial", "pthreads", "openmp" */
    const char *pinned_core; /* what OPENBLAS_CORETYPE pins it to, below what
                                this processor has; else NULL */
};
struct engine_library engine_library(void);

/* Threads that the machine offers. */
int engine_threads(void);

/* engine_open - weights and state are zero. OK or ERR_MEMORY, told without a
 * remedy, or ERR_TOOL; release in any state. */
int engine_open(struct engine *g, const struct model *m,
                const struct engine_request *r, struct err *e);
void engine_release(struct engine *g);

/* Bytes that engine_open would allocate, with those of engine_take_states; and
 * what libraries map beside it. */
size_t engine_bytes(const struct model *m, const struct engine_request *r);
size_t engine_mapped_bytes(const struct engine_request *r);

/* From now on, book where time goes (nn/parts.h); NULL: no more. */
void engine_watch(struct engine *g, struct stopwatch *watch);

/* engine_loss - forward pass: what a batch of T tokens loses. */
struct pass_loss engine_loss(struct engine *g, const struct batch *b);

/* Nats of the targets of one sequence of the last loss (T); 0 where one does
 * not count. Valid until the next call. */
const real *engine_losses(const struct engine *g, idx sequence);

/* engine_logits - forward pass over a batch of T tokens: what comes behind
 * token `place`, from 0, of each sequence; logits (B,V). Nothing behind the
 * place counts, unless all queries see a prefix that reaches there. */
void engine_logits(struct engine *g, const struct batch *b, idx place,
                   real *logits);

/* engine_edit - from now on engine_loss, engine_logits and engine_observe are
 * under these n edits, in this order, whose taps are among request.writes; n 0:
 * none. Borrows the list. OK or ERR_CONFIG, which leaves none: a point is not
 * there (model_check_edits). */
int engine_edit(struct engine *g, const struct tap_edit *list, idx n,
                struct err *e);

/* engine_backward - gradients are taken where the optimizer looks, which may
 * not be at the weights (schedule-free); all else is of the weights.
 * Gives the part that a micro-batch has in an update's means and in
 * the gradient of its objective, which is added to the others' by their tree
 * (engine/tree_sum.h). of: all micro-batches of the update together. */
struct pass_loss engine_backward(struct engine *g, const struct batch *b,
                                 struct batch_total of);

/* engine_share_gradients - after the last engine_backward of an update: the
 * sum over all processes, in each what it steps with. engine_share_weights -
 * after the step: all that it changed, in each; sums: NULL, or what
 * engine_step_watched gave, for all tensors. OK or ERR_IO. */
int engine_share_gradients(struct engine *g, struct err *e);
int engine_share_weights(struct engine *g, struct update_sums *sums,
                         struct err *e);

/* Global l2 norm of the gradients so far. */
double engine_grad_norm(struct engine *g);

/* engine_step - update number `step` (from 1) at learning rate lr; gradients
 * are clipped given their norm, and zero afterwards. */
void engine_step(struct engine *g, idx step, double lr, double grad_norm);

/* engine_step_watched - the same, to the bit, behind engine_grad_norm. sums
 * (table.count) out: how large the update of each tensor was. */
void engine_step_watched(struct engine *g, struct update_sums *sums, idx step,
                         double lr, double grad_norm);

/* engine_observe - forward pass over a batch of seen_T tokens, of the blocks
 * and, if logits or losses are read, of the head; tells the observer, whose
 * taps are among request.reads (nn/model/tap.h). */
void engine_observe(struct engine *g, const struct batch *b,
                    const struct observer *observer);

/* engine_observe_gradients - forward and backward pass of the mean
 * cross-entropy of such a batch, of the weights as they are; tells the observer
 * of both, but not of logits. Weights, gradients of an update and the
 * optimizer's state stay as they are; between two updates only, without
 * edits. */
struct pass_loss engine_observe_gradients(struct engine *g,
                                          const struct batch *b,
                                          const struct observer *observer);

/* Residual stream after `depth` blocks (0: embedding) of one sequence of the
 * last engine_observe: (seen_T,C). Valid until the next call. */
const real *engine_hidden(const struct engine *g, idx depth, idx sequence);

/* The numbers, on the host. */
struct engine_numbers {
    real *weights; /* (table.total) */
    idx n_states;  /* of the optimizer; 0 without training */
    const struct optim_state *states;
};

/* engine_download - the numbers as they are now. They may be written, and
 * engine_upload makes what is there the numbers in force. Until the next step,
 * observation or loss they stay as they are. */
struct engine_numbers engine_download(struct engine *g);
void engine_upload(struct engine *g);

/* With shards_state, values of states that another process has are NULL.
 * engine_take_states - process 0 gets room for them, which is allocated, and
 * with gather what they are. It is a meeting (ranks_agree): OK, ERR_IO, or what
 * one of the processes has found, as ERR_MEMORY of process 0.
 * engine_drop_states - in each process: gives the room back.
 * engine_hand_out - numbers of process 0 to all, with_states: those of the
 * optimizer, too, to who has them; then as engine_upload. OK or ERR_IO. All
 * processes call the first and the last together. */
int engine_take_states(struct engine *g, bool gather, struct err *e);
void engine_drop_states(struct engine *g);
int engine_hand_out(struct engine *g, bool with_states, struct err *e);

#endif

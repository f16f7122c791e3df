/* tiny.h - small models for tests: options from a preset, and an opened model
 * with weights, gradients and one batch of random tokens.
 */
#ifndef SINKLAB_TINY_H
#define SINKLAB_TINY_H

#include "nn/model/model.h"

/* ATTENTION(.window = 20, ...) - options with what is given here. Where that is
 * zero they have the defaults of their keys; but of clip_alpha and elastic_tau,
 * which there suit longer contexts. */
#define ATTENTION(...) tiny_attention((struct attention_options){ __VA_ARGS__ })
struct attention_options tiny_attention(struct attention_options given);

/* Options as `preset = NAME` in an INI file leaves them; F is the default. */
struct model_options tiny_options(const char *preset, idx L, idx C, idx H,
                                  idx T);

enum { TINY_TAPS = TAP_BIT(N_TAPS) - 1 }; /* that may be read and written */

struct tiny {
    struct model m;
    struct acts x;
    struct batch batch;
    struct arena arena, numbers;
    real *w, *dw; /* (table.total), dw zero */
};

/* tiny_open - a model of V tokens, and B random sequences, of documents of 3 to
 * 5 tokens if it asks for documents. Weights start as
 * GPT-2's, times `gain` (the gains of norms stay 1). Room to train and to
 * observe. Fails the running test if it cannot. */
void tiny_open(struct tiny *t, const struct model_options *o,
               const struct attention_options *a, idx B, idx V, int threads,
               double gain);
/* The same of a spec, whose layers may have settings of their own. */
void tiny_open_spec(struct tiny *t, const struct model_spec *spec, idx B, idx V,
                    int threads, double gain);
/* And with products made in a way of their own: room to train or, if not, for
 * losses alone, and for these taps. */
void tiny_open_way(struct tiny *t, const struct model_spec *spec, idx B, idx V,
                   int threads, double gain, struct product_way way,
                   bool is_training, int taps);
/* The cross-entropy of the first B sequences; that of all, and the gradient
 * added to dw, as one of so many like parts of an update. */
double tiny_loss(struct tiny *t, idx B);
double tiny_backward(struct tiny *t, int parts);
/* Who sees heads, with their weights. */
struct observer tiny_observer(void (*see)(void *context,
                                          const struct head_view *view),
                              void *context);
void tiny_observe(struct tiny *t, idx B, const struct observer *observer);
void tiny_close(struct tiny *t);

#endif

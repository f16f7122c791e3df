/* generator.h - what a model says: token after token behind a prompt.
 *
 * The model sees a window of at most T tokens: BOS, if its sequences begin with
 * one, the prompt, and what was said. When that is full it slides: the oldest
 * token behind BOS goes for each that comes (BOS with it where it belongs to
 * documents, data.order = packed), and all of the window is computed anew, its
 * places counted from its beginning. So nothing of what has gone is left, and
 * the model never sees more than it was trained on. Edits of the data are not
 * made.
 *
 * The n-th token is drawn by (seed, n) alone, from the softmax of logits /
 * temperature over the top_k largest (of equal ones the lowest numbers); at
 * temperature 0 it is the largest. Weights may change between two prompts. Not
 * for concurrent use.
 */
#ifndef SINKLAB_GENERATOR_H
#define SINKLAB_GENERATOR_H

#include "data/source.h"
#include "engine/engine.h"

struct generator_options {
    double temperature; /* >= 0 */
    idx top_k;          /* 0: all */
    uint64_t seed;
};

struct generator {
    struct engine *engine;       /* borrowed */
    const struct source *source; /* borrowed */
    struct generator_options options;
    struct batch batch; /* (1,T) the window, filled up with any token */
    idx prefix;         /* first tokens that all see: must be there */
    idx n;              /* tokens in the window */
    idx n_said;
    real *logits;   /* (V) */
    double *chance; /* (V) */
    int32_t *order; /* (V) tokens, the most likely first */
};

/* generator_plan - with windows of T tokens, which is what a pass of the
 * engine's losses has; rules: of its batches. Measure first. */
void generator_plan(struct generator *g, struct arena *arena,
                    const struct model *m, idx T,
                    const struct batch_rules *rules);

/* generator_open - for an engine and a source that are open; planned before. */
void generator_open(struct generator *g, struct engine *engine,
                    const struct source *source);

/* Tokens that a window begins with before there is a prompt: BOS, or none. */
idx generator_front(const struct source *s);

/* generator_begin - behind a prompt (n) of tokens. what: the prompt's name in
 * messages. OK; ERR_DATA: it is too short for the model to go on behind it. */
int generator_begin(struct generator *g, const struct generator_options *o,
                    const int32_t *prompt, idx n, const char *what,
                    struct err *e);

/* generator_next - one more token. OK; ERR_DIVERGED: logits are not finite,
 * told without a place. */
int generator_next(int32_t *token, struct generator *g, struct err *e);

/* Does a text end with this token: EOS, or the BOS of the next one? */
bool generator_ends(const struct source *s, int32_t token);

#endif

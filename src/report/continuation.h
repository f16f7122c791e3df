/* continuation.h - `sinklab sample`: how a run's model goes on behind a prompt.
 */
#ifndef SINKLAB_CONTINUATION_H
#define SINKLAB_CONTINUATION_H

#include <stdio.h>

#include "analysis/run_model.h"
#include "engine/generator.h"

struct continuation {
    struct run_model_query model;
    const char *prompt;     /* NULL: none */
    const char *prompt_ids; /* the same by numbers of tokens; NULL: not so */
    idx tokens;             /* that are to follow, at most */
    struct generator_options how;
    bool is_json;
    bool is_terminal; /* it is shown as it comes, and nothing steers it */
};

/* continuation_print - prompt and what follows, up to EOS or the BOS of another
 * document. Nothing is written to the run.
 * OK; ERR_USAGE, ERR_DATA, ERR_CHECKPOINT and others as in run_model.h and
 * spelling.h; ERR_DIVERGED: the checkpoint's logits are not finite. */
int continuation_print(FILE *out, const struct continuation *c, struct err *e);

#endif

/* run_model.h - the model of one checkpoint of a run, opened to be asked.
 *
 * It takes the run's settings, its corpus (which says what tokens stand for)
 * and the weights of one step. Opening is in two parts: between them is known
 * what tokens are, and so how many a pass must have. Owns all it opens; release
 * in any state.
 */
#ifndef SINKLAB_RUN_MODEL_H
#define SINKLAB_RUN_MODEL_H

#include <stdio.h>

#include "data/token_text.h"
#include "engine/engine.h"
#include "run/run.h"
#include "config/config.h"

struct run_model_query {
    const char *dir;              /* borrowed, as all here */
    idx step;                     /* NO_STEP: the last there is */
    const char *const *overrides; /* (n_overrides) section.key=value */
    idx n_overrides;
    bool unicode; /* of tokens that are shown */
};
enum { NO_STEP = -1 };

struct run_model {
    struct config config;
    idx step;
    char path[RUN_PATH_MAX]; /* of the checkpoint */
    char run_id[RUN_ID_MAX];
    struct source source;
    struct token_text text;
    struct model model;
    struct engine engine; /* run_model_start */
};

/* run_model_check - do the settings that the numbers of a checkpoint were
 * computed with, as sealed in it, agree with c? The run's config.ini may say
 * otherwise only where a run's past does not depend on it; there it wins, as it
 * does for training. OK or ERR_CONFIG. */
int run_model_check(const struct config *c, const char *dir, const char *sealed,
                    const char *path, struct err *e);

/* run_model_tell - a note, where c, with which the run in dir is read, lets
 * another library multiply than the run's own settings do. */
void run_model_tell(FILE *out, const struct config *c, const char *dir);

/* run_model_open - settings, source and model. OK; ERR_USAGE: no run, or it has
 * no checkpoint of this step (told with those there are); ERR_DATA: it has
 * none at all, or its corpus is not there; ERR_CONFIG, ERR_IO, ERR_MEMORY. */
int run_model_open(struct run_model *m, const struct run_model_query *q,
                   struct err *e);

/* run_model_start - an engine with the checkpoint's weights for one sequence of
 * T tokens: its logits, or, where there are taps to read, its observers. OK,
 * ERR_CHECKPOINT, ERR_CONFIG (the run's settings were changed since), ERR_IO,
 * ERR_MEMORY, ERR_TOOL. */
int run_model_start(struct run_model *m, idx T, int reads, struct err *e);
void run_model_release(struct run_model *m);

/* run_model_none - what is said of a run without checkpoints. ERR_DATA. */
int run_model_none(const char *dir, struct err *e);

#endif

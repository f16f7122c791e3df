/* train_samples.h - samples.csv of a run: what its model says at each
 * validation, where [train] sample_tokens asks for it.
 *
 * A row follows from the weights and the settings alone, so the file is the
 * same however often a run was interrupted. Owns what it opens; release in any
 * state.
 */
#ifndef SINKLAB_TRAIN_SAMPLES_H
#define SINKLAB_TRAIN_SAMPLES_H

#include "data/token_text.h"
#include "engine/generator.h"
#include "run/metrics.h"
#include "train/session.h"

struct train_samples {
    struct session *session; /* borrowed */
    bool is_on;
    struct generator_options how;
    struct generator generator;
    struct token_text text;
    int32_t *prompt; /* (n_prompt) */
    idx n_prompt;
    int32_t *said; /* (sample_tokens) */
    struct arena arena;
    struct metrics log;
};

/* train_samples_open - what the session's config asks for, before anything is
 * written. OK; ERR_DATA: the prompt cannot be spelt, or is too short for the
 * model; ERR_TOOL, ERR_IO, ERR_MEMORY. */
int train_samples_open(struct train_samples *t, struct session *s,
                       struct err *e);
void train_samples_release(struct train_samples *t);

/* train_samples_create - the file of its header line alone; of a run without
 * samples, none. train_samples_resume - the file up to `step`; rows behind it
 * go even where no more are asked for. Says on standard output what it had to
 * drop. OK, ERR_IO, ERR_MEMORY. */
int train_samples_create(struct train_samples *t, const char *dir,
                         struct err *e);
int train_samples_resume(struct train_samples *t, const char *dir, idx step,
                         struct err *e);

/* train_samples_say - what a row is made of: *n tokens, in t->said. OK or
 * ERR_DIVERGED: they follow from no finite numbers. */
int train_samples_say(idx *n, struct train_samples *t, struct err *e);

/* train_samples_add - the row of a step, if rows are asked for. OK, ERR_IO,
 * ERR_MEMORY, ERR_DIVERGED. */
int train_samples_add(struct train_samples *t, idx step, struct err *e);

/* train_samples_sync - rows so far survive a power cut. OK or ERR_IO. */
int train_samples_sync(const struct train_samples *t, struct err *e);

#endif

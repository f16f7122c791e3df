/* combine.h - random legal combinations of [model] and [attention] settings,
 * for tests that must hold for every one. */
#ifndef SINKLAB_COMBINE_H
#define SINKLAB_COMBINE_H

#include "nn/options.h"

struct combination {
    char text[1024]; /* "model.heads=4 attention.weights=relu ..." */
    struct model_spec spec;
};

/* combine_defaults - every key's default, then a tiny model: two layers of
 * width 8, two heads, T tokens. */
void combine_defaults(struct combination *c, idx T);

/* combine_set - assign "section.key=value" and note it in the text. Fails the
 * running test if there is no such key or value. */
void combine_set(struct combination *c, const char *setting);

/* combine_random - combination number i of a seeded sequence: any map with any
 * normaliser, edits, masks, stages, norms, as long as they are legal together
 * (model_spec_check). */
void combine_random(struct combination *c, idx T, idx i);

/* combine_shrink - take away settings as long as the rest is legal and still
 * fails: what is left is all needed. Of a combination without layers of their
 * own. */
void combine_shrink(struct combination *c,
                    bool (*fails)(const struct combination *c, void *context),
                    void *context);

#endif

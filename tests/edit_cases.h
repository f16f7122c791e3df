/* edit_cases.h - score edits with all settings that change what they do, for
 * tests that hold for each, and one edit alone with everything it reads.
 */
#ifndef SINKLAB_EDIT_CASES_H
#define SINKLAB_EDIT_CASES_H

#include "nn/attention/edits/score_edit.h"

enum { EDIT_HEADS = 4 };

/* What switches one edit on, or several. */
struct edit_setting {
    const char *name; /* of the one edit */
    int position, forget;
    double soft_cap;
};

extern const struct edit_setting edit_settings[]; /* each edit alone */
extern const idx n_edit_settings;

/* Options of a model with EDIT_HEADS heads; attention as plain as it can be. */
struct model_options edit_model(const struct edit_setting *s, idx T, idx D);
struct attention_options edit_attention(const struct edit_setting *s);

struct edit_case {
    const struct score_edit *edit;
    struct attention_options options;
    struct edit_head h;
    real *q, *learned, *side, *scratch; /* q: (T, 2D), k behind it */
    idx n_scratch;                      /* of what the edit asked for */
};

/* An edit that is on alone, open, with random numbers: of `head`, for T rows
 * of width D. The scratch is not clean, and a little longer than asked for. */
void edit_case_open(struct edit_case *c, const struct edit_setting *s, idx head,
                    idx prefix, idx T, idx D);
/* Fails the test if the edit wrote behind its scratch. */
void edit_case_close(struct edit_case *c);

/* n numbers N(0, std^2), to be freed. */
real *normal_numbers(idx n, double std, uint64_t seed);

#endif

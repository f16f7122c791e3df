#include "nn/attention/edits/score_edit.h"

extern const struct score_edit score_alibi, score_t5, score_t5_study,
    score_distance, score_txl, score_forget, score_decay, score_cap;

/* In the order they are applied: what is added first, the cap last, because it
 * bounds what the weight map sees. */
const struct score_edit *const score_edits[] = {
    &score_alibi,    &score_t5,  &score_t5_study,
    &score_distance, &score_txl, &score_forget,
    &score_decay,    &score_cap, NULL,
};

idx score_edits_of(const struct score_edit *on[SCORE_EDITS_MAX],
                   const struct model_spec *s)
{
    idx n = 0;
    for (idx i = 0; score_edits[i]; i++) {
        if (!score_edits[i]->is_on(s))
            continue;
        BUG_ON(n == SCORE_EDITS_MAX);
        on[n++] = score_edits[i];
    }
    return n;
}

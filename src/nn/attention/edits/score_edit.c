#include "nn/attention/edits/score_edit.h"

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

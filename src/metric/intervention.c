#include "metric/intervention.h"

#include <string.h>

void intervention_silence(void *work, const struct tap_slice *s)
{
    (void)work;
    for (idx r = 0; r < s->rows; r++)
        memset(s->x + r * s->ld, 0, (size_t)s->n * sizeof *s->x);
}

static int taps_of(const struct intervention_edit *edits)
{
    int bits = 0;
    for (idx i = 0; i < INTERVENTION_EDITS_MAX && edits[i].edit; i++)
        bits |= TAP_BIT(edits[i].tap);
    return bits;
}

int intervention_writes(const struct intervention *v)
{
    return taps_of(v->edits) | taps_of(v->learning.edits);
}

bool intervention_is_there(const struct intervention *of, const struct model *m)
{
    const struct intervention *v = intervention_done(of);
    struct err e = { 0 };
    struct tap_edit list[INTERVENTION_EDITS_MAX];
    struct edits edits = { list, 0 };
    for (idx i = 0; i < INTERVENTION_EDITS_MAX && v->edits[i].edit; i++)
        list[edits.n++] = (struct tap_edit){ v->edits[i].tap, -1, -1,
                                             v->edits[i].edit, NULL };
    return model_check_edits(m, &edits, &e) == OK &&
           (!v->is_there || v->is_there(m));
}

#include "nn/loss/terms_table.h"

#define TERM(name, ...) &loss_##name,
const struct loss_term *const loss_terms[] = { LOSS_TERMS(TERM) NULL };
_Static_assert((int)N_LOSS_TERMS <= (int)LOSS_TERMS_MAX,
               "room for every term's factor");

bool loss_term_is_on(const struct loss_options *o, idx i)
{
    for (idx k = 0; k < o->factor[i].n; k++)
        if (o->factor[i].piece[k].value != 0)
            return true;
    return false;
}

bool loss_has_terms(const struct loss_options *o)
{
    for (idx i = 0; i < N_LOSS_TERMS; i++)
        if (loss_term_is_on(o, i))
            return true;
    return false;
}

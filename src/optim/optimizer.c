#include "optim/optimizer.h"

/* One line each. `sinklab list optimizer` and the docs keep this order. */
/* clang-format off */
#define OPTIMIZERS(each) \
    each(adamw) \
    each(sgd) \
    each(adam) \
    each(lion) \
    each(signum) \
    each(muon) \
    each(adafactor) \
    each(soap) \
    each(shampoo) \
    each(orthoadam) \
    each(schedule_free)
/* clang-format on */

#define DECLARE(name) extern const struct optimizer optim_##name;
OPTIMIZERS(DECLARE)
#define ROW(name) &optim_##name,
const struct optimizer *const optimizers[] = { OPTIMIZERS(ROW) NULL };

const char *optimizer_name(int i)
{
    return i >= 0 && i < COUNT_OF(optimizers) - 1 ? optimizers[i]->text.name
                                                  : NULL;
}

const struct optimizer *optimizer_rest(int i)
{
    for (const struct optimizer *const *k = optimizers; *k; k++)
        if ((*k)->is_rest && i-- == 0)
            return *k;
    return NULL;
}

const char *optimizer_rest_name(int i)
{
    const struct optimizer *k = optimizer_rest(i);
    return k ? k->text.name : NULL;
}

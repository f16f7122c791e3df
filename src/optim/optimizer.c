#include "optim/optimizer.h"

extern const struct optimizer optim_adamw, optim_sgd;

const struct optimizer *const optimizers[] = {
    &optim_adamw,
    &optim_sgd,
    NULL,
};

const char *optimizer_name(int i)
{
    return i >= 0 && i < COUNT_OF(optimizers) - 1 ? optimizers[i]->text.name
                                                  : NULL;
}

#include "optim/side.h"

#include "optim/options.h"

idx side_kept(idx n, const struct optim_options *o)
{
    return n > 1 && n <= o->precondition_max ? n : 0;
}

idx side_states(struct state_shape *list, const struct tensor *t,
                const struct optim_options *o, const char *left_made,
                const char *right_made)
{
    idx R = side_kept(t->rows, o), K = side_kept(t->cols, o), n = 0;
    if (R) {
        list[n++] = (struct state_shape){ "left", 2, { R, R } };
        list[n++] = (struct state_shape){ left_made, 2, { R, R } };
    }
    if (K) {
        list[n++] = (struct state_shape){ "right", 2, { K, K } };
        list[n++] = (struct state_shape){ right_made, 2, { K, K } };
    }
    return n;
}

idx side_longest(const struct tensor *t, const struct optim_options *o)
{
    return idx_max(side_kept(t->rows, o), side_kept(t->cols, o));
}

#include "optim/side.h"

enum { SIDE_MAX = 8192 };

idx side_kept(idx n)
{
    return n > 1 && n <= SIDE_MAX ? n : 0;
}

idx side_states(struct state_shape *list, const struct tensor *t,
                const char *left_made, const char *right_made)
{
    idx R = side_kept(t->rows), K = side_kept(t->cols), n = 0;
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

idx side_longest(const struct tensor *t)
{
    return idx_max(side_kept(t->rows), side_kept(t->cols));
}

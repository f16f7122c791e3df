#include "data/edit.h"

#include <string.h>

extern const struct edit edit_shuffle, edit_random, edit_fixed, edit_noise;

const struct edit *const edits[] = {
    [EDIT_SHUFFLE] = &edit_shuffle,
    [EDIT_RANDOM] = &edit_random,
    [EDIT_FIXED] = &edit_fixed,
    [EDIT_NOISE] = &edit_noise,
    NULL,
};

struct rng edit_rng(const struct edit_view *v, const struct row *r, int edit)
{
    uint64_t a = (uint64_t)(edit * SPLITS + (int)v->split) << 6;
    if (v->o->random_fresh)
        return rng_open(v->seed, RNG_EDIT, a, (uint64_t)v->index);
    return rng_open((uint64_t)v->o->task_seed, RNG_EDIT, a | (uint64_t)r->part,
                    r->unit);
}

void edits_apply(const struct edit_view *v, struct row *r, bool without)
{
    bool is_on[COUNT_OF(edits)] = { false };
    for (int i = 0; edits[i] && !without; i++)
        is_on[i] = edits[i]->is_on(v->o) &&
                   (v->split == SPLIT_TRAIN || !edits[i]->is_for_training);
    for (int i = 0; edits[i]; i++)
        if (is_on[i] && edits[i]->tokens)
            edits[i]->tokens(v, r);
    memcpy(r->targets, r->tokens + 1, (size_t)(r->n - 1) * sizeof *r->targets);
    for (int i = 0; edits[i]; i++)
        if (is_on[i] && edits[i]->targets)
            edits[i]->targets(v, r);
}

bool edits_change(const struct data_options *o)
{
    for (int i = 0; edits[i]; i++)
        if (edits[i]->is_on(o) && !edits[i]->is_for_training)
            return true;
    return false;
}

bool edits_draw(const struct data_options *o)
{
    return edit_shuffle.is_on(o) || edit_random.is_on(o) || edit_noise.is_on(o);
}

int edits_check(const struct data_options *o, idx T, idx V, struct err *e)
{
    if (o->fixed_position > T)
        return err_set(e, ERR_DATA,
                       "[data] fixed_position = %td lies past model.context = "
                       "%td: want at most that",
                       o->fixed_position, T);
    if (o->fixed_position && o->fixed_token >= V)
        return err_set(e, ERR_DATA,
                       "[data] fixed_token = %td: there are %td tokens, from 0 "
                       "on: want less, or -1 for a token of its own",
                       o->fixed_token, V);
    for (idx i = 0; i < o->random_positions.n; i++) {
        idx place = o->random_positions.v[i];
        if (place > T)
            return err_set(e, ERR_DATA,
                           "[data] random_positions: %td lies past "
                           "model.context = %td: want at most that",
                           place, T);
        if (place == o->fixed_position)
            return err_set(e, ERR_DATA,
                           "[data] random_positions: %td is also the "
                           "fixed_position, so nothing random would stand "
                           "there: leave one of them out",
                           place);
        for (idx j = 0; j < i; j++)
            if (o->random_positions.v[j] == place)
                return err_set(e, ERR_DATA,
                               "[data] random_positions: %td comes twice: "
                               "want each place once",
                               place);
    }
    return OK;
}

#include "sweep/claim_use.h"

#include <math.h>
#include <string.h>

static void count_seed(struct claim_use *use, const struct config *c, int side)
{
    const idx seeds[3] = { c->run.seed, c->run.init_seed, c->run.data_seed };
    idx i = 0;
    while (i < use->n_seeds && memcmp(use->seeds[i], seeds, sizeof seeds) != 0)
        i++;
    if (i == CLAIM_SEEDS_MAX)
        return;
    memcpy(use->seeds[i], seeds, sizeof seeds);
    use->is_seed_of[i][side] = true;
    use->n_seeds = idx_max(use->n_seeds, i + 1);
}

static void count_level(struct claim_use *use, const struct claim *claim,
                        const struct config *c)
{
    double v = config_number(c, claim->key);
    for (idx i = 0; i < use->n_levels; i++)
        if (use->levels[i] == v)
            return;
    use->has_more = use->n_levels == CLAIM_LEVELS_MAX;
    if (!use->has_more)
        use->levels[use->n_levels++] = v;
}

/* The last step that the claim names, which runs must have; NAN: the end. */
static double last_step(const struct claim *claim, const struct claim_side *s)
{
    bool is_step = s->is_formation && !claim->has_b;
    if (claim_side_at_end(s))
        return NAN;
    return is_step ? fmax(claim->number, s->step) : s->step;
}

/* A run is on this side of the claim. */
static void use_on_side(struct claim_use *use, const struct claim *claim,
                        const struct config *c, int side)
{
    const struct claim_side *s = side ? &claim->b : &claim->a;
    double step = last_step(claim, s);
    if (claim_side_unmeasured(s, c))
        use->unmeasured = s->column;
    if (claim_side_no_layer(s, c)) {
        use->no_layer = s->column;
        use->layers = c->model.layers;
    }
    if (step > (double)c->train.steps) {
        use->step = step;
        use->ends = c->train.steps;
    }
    count_seed(use, c, side);
}

bool claim_use_run(struct claim_use *use, const struct claim *claim,
                   const struct config *c)
{
    bool is_a = claim_side_fits(&claim->a, c);
    bool is_b = claim->has_b && claim_side_fits(&claim->b, c);
    if (is_b)
        use_on_side(use, claim, c, 1);
    if (is_a)
        use_on_side(use, claim, c, 0);
    if (is_a && claim_is_trend(claim))
        count_level(use, claim, c);
    return is_a && is_b && claim_needs_two(claim);
}

struct claim_seeds claim_use_seeds(const struct claim_use *use)
{
    struct claim_seeds s = { .n_levels = use->n_levels };
    for (idx k = 0; k < use->n_seeds; k++) {
        s.n_a += use->is_seed_of[k][0];
        s.n_b += use->is_seed_of[k][1];
        s.n_both += use->is_seed_of[k][0] && use->is_seed_of[k][1];
    }
    return s;
}

void claim_use_check(struct draft *d, const struct claim *c,
                     const struct claim_use *use)
{
    char keys[CLAIM_TEXT_MAX];
    struct claim_seeds s = claim_use_seeds(use);
    bool is_there = s.n_a > 0 && (s.n_b > 0 || !c->has_b);
    if (!is_there)
        draft_problem(d, &c->at, ERR_CONFIG,
                      "[claims] expect: no run of this sweep has %s: add it "
                      "to the axes, or change the claim",
                      claim_side_keys(keys, s.n_a > 0 ? &c->b : &c->a));
    else if (use->unmeasured)
        draft_problem(d, &c->at, ERR_CONFIG,
                      "[claims] expect: %s is measured while training or "
                      "never: [metrics] names must hold it",
                      use->unmeasured);
    else if (use->no_layer)
        draft_problem(
            d, &c->at, ERR_CONFIG,
            "[claims] expect: got %s, and a run that it means has "
            "model.layers=%td, from 0 on: name a layer of all of them",
            use->no_layer, use->layers);
    else if (use->step > 0)
        draft_problem(d, &c->at, ERR_CONFIG,
                      "[claims] expect: got step %.0f, and a run that it means "
                      "ends at train.steps=%td: name one up to there",
                      use->step, use->ends);
    else if (use->twice)
        draft_problem(d, &c->at, ERR_CONFIG,
                      "[claims] expect: both sides have the run with %s: name "
                      "what sets them apart",
                      use->twice);
    else if (claim_is_trend(c) && use->n_levels == 1)
        draft_problem(d, &c->at, ERR_CONFIG,
                      "[claims] expect: all runs that it means have %s.%s=%g: "
                      "give it more values, or change the claim",
                      c->key.section->name, c->key.key->name, use->levels[0]);
    else if (use->has_more)
        draft_problem(d, &c->at, ERR_CONFIG,
                      "[claims] expect: runs that it means have more than %d "
                      "values of %s.%s, want at most so many: change the "
                      "axis, or the claim",
                      CLAIM_LEVELS_MAX, c->key.section->name, c->key.key->name);
}

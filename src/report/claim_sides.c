#include "report/claim_sides.h"

#include <string.h>

#include "base/text.h"
#include "data/paths.h"

/* ---- who is where -------------------------------------------------------- */

static idx find_seed(struct judging *g, idx run)
{
    idx i = 0;
    while (i < g->n_seeds &&
           !config_same_seeds(g->runs->at[g->seeds[i].run].config,
                              g->runs->at[run].config))
        i++;
    if (i == g->n_seeds)
        g->seeds[g->n_seeds++] = (struct seed){ .run = run };
    return i;
}

static bool names_place(const struct claim_side *s)
{
    for (idx i = 0; i < s->n; i++)
        if (config_key_has_paths(s->keys[i]))
            return true;
    return false;
}

/* A side that names where a text lies means the text. */
static bool does_fit(const struct judging *g, const struct claim_side *side,
                     idx run)
{
    const struct claim_run *at = g->runs->at;
    bool fits = claim_side_fits(side, at[run].config);
    for (idx i = 0; names_place(side) && i < g->runs->n && !fits; i++) {
        struct config elsewhere = *at[run].config;
        fits = data_share_paths(&elsewhere.data, &at[i].config->data) &&
               claim_side_fits(side, &elsewhere);
    }
    return fits;
}

/* Who is on which side. */
static void find_members(struct judging *g)
{
    for (int s = 0; s < SIDES; s++) {
        const struct claim_side *side = claim_side_of(g, s);
        if (s == SIDE_B && !g->claim->has_b)
            break;
        for (idx i = 0; i < g->runs->n; i++)
            if (does_fit(g, side, i))
                g->at[s][g->n[s]++] = (struct member){ .run = i,
                                                       .seed = find_seed(g, i),
                                                       .is_used = true };
        char keys[CLAIM_TEXT_MAX];
        if (g->n[s] == 0)
            claim_why_not(g->r, "no run that counts has %s",
                          claim_side_keys(keys, side));
    }
}

/* Are the sides apart but for a text that lies at the places of both? */
static bool has_one_text(const struct judging *g, const struct config *c)
{
    const struct claim *claim = g->claim;
    return names_place(&claim->a) && names_place(&claim->b) &&
           !(claim_side_fits(&claim->a, c) && claim_side_fits(&claim->b, c));
}

static void tell_twice(struct judging *g, const struct claim_run *r)
{
    if (has_one_text(g, r->config))
        claim_why_not(g->r,
                      "%s is on both sides: the places that they name hold one "
                      "text (data.hash %.16s)",
                      r->name, r->config->data.hash);
    else
        claim_why_not(g->r, "%s is on both sides: name what sets them apart",
                      r->name);
}

/* A run on both sides would be held against itself. */
static void find_twice(struct judging *g)
{
    if (!claim_needs_two(g->claim))
        return;
    for (idx i = 0; i < g->n[SIDE_A]; i++)
        for (idx k = 0; k < g->n[SIDE_B]; k++)
            if (g->at[SIDE_A][i].run == g->at[SIDE_B][k].run)
                tell_twice(g, &g->runs->at[g->at[SIDE_A][i].run]);
}

/* Of SIDE_A. */
static void find_levels(struct judging *g)
{
    struct claim_result *r = g->r;
    for (idx i = 0; i < g->n[SIDE_A] && !r->why[0]; i++) {
        double v =
            config_number(claim_config_of(g, &g->at[SIDE_A][i]), g->claim->key);
        idx at = 0;
        while (at < r->n_levels && r->level[at] < v)
            at++;
        if (at < r->n_levels && r->level[at] == v)
            continue;
        if (r->n_levels == CLAIM_LEVELS_MAX) {
            claim_why_not(r, "more than %d values of %s.%s", CLAIM_LEVELS_MAX,
                          g->claim->key.section->name, g->claim->key.key->name);
            return;
        }
        memmove(r->level + at + 1, r->level + at,
                (size_t)(r->n_levels - at) * sizeof *r->level);
        r->level[at] = v;
        r->n_levels++;
    }
    for (idx i = 0; i < g->n[SIDE_A]; i++) {
        struct member *m = &g->at[SIDE_A][i];
        double v = config_number(claim_config_of(g, m), g->claim->key);
        while (m->level < r->n_levels - 1 && r->level[m->level] < v)
            m->level++;
    }
    if (r->n_levels == 1)
        claim_why_not(r, "all runs that count have one value of %s.%s",
                      g->claim->key.section->name, g->claim->key.key->name);
}

void claim_sides_find(struct judging *g)
{
    find_members(g);
    if (g->r->why[0])
        return;
    find_twice(g);
    if (claim_is_trend(g->claim))
        find_levels(g);
}

/* ---- what else differs --------------------------------------------------- */

static const struct member *member_at(const struct judging *g, idx i)
{
    return i < g->n[SIDE_A] ? &g->at[SIDE_A][i]
                            : &g->at[SIDE_B][i - g->n[SIDE_A]];
}

static const struct config *config_of_member(const void *list, idx i)
{
    return claim_config_of(list, member_at(list, i));
}

static bool has_key(const struct claim_side *s, struct config_key k)
{
    for (idx i = 0; i < s->n; i++)
        if (s->keys[i].key == k.key)
            return true;
    return false;
}

static bool is_equal(const struct judging *g, const struct member *a,
                     const struct member *b, struct config_key k)
{
    return config_value_order(claim_runs_config(g->runs, a->run, k),
                              claim_runs_config(g->runs, b->run, k), k) == 0;
}

/* Has any run of one side the value of a run of the other? */
static bool is_shared(const struct judging *g, struct config_key k)
{
    for (idx i = 0; i < g->n[SIDE_A]; i++)
        for (idx j = 0; j < g->n[SIDE_B]; j++)
            if (is_equal(g, &g->at[SIDE_A][i], &g->at[SIDE_B][j], k))
                return true;
    return false;
}

/* Has some value of it runs at all values of the key that rises? */
static bool is_throughout(const struct judging *g, struct config_key k)
{
    const struct member *at = g->at[SIDE_A];
    for (idx i = 0; i < g->n[SIDE_A]; i++) {
        bool is_there = true;
        for (idx level = 0; level < g->r->n_levels && is_there; level++) {
            is_there = false;
            for (idx j = 0; j < g->n[SIDE_A] && !is_there; j++)
                is_there =
                    at[j].level == level && is_equal(g, &at[i], &at[j], k);
        }
        if (is_there)
            return true;
    }
    return false;
}

/* What one side names and the other leaves open is matched where it can be. */
static void find_rest(struct judging *g)
{
    const struct claim *c = g->claim;
    struct config_key found[DIFFERING_MAX];
    idx n_members = g->n[SIDE_A] + g->n[SIDE_B];
    idx n = config_differing(found, config_of_member, g, n_members);
    for (idx i = 0; i < n; i++) {
        struct config_key k = found[i];
        if (!config_key_tells(k, config_of_member, g, n_members))
            continue;
        bool is_a = has_key(&c->a, k), is_b = c->has_b && has_key(&c->b, k);
        bool is_rising = claim_is_trend(c) && c->key.key == k.key;
        if (config_key_is_seed(k) || is_rising || (is_a && (is_b || !c->has_b)))
            continue;
        idx at = g->rest.n++;
        g->rest.keys[at] = k;
        g->rest.is_named[at] = is_a || is_b;
        g->rest.is_matched[at] = claim_is_trend(c) ? is_throughout(g, k)
                                 : c->has_b        ? is_shared(g, k)
                                                   : true;
    }
}

static bool do_match(const struct judging *g, const struct member *a,
                     const struct member *b)
{
    for (idx i = 0; i < g->rest.n; i++)
        if (g->rest.is_matched[i] && !is_equal(g, a, b, g->rest.keys[i]))
            return false;
    return true;
}

/* Has it a run to be held against; of the same seed? */
bool claim_has_partner(const struct judging *g, int side,
                       const struct member *m, bool is_of_seed)
{
    int other = side == SIDE_A ? SIDE_B : SIDE_A;
    for (idx i = 0; i < g->n[other]; i++)
        if ((!is_of_seed || g->at[other][i].seed == m->seed) &&
            do_match(g, m, &g->at[other][i]))
            return true;
    return false;
}

/* Has its seed such a run at each level that it has at all? */
static bool is_at_levels(const struct judging *g, const struct member *m)
{
    const struct member *at = g->at[SIDE_A];
    for (idx i = 0; i < g->n[SIDE_A]; i++) {
        bool is_there = at[i].seed != m->seed;
        for (idx k = 0; k < g->n[SIDE_A] && !is_there; k++)
            is_there = at[k].seed == m->seed && at[k].level == at[i].level &&
                       do_match(g, m, &at[k]);
        if (!is_there)
            return false;
    }
    return true;
}

static void leave_unmatched(struct judging *g)
{
    bool is_any = false, is_trend = claim_is_trend(g->claim);
    if (!g->claim->has_b && !is_trend)
        return;
    for (int s = 0; s < SIDES; s++)
        for (idx i = 0; i < g->n[s]; i++) {
            struct member *m = &g->at[s][i];
            m->is_used = is_trend ? is_at_levels(g, m)
                                  : claim_has_partner(g, s, m, false);
            is_any = is_any || m->is_used;
        }
    if (!is_any && is_trend)
        claim_why_not(
            g->r,
            "no seed has a run with the same other settings at all its "
            "values of %s.%s: name them in the claim",
            g->claim->key.section->name, g->claim->key.key->name);
    else if (!is_any)
        claim_why_not(g->r,
                      "no run of one side has the other settings of a run of "
                      "the other: name them in the claim");
}

/* ---- seeds that are averaged over the same ------------------------------- */

/* Runs of the side that are used and have the same value of it as m. */
static idx count_equal(const struct judging *g, int side,
                       const struct member *m, struct config_key k)
{
    idx n = 0;
    for (idx i = 0; i < g->n[side]; i++)
        n += g->at[side][i].is_used && is_equal(g, m, &g->at[side][i], k);
    return n;
}

static idx count_used(const struct judging *g, int side)
{
    idx n = 0;
    for (idx i = 0; i < g->n[side]; i++)
        n += g->at[side][i].is_used;
    return n;
}

/* What goes along with the seed is not averaged over within one. */
static bool is_tied(const struct judging *g, struct config_key k)
{
    idx n = g->n[SIDE_A] + g->n[SIDE_B];
    idx n_a = count_used(g, SIDE_A), n_b = count_used(g, SIDE_B);
    for (idx i = 0; i < n; i++) {
        const struct member *m = member_at(g, i);
        if (!m->is_used)
            continue;
        for (idx j = 0; j < i; j++) {
            const struct member *x = member_at(g, j);
            if (x->is_used && x->seed == m->seed && !is_equal(g, m, x, k))
                return false;
        }
        if (count_equal(g, SIDE_A, m, k) * n_b !=
            count_equal(g, SIDE_B, m, k) * n_a)
            return false;
    }
    return true;
}

/* Are these of one combination that a seed's mean is over? */
static bool are_alike(const struct judging *g, const struct member *a,
                      const struct member *b)
{
    const struct rest *r = &g->rest;
    for (idx i = 0; i < r->n; i++)
        if ((r->is_matched[i] || r->is_named[i]) && !r->is_tied[i] &&
            !is_equal(g, a, b, r->keys[i]))
            return false;
    return true;
}

/* Has the seed a run of each combination that its side is averaged over? */
static bool has_all(const struct judging *g, int side, idx seed)
{
    const struct member *at = g->at[side];
    for (idx i = 0; i < g->n[side]; i++) {
        bool is_there = !at[i].is_used;
        for (idx k = 0; k < g->n[side] && !is_there; k++)
            is_there = at[k].is_used && at[k].seed == seed &&
                       are_alike(g, &at[i], &at[k]);
        if (!is_there)
            return false;
    }
    return true;
}

static bool have_pairs(idx n_a, idx n_b, idx n_both)
{
    return n_both > 0 && n_both == idx_min(n_a, n_b);
}

bool claim_takes_pairs(const struct claim *c, idx n_a, idx n_b, idx n_both,
                       double level)
{
    return have_pairs(n_a, n_b, n_both) &&
           (claim_is_within(c) || pairs_least(n_both) <= level);
}

/* How many seeds there are of what decides it: pairs, or groups. */
static void count_seeds(struct judging *g)
{
    idx n[SIDES] = { 0 }, n_pairs = 0;
    for (int s = 0; s < SIDES; s++)
        for (idx i = 0; i < g->n[s]; i++) {
            const struct member *m = &g->at[s][i];
            struct seed *seed = &g->seeds[m->seed];
            if (!m->is_used)
                continue;
            n[s] += !seed->is_there[s];
            seed->is_there[s] = true;
            if (s == SIDE_A && !seed->is_pair &&
                claim_has_partner(g, s, m, true)) {
                seed->is_pair = true;
                n_pairs++;
            }
        }
    g->are_pairs = have_pairs(n[SIDE_A], n[SIDE_B], n_pairs);
    g->is_paired =
        claim_takes_pairs(g->claim, n[SIDE_A], n[SIDE_B], n_pairs, g->level);
}

/* Pairs are alike one by one. Of groups each seed's mean is to be over the
 * same: else what one seed lacks would look like a difference of sides. */
static void leave_unlike(struct judging *g)
{
    char keys[CLAIM_TEXT_MAX];
    if (!g->claim->has_b)
        return;
    count_seeds(g);
    for (idx i = 0; i < g->rest.n; i++)
        g->rest.is_tied[i] = is_tied(g, g->rest.keys[i]);
    for (int s = 0; s < SIDES; s++)
        for (idx i = 0; i < g->n_seeds; i++)
            g->seeds[i].is_whole[s] = g->is_paired || has_all(g, s, i);
    for (int s = 0; s < SIDES; s++) {
        for (idx i = 0; i < g->n[s]; i++) {
            struct member *m = &g->at[s][i];
            m->is_used = m->is_used && g->seeds[m->seed].is_whole[s] &&
                         (!g->is_paired || claim_has_partner(g, s, m, true));
        }
        if (count_used(g, s) == 0)
            claim_why_not(
                g->r,
                "no seed has runs of all settings that those with %s are "
                "averaged over: name them in the claim",
                claim_side_of(g, s)->n
                    ? claim_side_keys(keys, claim_side_of(g, s))
                    : "any");
    }
}

/* ---- what is told -------------------------------------------------------- */

static void add_key(struct text *t, bool *is_begun, const char *before,
                    struct config_key k)
{
    text_add(t, "%s%s.%s", *is_begun ? ", " : before, k.section->name,
             k.key->name);
    *is_begun = true;
}

static bool is_confounded(const struct judging *g, idx key)
{
    return !g->rest.is_matched[key] && !g->rest.is_named[key];
}

/* Have runs of a side that are used several values of it? */
static bool is_varied(const struct judging *g, struct config_key k)
{
    for (int s = 0; s < SIDES; s++) {
        const struct member *first = NULL;
        for (idx i = 0; i < g->n[s]; i++) {
            const struct member *m = &g->at[s][i];
            if (!m->is_used)
                continue;
            first = first ? first : m;
            if (!is_equal(g, first, m, k))
                return true;
        }
    }
    return false;
}

/* Those that ended well say nothing of those that did not. */
static void tell_unended(const struct judging *g, struct text *t)
{
    idx n = 0;
    for (idx i = g->runs->n; i < g->runs->n + g->runs->n_unended; i++) {
        const struct config *c = g->runs->at[i].config;
        n += claim_side_fits(&g->claim->a, c) ||
             (g->claim->has_b && claim_side_fits(&g->claim->b, c));
    }
    if (n > 0)
        text_add(t, "; %td more such run%s not done", n,
                 n == 1 ? " is" : "s are");
}

/* Do seeds have more runs than others, so that means are of unlike ones? */
static void tell_unequal(const struct judging *g)
{
    idx least = g->runs->n, most = 0;
    struct text t = { g->r->beside, sizeof g->r->beside, strlen(g->r->beside) };
    for (int s = 0; s < SIDES; s++)
        for (idx seed = 0; seed < g->n_seeds; seed++) {
            idx n = 0;
            for (idx i = 0; i < g->n[s]; i++)
                n += g->at[s][i].is_used && g->at[s][i].seed == seed;
            least = n > 0 ? idx_min(n, least) : least;
            most = idx_max(n, most);
        }
    if (least < most && !claim_is_trend(g->claim))
        text_add(&t, "; means of a seed are over %td to %td runs", least, most);
}

static void tell_left(const struct judging *g, struct text *t)
{
    idx n = g->n[SIDE_A] + g->n[SIDE_B] - count_used(g, SIDE_A) -
            count_used(g, SIDE_B);
    if (n > 0)
        text_add(t, "; %td run%s left out, so that like is held against like",
                 n, n == 1 ? " is" : "s are");
}

static void tell_rest(struct judging *g)
{
    struct text t = { g->r->beside, sizeof g->r->beside, 0 };
    const char *also = claim_is_trend(g->claim) ? "; with it changes "
                                                : "; the sides differ also in ";
    bool is_begun = false;
    text_add(&t, "%s", "");
    for (idx i = 0; i < g->rest.n; i++)
        if (is_confounded(g, i))
            add_key(&t, &is_begun, also, g->rest.keys[i]);
    is_begun = false;
    for (idx i = 0; i < g->rest.n; i++)
        if (!is_confounded(g, i) && is_varied(g, g->rest.keys[i]))
            add_key(&t, &is_begun, "; averaged over ", g->rest.keys[i]);
    tell_unended(g, &t);
    tell_left(g, &t);
}

/* ---- the whole ----------------------------------------------------------- */

void claim_sides_match(struct judging *g)
{
    find_rest(g);
    leave_unmatched(g);
    if (!g->r->why[0])
        leave_unlike(g);
    if (g->r->why[0])
        return;
    tell_rest(g);
    tell_unequal(g);
}

#include "data/mixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/permute.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/corpus_kind.h"

#define EXAMPLE                                                                \
    "want WEIGHT*SOURCE or WEIGHT*SOURCE:PATH, joined by commas, "             \
    "as in 0.7*text:novels, 0.3*random"

/* One item, without blanks around it. */
static int parse_part(struct data_options *part, double *weight, char *item,
                      struct err *e)
{
    char *name;
    *weight = strtod(item, &name);
    name += strspn(name, " \t");
    if (name == item || !(*weight > 0) || !isfinite(*weight) || *name != '*')
        return err_set(e, ERR_DATA,
                       "[data] mixture: '%s' does not begin with a weight "
                       "above 0 and a *: " EXAMPLE,
                       item);
    name += 1 + strspn(name + 1, " \t");
    char *colon = strchr(name, ':');
    size_t n = colon ? (size_t)(colon - name) : strlen(name);
    int kind = corpus_find(name, n);
    if (kind < 0 || corpora[kind] == &corpus_mixture)
        return err_set(e, ERR_DATA,
                       "[data] mixture: '%.*s' is no source that can be a "
                       "part: " EXAMPLE,
                       (int)n, name);
    const char *path = colon ? text_trim(colon + 1) : "";
    if (corpora[kind]->is_stored != (*path != '\0'))
        return err_set(
            e, ERR_DATA, "[data] mixture: source '%.*s' takes %s: " EXAMPLE,
            (int)n, name, corpora[kind]->is_stored ? "a path" : "no path");
    part->source = kind;
    key_copy_text(part->path, path);
    return OK;
}

/* Shares of a block, by largest remainders; of none it is 0. */
static int divide(struct mixture *m, const double weights[PARTS_MAX],
                  struct err *e)
{
    double sum = 0, rest[PARTS_MAX];
    idx left = MIX_BLOCK;
    for (idx i = 0; i < m->n; i++)
        sum += weights[i];
    if (!isfinite(sum))
        return err_set(e, ERR_DATA,
                       "[data] mixture: the sum of the weights is no number: "
                       "want smaller ones");
    for (idx i = 0; i < m->n; i++) {
        double share = weights[i] / sum * MIX_BLOCK;
        m->shares[i] = (idx)share;
        rest[i] = share - (double)m->shares[i];
        left -= m->shares[i];
    }
    for (; left > 0; left--) {
        idx most = 0;
        for (idx i = 1; i < m->n; i++)
            most = rest[i] > rest[most] ? i : most;
        m->shares[most]++;
        rest[most] = -1;
    }
    for (idx i = 0; i < m->n; i++)
        if (m->shares[i] == 0)
            return err_set(e, ERR_DATA,
                           "[data] mixture: weight %g of %s is less than a "
                           "sample in %d: give it more, or leave it out",
                           weights[i], corpus_name(m->parts[i].source),
                           MIX_BLOCK);
    return OK;
}

int mixture_parse(struct mixture *m, const struct data_options *o,
                  struct err *e)
{
    char text[KEY_TEXT_MAX], *rest = text;
    double weights[PARTS_MAX];
    memcpy(text, o->mixture, sizeof text);
    m->n = 0;
    if (!text[0])
        return err_set(e, ERR_DATA,
                       "[data] mixture is empty: source = mixture needs "
                       "parts: " EXAMPLE);
    while (rest) {
        char *item = rest, *comma = strchr(rest, ',');
        rest = comma ? comma + 1 : NULL;
        if (comma)
            *comma = 0;
        if (m->n == PARTS_MAX)
            return err_set(e, ERR_DATA,
                           "[data] mixture: more than %d parts: want fewer",
                           PARTS_MAX);
        struct data_options *part = &m->parts[m->n];
        *part = *o;
        key_copy_text(part->hash, "");
        key_copy_text(part->val_path, "");
        if (parse_part(part, &weights[m->n], text_trim(item), e))
            return e->code;
        m->n++;
    }
    return divide(m, weights, e);
}

bool mixture_names(const struct data_options *o, const struct corpus_kind *k)
{
    for (const char *item = o->mixture; item; item = strchr(item, ',')) {
        item += *item == ',';
        item += strcspn(item, "*,");
        item += *item == '*';
        item += strspn(item, " \t");
        int kind = corpus_find(item, strcspn(item, ":, \t"));
        if (kind < 0 || corpora[kind] == k)
            return true;
    }
    return false;
}

static void fill_block(struct mixture_block *b, const struct mixture *m,
                       uint64_t seed, idx number)
{
    struct rng r = rng_open(seed, RNG_MIX, 0, (uint64_t)number);
    uint64_t high = rng_u32(&r), low = rng_u32(&r);
    idx next[PARTS_MAX];
    for (idx i = 0; i < m->n; i++)
        next[i] = number * m->shares[i];
    for (idx i = 0; i < MIX_BLOCK; i++) {
        idx place = permute(high << 32 | low, MIX_BLOCK, i), part = 0;
        while (place >= m->shares[part])
            place -= m->shares[part++];
        b->parts[i] = part;
        b->own[i] = next[part]++;
    }
    b->is_filled = true;
    b->seed = seed;
    b->number = number;
}

idx mixture_pick(struct mixture_block *b, const struct mixture *m,
                 uint64_t seed, idx index, idx *own)
{
    idx number = index / MIX_BLOCK;
    if (!b->is_filled || b->seed != seed || b->number != number)
        fill_block(b, m, seed, number);
    *own = b->own[index % MIX_BLOCK];
    return b->parts[index % MIX_BLOCK];
}

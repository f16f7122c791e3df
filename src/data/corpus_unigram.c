#include "data/corpus_unigram.h"

int corpus_unigram_open(struct corpus *c, const idx *counts, idx n,
                        struct err *e)
{
    size_t bytes = (size_t)n * sizeof *counts;
    struct arena measure = { 0 };
    arena_bytes(&measure, bytes);
    if (arena_open(&c->arena, measure.used_bytes, e))
        return e->code;
    idx *sums = c->own = arena_bytes(&c->arena, bytes), sum = 0;
    for (idx v = 0; v < n; v++)
        sums[v] = sum += counts[v];
    BUG_ON(sum < 1);
    c->kind = &corpus_unigram;
    c->n_plain = n;
    return OK;
}

/* The first token whose sum exceeds a draw: none that was counted never. */
static void draw_unigram(const struct corpus *c, int32_t *out, idx n,
                         struct rng *r)
{
    const idx *sums = c->own;
    for (idx t = 0; t < n; t++) {
        idx low = 0, high = c->n_plain - 1, u = rng_below(r, sums[high]);
        while (low < high) {
            idx middle = (low + high) / 2;
            if (sums[middle] > u)
                high = middle;
            else
                low = middle + 1;
        }
        out[t] = (int32_t)low;
    }
}

const struct corpus_kind corpus_unigram = {
    .text = { .name = "unigram" },
    .draw = draw_unigram,
};

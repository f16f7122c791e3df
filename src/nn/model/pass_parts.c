/* pass_parts.c - how the rows of a pass are shared out. */
#include "nn/model/pass.h"

static idx common_divisor(idx a, idx b)
{
    while (b) {
        idx rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* So many sequences have whole tiles. */
static idx sequences_a_part(const struct pass *p)
{
    return TILE_ROWS / common_divisor(p->x->S, TILE_ROWS);
}

idx pass_parts(const struct pass *p)
{
    idx n = idx_ceil_div(p->B, sequences_a_part(p)), threads = p->x->threads;
    idx taken = idx_ceil_div(n, threads) * threads;
    bool stops = p->observer || p->edits.n;
    /* An eighth of the threads' time is more than the cache gives */
    return !stops && n * 8 >= taken * 7 ? n : 0;
}

struct pass_part pass_part(const struct pass *p, idx i)
{
    idx n = sequences_a_part(p), tiles = n * p->x->S / TILE_ROWS;
    return (struct pass_part){
        .tile = i * tiles,
        .n_tiles = idx_min(tiles, pass_tiles(p) - i * tiles),
        .sequence = i * n,
        .n_sequences = idx_min(n, p->B - i * n),
        .is_own = true,
    };
}

struct pass_part pass_whole(const struct pass *p)
{
    return (struct pass_part){ .n_tiles = pass_tiles(p), .n_sequences = p->B };
}

void pass_each_tile(const struct pass *p, const struct pass_part *part,
                    idx layer,
                    void (*step)(const struct pass *p, idx layer, idx tile))
{
    if (part->is_own) {
        for (idx i = 0; i < part->n_tiles; i++)
            step(p, layer, part->tile + i);
        return;
    }
#pragma omp for schedule(static) nowait
    for (idx i = 0; i < part->n_tiles; i++)
        step(p, layer, i);
}

void pass_wait(const struct pass_part *part)
{
    if (!part->is_own) {
#pragma omp barrier
    }
}

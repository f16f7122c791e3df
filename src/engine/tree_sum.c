#include "engine/tree_sum.h"

#include <string.h>

#include "base/text.h"

enum {
    ROOM = 1 << 23,    /* numbers of others' nodes that are here at a time */
    STRETCH = 1 << 13, /* that a thread adds up at a time */
    ALIGN_REALS = 64 / sizeof(real)
};

idx tree_leaves(idx all, int n)
{
    idx each = all / n;
    bool is_power = (each & (each - 1)) == 0;
    return all % n == 0 && (n == 1 || is_power) ? each : 0;
}

void tree_counts(char *text, size_t cap, idx all)
{
    struct text t = { text, cap, 0 };
    idx n[TREE_NODES_MAX + 2], k = 0;
    for (n[k++] = all; n[k - 1] % 2 == 0; k++)
        n[k] = n[k - 1] / 2;
    if (n[k - 1] != 1)
        n[k++] = 1;
    text_add(&t, "%td", n[k - 1]);
    for (idx i = k - 2; i >= 0; i--)
        text_add(&t, "%s%td", i ? ", " : " or ", n[i]);
}

void tree_plan(struct tree_sum *t, struct arena *arena, real *sum, idx total,
               idx leaves, struct ranks *ranks, int threads)
{
    int n = ranks_n(ranks);
    *t = (struct tree_sum){ .nodes = { sum },
                            .n_nodes = 1,
                            .total = total,
                            .leaves = idx_max(1, leaves),
                            .ranks = ranks,
                            .threads = threads };
    for (idx left = t->leaves; left > 1; left /= 2)
        t->nodes[t->n_nodes++] = arena_reals(arena, total);
    BUG_ON(t->n_nodes > TREE_NODES_MAX);
    if (n == 1)
        return;
    idx blocks = idx_ceil_div(total, ALIGN_REALS);
    t->cuts = arena_bytes(arena, (size_t)(n + 1) * sizeof *t->cuts);
    for (int i = 0; t->cuts && i <= n; i++)
        t->cuts[i] = idx_min(total, blocks * i / n * ALIGN_REALS);
    t->piece = idx_max(1, idx_min(ROOM / n, total));
    t->pieces = arena_reals(arena, (idx)n * t->piece);
    t->messages = arena_bytes(arena, (size_t)n * 2 * sizeof *t->messages);
}

/* ---- in a process -------------------------------------------------------- */

/* Nodes that stand unpaired when so many leaves are done. */
static idx standing(idx leaves)
{
    idx n = 0;
    for (; leaves; leaves &= leaves - 1)
        n++;
    return n;
}

real *tree_leaf(const struct tree_sum *t)
{
    return t->nodes[standing(t->done)];
}

/* The last two nodes become one, and the place of the second is zero. */
static void pair(const struct tree_sum *t, idx left)
{
    real *restrict a = t->nodes[left], *restrict b = t->nodes[left + 1];
    idx n = t->total;
#pragma omp parallel for schedule(static) num_threads(t->threads)
    for (idx from = 0; from < n; from += STRETCH) {
        idx end = idx_min(from + STRETCH, n);
#pragma omp simd
        for (idx i = from; i < end; i++) {
            a[i] += b[i];
            b[i] = 0;
        }
    }
}

void tree_add(struct tree_sum *t)
{
    idx at = standing(t->done), left;
    t->done++;
    left = t->done == t->leaves ? 0 : standing(t->done) - 1;
    while (at > left)
        pair(t, --at);
    if (t->done == t->leaves)
        t->done = 0;
}

/* ---- of all processes ---------------------------------------------------- */

/* Numbers of part i from its `from`-th on, a piece at most. */
static idx piece_n(const struct tree_sum *t, int i, idx from)
{
    idx n = t->cuts[i + 1] - t->cuts[i] - from;
    return idx_max(0, idx_min(t->piece, n));
}

/* What is at a and of n numbers, if there are any, to or from a peer. */
static void put(const struct tree_sum *t, idx *count, int peer, bool is_sent,
                real *a, idx n)
{
    if (n > 0)
        t->messages[(*count)++] =
            (struct ranks_message){ peer, is_sent, a, (size_t)n * sizeof *a };
}

/* The other processes, each process beginning with another one. */
static int peer_of(const struct tree_sum *t, int i)
{
    return (ranks_own(t->ranks) + i) % ranks_n(t->ranks);
}

/* The tree over processes, of n numbers of each; the sum goes to `to`. */
static void add_pieces(const struct tree_sum *t, real *to, idx n)
{
    int count = ranks_n(t->ranks);
#pragma omp parallel for schedule(static) num_threads(t->threads)
    for (idx from = 0; from < n; from += STRETCH) {
        idx end = idx_min(from + STRETCH, n);
        for (int gap = 1; gap < count; gap *= 2)
            for (int i = 0; i + gap < count; i += 2 * gap) {
                real *restrict a = t->pieces + (idx)i * t->piece;
                const real *restrict b = t->pieces + (idx)(i + gap) * t->piece;
#pragma omp simd
                for (idx j = from; j < end; j++)
                    a[j] += b[j];
            }
        memcpy(to + from, t->pieces + from, (size_t)(end - from) * sizeof *to);
    }
}

/* The own part, from its `from`-th number on: all nodes' come here. */
static int add_piece(struct tree_sum *t, idx from, struct err *e)
{
    int own = ranks_own(t->ranks);
    real *sum = t->nodes[0], *here = sum + t->cuts[own] + from;
    idx n = piece_n(t, own, from), count = 0;
    for (int i = 1; i < ranks_n(t->ranks); i++) {
        int peer = peer_of(t, i);
        put(t, &count, peer, false, t->pieces + (idx)peer * t->piece, n);
        put(t, &count, peer, true, sum + t->cuts[peer] + from,
            piece_n(t, peer, from));
    }
    if (ranks_move(t->ranks, t->messages, count, e))
        return e->code;
    if (n == 0)
        return OK;
    memcpy(t->pieces + (idx)own * t->piece, here, (size_t)n * sizeof *here);
    add_pieces(t, here, n);
    return OK;
}

int tree_add_up(struct tree_sum *t, struct err *e)
{
    idx longest = 0;
    if (ranks_n(t->ranks) == 1)
        return OK;
    for (int i = 0; i < ranks_n(t->ranks); i++)
        longest = idx_max(longest, t->cuts[i + 1] - t->cuts[i]);
    for (idx from = 0; from < longest; from += t->piece)
        if (add_piece(t, from, e))
            return e->code;
    return OK;
}

int tree_spread(struct tree_sum *t, real *numbers, struct err *e)
{
    return ranks_spread(t->ranks, numbers, t->cuts, sizeof *numbers, e);
}

/* tree_sum.h - the gradient of an update: the sum over its micro-batches by one
 * binary tree, whoever computes them.
 *
 * Leaf i is micro-batch i. Two nodes side by side are added, then two of these,
 * and so on; one that has no neighbour goes up as it is:
 *
 *     ((0 1) (2 3)) ((4 5) 6)
 *
 * Each of n processes has as many leaves, a power of two if n > 1, so what it
 * adds up is a node of this tree, and the rest is the same tree over n nodes.
 * Hence the bits of the sum depend neither on processes nor on threads. Each
 * process holds one node of each height that it has not paired yet: as many as
 * its number of leaves has binary digits.
 */
#ifndef SINKLAB_TREE_SUM_H
#define SINKLAB_TREE_SUM_H

#include "base/arena.h"
#include "io/ranks.h"

enum { TREE_NODES_MAX = 32 };

struct tree_sum {
    real *nodes[TREE_NODES_MAX]; /* (total) each; the first is the sum. Those
                                    not in use are zero */
    idx n_nodes;
    idx total;
    idx leaves;          /* of this process */
    idx done;            /* of them */
    struct ranks *ranks; /* borrowed; NULL: one process */
    idx *cuts;           /* (n + 1) where the part that each adds up begins */
    idx piece;    /* numbers of a part that are exchanged at a time: many, as
                  between two times nothing is on its way */
    real *pieces; /* (n, piece) of each process's node; n > 1 */
    struct ranks_message *messages; /* (2 n) */
    int threads;
};

/* tree_leaves - leaves of each of n processes, of all; 0: they cannot be cut
 * so. tree_counts - the numbers of processes that they can be cut for, as text:
 * "1, 2 or 4". */
idx tree_leaves(idx all, int n);
void tree_counts(char *text, size_t cap, idx all);

/* tree_plan - place what is needed beside the sum itself (total), which is zero
 * and the caller's (measure first). */
void tree_plan(struct tree_sum *t, struct arena *arena, real *sum, idx total,
               idx leaves, struct ranks *ranks, int threads);

/* tree_leaf - where the next leaf is to be added to; tree_add - it is there.
 * With the last of this process's leaves its node is in sum. */
real *tree_leaf(const struct tree_sum *t);
void tree_add(struct tree_sum *t);

/* tree_add_up - sum: that of all processes' nodes, in each process for its own
 * part. tree_spread - of numbers (total), each process's own part to all. OK or
 * ERR_IO. */
int tree_add_up(struct tree_sum *t, struct err *e);
int tree_spread(struct tree_sum *t, real *numbers, struct err *e);

#endif

#include "base/permute.h"

#include "base/rng.h"

/* Four rounds are enough for a random-looking order (Luby and Rackoff, 1988);
 * halves of one or two bits have so few functions that more are cheap. */
enum { ROUNDS = 6, HALF_MAX = 31 };

idx permute(uint64_t seed, idx n, idx i)
{
    BUG_ON(i < 0 || i >= n);
    int half = 1;
    while (half < HALF_MAX && (uint64_t)1 << 2 * half < (uint64_t)n)
        half++;
    BUG_ON((uint64_t)1 << 2 * half < (uint64_t)n);
    uint64_t mask = ((uint64_t)1 << half) - 1, x = (uint64_t)i;
    do { /* i lies on a cycle, which leads back into the range */
        uint64_t left = x >> half, right = x & mask;
        for (int round = 0; round < ROUNDS; round++) {
            struct rng r = rng_open(seed, RNG_ORDER, (uint64_t)round, right);
            uint64_t mixed = left ^ (rng_u32(&r) & mask);
            left = right;
            right = mixed;
        }
        x = left << half | right;
    } while (x >= (uint64_t)n);
    return (idx)x;
}

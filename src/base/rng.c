#include "base/rng.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"

void philox_block(uint32_t out[4], const uint32_t counter[4],
                  const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

struct rng rng_open(uint64_t seed, enum rng_purpose purpose, uint64_t a,
                    uint64_t b)
{
    BUG_ON(a >> 16 || b >> 48);
    struct rng r = {
        .key = { (uint32_t)seed, (uint32_t)(seed >> 32) },
        .counter = { 0, (uint32_t)b, (uint32_t)(b >> 32) | (uint32_t)a << 16,
                     (uint32_t)purpose },
    };
    return r;
}

struct rng rng_open_named(uint64_t seed, enum rng_purpose purpose,
                          const char *name)
{
    uint64_t hash = hash_bytes(name, strlen(name));
    return rng_open(seed, purpose, hash >> 48, hash & 0xffffffffffff);
}

uint32_t rng_u32(struct rng *r)
{
    if (r->left == 0) {
        philox_block(r->block, r->counter, r->key);
        r->counter[0]++;
        r->left = 4;
    }
    return r->block[4 - r->left--];
}

double rng_uniform(struct rng *r)
{
    uint64_t high = rng_u32(r) >> 5, low = rng_u32(r) >> 6;
    return (double)(high << 26 | low) * 0x1p-53;
}

double rng_normal(struct rng *r)
{
    /* 1 - u is in (0, 1], so the logarithm is finite */
    double radius = sqrt(-2 * log(1 - rng_uniform(r)));
    return radius * cos(6.283185307179586476925 * rng_uniform(r));
}

idx rng_below(struct rng *r, idx n)
{
    BUG_ON(n < 1);
    if (n > UINT32_MAX) { /* the same with 64 bits, the upper ones first */
        uint64_t wide = (uint64_t)n, ragged = (0u - wide) % wide, x;
        do {
            uint64_t high = rng_u32(r), low = rng_u32(r);
            x = high << 32 | low;
        } while (x < ragged);
        return (idx)(x % wide);
    }
    /* Reject the ragged end of the 32-bit range: all are equally likely. It is
     * shorter than n, so mostly one look is enough. */
    uint32_t bound = (uint32_t)n, u;
    do
        u = rng_u32(r);
    while (u < bound && u < (0u - bound) % bound);
    return (idx)(u % bound);
}

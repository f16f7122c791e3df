/* rng.h - counter-based random numbers: a pure function of (key, counter).
 *
 * Philox 4x32 with 10 rounds (Salmon et al., "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011). No state is kept between calls, so nothing needs to
 * be saved or can get lost: the n-th number of a stream is always the same.
 *
 * A stream is (seed, purpose, a, b); its numbers are drawn through struct rng,
 * a cursor on the caller's stack.
 */
#ifndef SINKLAB_RNG_H
#define SINKLAB_RNG_H

#include "base/base.h"

/* What a stream is for; keeps the streams of one seed apart. */
enum rng_purpose {
    RNG_INIT = 1, /* an initial tensor; (a, b) = hash of its name */
    RNG_DATA,     /* a = split and part of a mixture, b = sample number */
    RNG_TASK,     /* constants of a synthetic task; b = row */
    RNG_TEST,
    RNG_SWEEP, /* values of a sweep; b = draw */
    RNG_ORDER, /* rounds of permute(); a = round, b = half */
    RNG_EPOCH, /* which samples; a = 0: order of an epoch, b; 1: sample b */
    RNG_EDIT,  /* what edits draw; a = edit and split, b = sample */
    RNG_MIX,   /* order of the parts of a mixture; b = block */
    RNG_SAY,   /* what follows a text; b = how many tokens already did */
};

/* Seeds that people give travel as doubles in bounds and messages: exact so
 * far. */
#define RNG_SEED_MAX WHOLE_MAX

struct rng {
    uint32_t key[2];
    uint32_t counter[4]; /* [0] advances; [1..3] name the stream */
    uint32_t block[4];   /* the current 128 bits */
    int left;            /* unused words in block */
};

/* rng_open - cursor at the start of stream (seed, purpose, a, b).
 * a < 2^16, b < 2^48; 2^32 blocks per stream. */
struct rng rng_open(uint64_t seed, enum rng_purpose purpose, uint64_t a,
                    uint64_t b);

/* rng_open_named - cursor at the start of the stream of a name: (seed, purpose)
 * and the XXH3-64 of the name, whose upper 16 bits are a, the others b. */
struct rng rng_open_named(uint64_t seed, enum rng_purpose purpose,
                          const char *name);

uint32_t rng_u32(struct rng *r);
double rng_uniform(struct rng *r);   /* [0, 1), 53 bits */
double rng_normal(struct rng *r);    /* N(0, 1), Box-Muller */
idx rng_below(struct rng *r, idx n); /* 0 .. n-1, without bias, n >= 1 */

/* philox_block - the bare generator, for the published test vectors. */
void philox_block(uint32_t out[4], const uint32_t counter[4],
                  const uint32_t key[2]);

#endif

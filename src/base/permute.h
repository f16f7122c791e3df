/* permute.h - an order of 0 .. n-1 for each seed, without a list.
 *
 * A pure function: nothing is kept, any place can be asked for alone. A Feistel
 * network on the least even number of bits that holds n, walked on from where
 * it leaves the range (Black and Rogaway, "Ciphers with arbitrary finite
 * domains", CT-RSA 2002). Cannot fail, any thread.
 */
#ifndef SINKLAB_PERMUTE_H
#define SINKLAB_PERMUTE_H

#include "base/base.h"

/* permute - which of 0 .. n-1 stands at place i of the order of this seed; for
 * fixed seed and n a bijection. 0 <= i < n < 2^62. */
idx permute(uint64_t seed, idx n, idx i);

#endif

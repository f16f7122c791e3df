#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>

#include <xxhash.h>

uint64_t hash_bytes(const void *p, size_t n)
{
    return XXH3_64bits(n ? p : "", n);
}

void hash_hex(char hex[HASH_HEX_MAX], uint64_t hash)
{
    snprintf(hex, HASH_HEX_MAX, "%016" PRIx64, hash);
}

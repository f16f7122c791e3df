#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <xxhash.h>

uint64_t hash_bytes(const void *p, size_t n)
{
    return XXH3_64bits(n ? p : "", n);
}

/* struct hash_run is the library's own state, under a name of ours. */
struct hash_run *hash_begin(void)
{
    XXH3_state_t *state = XXH3_createState();
    if (state)
        XXH3_64bits_reset(state);
    return (struct hash_run *)state;
}

void hash_more(struct hash_run *run, const void *p, size_t n)
{
    XXH3_64bits_update((XXH3_state_t *)run, n ? p : "", n);
}

uint64_t hash_end(struct hash_run *run)
{
    uint64_t hash = XXH3_64bits_digest((XXH3_state_t *)run);
    XXH3_freeState((XXH3_state_t *)run);
    return hash;
}

void hash_hex(char hex[HASH_HEX_MAX], uint64_t hash)
{
    snprintf(hex, HASH_HEX_MAX, "%016" PRIx64, hash);
}

bool hash_is_hex(const char *text)
{
    return strspn(text, "0123456789abcdef") == HASH_HEX_MAX - 1 &&
           !text[HASH_HEX_MAX - 1];
}

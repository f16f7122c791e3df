/* hash.h - one fast 64-bit hash of bytes, for identity and damage detection.
 *
 * XXH3-64 with seed 0, so any other XXH3 tool finds the same value. It detects
 * accidents, not forgery. The only home of xxhash.h. Cannot fail, any thread.
 */
#ifndef SINKLAB_HASH_H
#define SINKLAB_HASH_H

#include "base/base.h"

/* hash_bytes - of n bytes at p; p may be NULL when n is 0. */
uint64_t hash_bytes(const void *p, size_t n);

/* The same of bytes that come piece by piece: hash_begin (NULL: no memory),
 * hash_more as often as need be, hash_end, which frees it and gives the hash of
 * all pieces as one. */
struct hash_run;
struct hash_run *hash_begin(void);
void hash_more(struct hash_run *run, const void *p, size_t n);
uint64_t hash_end(struct hash_run *run);

/* hash_hex - 16 lower-case hex digits, most significant first, and NUL. */
enum { HASH_HEX_MAX = 17 };
void hash_hex(char hex[HASH_HEX_MAX], uint64_t hash);

/* hash_is_hex - is it such a text, and nothing else? */
bool hash_is_hex(const char *text);

#endif

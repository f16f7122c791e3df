/* onednn.h - matrix products of fixed shapes by oneDNN, made ready once;
 * onednn.c is the only file that includes dnnl.h.
 *
 * The library is optional twice: a program built without its header, or with
 * that of another major version, has none of this (onednn_load says so), and
 * one built with it loads the library when it is first asked for.
 *
 * A product runs on the calling thread alone, and is made as for one thread,
 * so its bits depend on the shape and the processor, not on how many threads
 * there are. The library takes some small pieces of memory for each call of a
 * product and gives them back (tests/test_allocations.c); all else is made
 * beforehand.
 */
#ifndef SINKLAB_ONEDNN_H
#define SINKLAB_ONEDNN_H

#include "base/base.h"
#include "base/err.h"

/* Scratch of a thread, the caller's. The library asks for 0.3 to 1.1 MiB. */
enum { ONEDNN_SCRATCH_BYTES = 4 << 20 };

/* onednn_load - have the library, and check every kind of product that is asked
 * of it on a small one against a plain loop. OK; ERR_MEMORY, without a remedy;
 * ERR_TOOL, from then on: none, or it fails or computes wrong products. For one
 * thread, before all below. */
int onednn_load(struct err *e);

/* onednn_fault - what is wrong with the one that is there, as onednn_load said;
 * NULL: nothing, or there is none, or nobody asked for it. */
const char *onednn_fault(void);

/* "oneDNN 2.6.3, avx512_core_bf16": version, and what its kernels are for. */
const char *onednn_name(void);

/* How wide its kernels' vectors are here; do they multiply bfloat16, and in
 * tiles (AMX)? */
enum onednn_vectors {
    ONEDNN_NARROW,
    ONEDNN_AVX512,
    ONEDNN_BFLOAT16,
    ONEDNN_TILES
};
enum onednn_vectors onednn_vectors(void);

/* Address space that its products' code takes, and loading it, where it is
 * not. */
size_t onednn_bytes(void);

/* c (M,N) = a (M,K) b (K,N), or += that. c is float32. */
struct onednn_shape {
    idx M, N, K;
    idx lda, ldb, ldc;    /* ldb: where it is not packed */
    bool a_is_transposed; /* it lies as (K,M) */
    bool is_bfloat16;     /* a and b */
    bool adds;
};

struct onednn_set;     /* of products, for some threads */
struct onednn_product; /* one of a set */
struct onednn_packed;  /* a right operand, one of a set */

/* onednn_open - an empty set; scratch (threads, ONEDNN_SCRATCH_BYTES) is
 * borrowed. NULL: out of memory. */
struct onednn_set *onednn_open(int threads, void *scratch);
void onednn_close(struct onednn_set *s); /* and all of it; NULL is nothing */

/* Bytes that any packed (K,N) takes at most. */
size_t onednn_packed_bytes(idx N, idx K, bool is_bfloat16);

/* onednn_packed - room, borrowed, becomes a right operand: b (K,N), which lies
 * as float32 (N,K) if transposed, packed as is best for this shape.
 * OK; ERR_MEMORY; ERR_TOOL. */
int onednn_packed(struct onednn_packed **packed, struct onednn_set *s,
                  void *room, const struct onednn_shape *shape,
                  bool is_transposed, struct err *e);

/* Fill it from b. One thread a packed operand. Ends the process as onednn_run
 * does. */
void onednn_pack(const struct onednn_packed *packed, const real *b);

/* onednn_product - the product of this shape, made if it is not there yet, with
 * such a right operand; NULL: with one that lies as (K,N).
 * OK; ERR_MEMORY; ERR_TOOL: the library has none. */
int onednn_product(const struct onednn_product **p, struct onednn_set *s,
                   const struct onednn_shape *shape,
                   const struct onednn_packed *packed, struct err *e);

/* onednn_run - thread: the caller's number, from 0. b: plain, or NULL where
 * `packed` is the right operand. Aliasing: none. Where the library fails it
 * ends the process, with a sentence and the status ERR_TOOL or ERR_MEMORY. */
void onednn_run(const struct onednn_product *p, int thread, real *c,
                const void *a, const void *b,
                const struct onednn_packed *packed);

#endif

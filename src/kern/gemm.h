/* gemm.h - matrix products; gemm.c is the only file that includes cblas.h.
 *
 * All matrices are row-major with a leading dimension (reals from one row to
 * the next). Every call runs on the calling thread alone: threads are ours, and
 * tile sizes never depend on their number, so results never do either.
 * beta = 0 means c is only written (may hold anything before).
 */
#ifndef SINKLAB_GEMM_H
#define SINKLAB_GEMM_H

#include "base/base.h"
#include "base/err.h"

/* Rows of activations that one task works on. A constant: results depend on it
 * bit by bit, and 256 rows cost about 5 % against one large product. */
enum { TILE_ROWS = 256 };

/* gemm_nt - c (M,N) = alpha a (M,K) b (N,K)^T + beta c
 * gemm_nn - c (M,N) = alpha a (M,K) b (K,N) + beta c
 * gemm_tn - c (M,N) = alpha a (K,M)^T b (K,N) + beta c */
typedef void gemm_form(real *c, idx ldc, const real *a, idx lda, const real *b,
                       idx ldb, idx M, idx N, idx K, real alpha, real beta);
gemm_form gemm_nt, gemm_nn, gemm_tn;

/* The three of one maker: the library's above, or our own (gemm_own.h). */
struct gemm {
    gemm_form *nt, *nn, *tn;
};
extern const struct gemm gemm_openblas;

/* gemm_start - call before all else below: loads the library, single-threaded,
 * and checks it on a small ragged product against a plain loop. `threads` of
 * ours will call it at once; their buffers are taken here, as the library
 * cannot report later that it gets none. Messages name the `setting` by which
 * the user says how many.
 * OK; ERR_MEMORY; ERR_TOOL: no such library, or one that computes wrong
 * products, or whose callers share work buffers without a lock (OpenBLAS built
 * for one thread). */
int gemm_start(int threads, const char *setting, struct err *e);

/* Address space that the buffers of so many callers take, from above; little
 * of it is ever filled. */
size_t gemm_bytes(int threads);

/* What library this is: "OpenBLAS 0.3.21 ... ", the processor core its kernels
 * were chosen for, its threading ("serial", "pthreads", "openmp"). */
const char *gemm_library(void);
const char *gemm_core(void);
const char *gemm_threading(void);

/* gemm_pinned_core - the value of OPENBLAS_CORETYPE if the environment pins the
 * kernels below what this processor offers, else NULL. */
const char *gemm_pinned_core(void);

#endif

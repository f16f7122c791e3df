#include "kern/gemm.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#ifdef SINKLAB_DOUBLE
#define cblas_gemm cblas_dgemm
#else
#define cblas_gemm cblas_sgemm
#endif

void gemm_nt(real *c, idx ldc, const real *a, idx lda, const real *b, idx ldb,
             idx M, idx N, idx K, real alpha, real beta)
{
    cblas_gemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)M, (blasint)N,
               (blasint)K, alpha, a, (blasint)lda, b, (blasint)ldb, beta, c,
               (blasint)ldc);
}

void gemm_nn(real *c, idx ldc, const real *a, idx lda, const real *b, idx ldb,
             idx M, idx N, idx K, real alpha, real beta)
{
    cblas_gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)M,
               (blasint)N, (blasint)K, alpha, a, (blasint)lda, b, (blasint)ldb,
               beta, c, (blasint)ldc);
}

void gemm_tn(real *c, idx ldc, const real *a, idx lda, const real *b, idx ldb,
             idx M, idx N, idx K, real alpha, real beta)
{
    cblas_gemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)M, (blasint)N,
               (blasint)K, alpha, a, (blasint)lda, b, (blasint)ldb, beta, c,
               (blasint)ldc);
}

/* The largest difference between the library's products and a plain loop, all
 * three forms, on a ragged shape. */
static double self_test_error(void)
{
    enum { M = 19, N = 23, K = 37 };
    real a[M * K], at[K * M], b[K * N], bt[N * K], c[3][M * N];
    for (idx i = 0; i < M * K; i++)
        at[i % K * M + i / K] = a[i] = (real)((i * 7919) % 97) / 97 - (real)0.5;
    for (idx i = 0; i < K * N; i++)
        bt[i % N * K + i / N] = b[i] = (real)((i * 104729) % 89) / 89;
    gemm_nt(c[0], N, a, K, bt, K, M, N, K, 1, 0);
    gemm_nn(c[1], N, a, K, b, N, M, N, K, 1, 0);
    gemm_tn(c[2], N, at, M, b, N, M, N, K, 1, 0);
    double worst = 0;
    for (idx i = 0; i < M * N; i++) {
        double want = 0;
        for (idx k = 0; k < K; k++)
            want += (double)a[i / N * K + k] * b[k * N + i % N];
        for (int form = 0; form < 3; form++) {
            double off = fabs(c[form][i] - want);
            if (isnan(off))
                return off;
            worst = fmax(worst, off);
        }
    }
    return worst;
}

/* An OpenBLAS built without threads has no locks either, unless asked for. */
static bool is_thread_safe(void)
{
    const char *config = gemm_library();
    return !strstr(config, "SINGLE_THREADED") || strstr(config, "USE_LOCKING");
}

int gemm_start(int threads, struct err *e)
{
    if (threads > 1 && !is_thread_safe())
        return err_set(e, ERR_TOOL,
                       "%s is not safe with several threads: install the "
                       "threaded OpenBLAS (tools/deps.sh), or set "
                       "train.threads=1",
                       gemm_library());
    openblas_set_num_threads(1);
    double off = self_test_error();
    if (!(off < 1e-4))
        return err_set(e, ERR_TOOL,
                       "%s computes wrong matrix products on this processor "
                       "(core %s, error %g): install another OpenBLAS, or set "
                       "OPENBLAS_CORETYPE to another core",
                       gemm_library(), gemm_core(), off);
    return OK;
}

const char *gemm_library(void)
{
    return openblas_get_config();
}

const char *gemm_core(void)
{
    return openblas_get_corename();
}

const char *gemm_threading(void)
{
    static const char *const names[] = { "serial", "pthreads", "openmp" };
    int kind = openblas_get_parallel();
    return kind >= 0 && kind <= 2 ? names[kind] : "unknown";
}

#if defined(__x86_64__)
/* How wide a core's vectors are: 2 for AVX-512, 1 for AVX2, 0 for less. */
static int core_class(const char *core)
{
    static const struct {
        const char *name;
        int class;
    } known[] = {
        { "SkylakeX", 2 }, { "Cooperlake", 2 }, { "SapphireRapids", 2 },
        { "Haswell", 1 },  { "Zen", 1 },        { "Excavator", 1 },
    };
    for (idx i = 0; i < COUNT_OF(known); i++)
        if (strcasecmp(core, known[i].name) == 0)
            return known[i].class;
    return 0;
}

static int processor_class(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f"))
        return 2;
    return __builtin_cpu_supports("avx2") ? 1 : 0;
}
#endif

const char *gemm_pinned_core(void)
{
    const char *pin = getenv("OPENBLAS_CORETYPE");
#if defined(__x86_64__)
    if (pin && *pin && core_class(gemm_core()) < processor_class())
        return pin;
#endif
    (void)pin;
    return NULL;
}

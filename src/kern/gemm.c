#include "kern/gemm.h"

#include <cblas.h>
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "kern/library.h"

#ifdef SINKLAB_DOUBLE
#define CBLAS_GEMM cblas_dgemm
#else
#define CBLAS_GEMM cblas_sgemm
#endif

/* The library is loaded by gemm_start instead of with the program. As it is
 * loaded, it starts a thread for each core, and every thread takes a buffer,
 * trying again for ever where it gets none; so a program under a limit of
 * memory hangs before main, and a command that multiplies nothing hangs, too.
 * Static, and written once: its users are kernels, which have no context. */
static struct {
    void *handle;
    __typeof__(CBLAS_GEMM) *gemm;
    __typeof__(openblas_set_num_threads) *set_num_threads;
    __typeof__(openblas_get_config) *get_config;
    __typeof__(openblas_get_corename) *get_corename;
    __typeof__(openblas_get_parallel) *get_parallel;
    void *(*memory_alloc)(int position); /* NULL where it is not exported */
    void (*memory_free)(void *buffer);
    int n_buffers; /* that it has taken for so many callers at once */
} blas;

static const struct {
    const char *name;
    void *place; /* of the pointer in blas */
    bool is_needed;
} symbols[] = {
#define TEXT_OF(name) #name
#define SYMBOL(name) TEXT_OF(name)
    { SYMBOL(CBLAS_GEMM), &blas.gemm, true },
    { "openblas_set_num_threads", &blas.set_num_threads, true },
    { "openblas_get_config", &blas.get_config, true },
    { "openblas_get_corename", &blas.get_corename, true },
    { "openblas_get_parallel", &blas.get_parallel, true },
    { "blas_memory_alloc", &blas.memory_alloc, false },
    { "blas_memory_free", &blas.memory_free, false },
};

/* BLAS_DIR is that of Debian's flavour with threads, wherever the system's
 * alternatives point. Fedora's flavour with threads is the one with a p. */
static const char *const files[] = {
#ifdef BLAS_DIR
    BLAS_DIR "/libopenblasp.so.0",
    BLAS_DIR "/libopenblas.so.0",
#endif
    "libopenblasp.so.0",
    "libopenblas.so.0",
};

void gemm_nt(real *c, idx ldc, const real *a, idx lda, const real *b, idx ldb,
             idx M, idx N, idx K, real alpha, real beta)
{
    blas.gemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)M, (blasint)N,
              (blasint)K, alpha, a, (blasint)lda, b, (blasint)ldb, beta, c,
              (blasint)ldc);
}

void gemm_nn(real *c, idx ldc, const real *a, idx lda, const real *b, idx ldb,
             idx M, idx N, idx K, real alpha, real beta)
{
    blas.gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)M, (blasint)N,
              (blasint)K, alpha, a, (blasint)lda, b, (blasint)ldb, beta, c,
              (blasint)ldc);
}

void gemm_tn(real *c, idx ldc, const real *a, idx lda, const real *b, idx ldb,
             idx M, idx N, idx K, real alpha, real beta)
{
    blas.gemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)M, (blasint)N,
              (blasint)K, alpha, a, (blasint)lda, b, (blasint)ldb, beta, c,
              (blasint)ldc);
}

const struct gemm gemm_openblas = { gemm_nt, gemm_nn, gemm_tn };

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

/* What each thread's buffer takes, as the library asks for it on x86-64; less
 * elsewhere. */
static const size_t BUFFER_BYTES = (size_t)128 << 20;

/* The library itself, as it is loaded with what it needs. */
static const size_t LIBRARY_BYTES = (size_t)48 << 20;

size_t gemm_bytes(int threads)
{
    int missing = threads > blas.n_buffers ? threads - blas.n_buffers : 0;
    return (size_t)missing * BUFFER_BYTES + (blas.handle ? 0 : LIBRARY_BYTES);
}

static int no_room(int threads, const char *setting, struct err *e)
{
    return err_set(e, ERR_MEMORY,
                   "cannot get the %zu MiB of address space that OpenBLAS "
                   "takes for %d thread%s: set fewer %s, or raise "
                   "the limit (ulimit -v, ulimit -d)",
                   gemm_bytes(threads) >> 20, threads, threads == 1 ? "" : "s",
                   setting);
}

/* Could the library have its buffers now? It asks for them one by one. */
static bool has_room(int n_buffers)
{
    int n = 0;
    if (n_buffers <= 0)
        return true;
    void **buffers = calloc((size_t)n_buffers, sizeof *buffers);
    bool ok = buffers != NULL;
    for (; ok && n < n_buffers; n += ok) {
        buffers[n] = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ok = buffers[n] != MAP_FAILED;
    }
    while (n > 0)
        munmap(buffers[--n], BUFFER_BYTES);
    free(buffers);
    return ok;
}

/* Let the library take the buffers that so many callers at once will need; it
 * keeps them. It must have both functions: what is never given back is not
 * there for those callers. */
static int take_buffers(int threads, const char *setting, struct err *e)
{
    if (threads <= blas.n_buffers)
        return OK;
    void **buffers = calloc((size_t)threads, sizeof *buffers);
    if (!buffers)
        return no_room(threads, setting, e);
    bool has_both = blas.memory_alloc && blas.memory_free;
    for (int i = 0; has_both && i < threads; i++)
        buffers[i] = blas.memory_alloc(0);
    for (int i = 0; has_both && i < threads; i++)
        blas.memory_free(buffers[i]);
    free(buffers);
    blas.n_buffers = threads;
    return OK;
}

static int load(struct err *e)
{
    struct library_failure why;
    if (blas.handle)
        return OK;
    setenv("OPENBLAS_NUM_THREADS", "1", 1); /* read as it is loaded */
    blas.handle = library_open(files, COUNT_OF(files), &why);
    if (!blas.handle && why.fault == LIBRARY_NO_MEMORY)
        return err_set(e, ERR_MEMORY,
                       "not enough memory to load OpenBLAS (%s): raise "
                       "the limit (ulimit -v)",
                       why.text);
    if (!blas.handle && why.fault == LIBRARY_DAMAGED)
        return err_set(e, ERR_TOOL,
                       "cannot load OpenBLAS (%s): install it anew", why.text);
    if (!blas.handle)
        return err_set(e, ERR_TOOL,
                       "cannot load OpenBLAS (%s): install it with "
                       "tools/deps.sh",
                       why.text);
    for (idx i = 0; i < COUNT_OF(symbols); i++) {
        void *address = dlsym(blas.handle, symbols[i].name);
        memcpy(symbols[i].place, &address, sizeof address);
        if (!address && symbols[i].is_needed) {
            dlclose(blas.handle);
            blas.handle = NULL;
            return err_set(e, ERR_TOOL,
                           "the OpenBLAS that was found has no %s: install "
                           "another with tools/deps.sh",
                           symbols[i].name);
        }
    }
    return OK;
}

int gemm_start(int threads, const char *setting, struct err *e)
{
    if (!has_room(threads - blas.n_buffers))
        return no_room(threads, setting, e);
    int rc = load(e);
    if (rc)
        return rc;
    if (threads > 1 && !is_thread_safe())
        return err_set(e, ERR_TOOL,
                       "%s is not safe with several threads: install the "
                       "threaded OpenBLAS (tools/deps.sh), or set %s=1",
                       gemm_library(), setting);
    blas.set_num_threads(1);
    rc = take_buffers(threads, setting, e);
    if (rc)
        return rc;
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
    return blas.get_config();
}

const char *gemm_core(void)
{
    return blas.get_corename();
}

const char *gemm_threading(void)
{
    static const char *const names[] = { "serial", "pthreads", "openmp" };
    int kind = blas.get_parallel();
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

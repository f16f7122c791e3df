#include "kern/team.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

#include "base/base.h"

/* Where the default cannot be asked for. */
static const size_t STACK_BYTES = (size_t)8 << 20;

/* Each waits until all are there or one is refused. */
static void *wait_for_gate(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

/* 0, or why the system refuses so many threads at once. */
static int try_threads(int n)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t *threads = calloc((size_t)n, sizeof *threads);
    int started = 0, errnum = threads ? 0 : ENOMEM;
    pthread_mutex_lock(&gate);
    while (!errnum && started < n) {
        errnum = pthread_create(&threads[started], NULL, wait_for_gate, &gate);
        started += !errnum;
    }
    pthread_mutex_unlock(&gate);
    while (started > 0)
        pthread_join(threads[--started], NULL);
    free(threads);
    return errnum;
}

/* Numbers too small for full precision, as operands and as results, are zero in
 * this thread from here on, and in those that it starts. */
static void flush_subnormals(void)
{
#if defined(__SSE2__)
    enum { RESULTS = 1 << 15, OPERANDS = 1 << 6 };
    _mm_setcsr(_mm_getcsr() | RESULTS | OPERANDS);
#elif defined(__aarch64__)
    enum { BOTH = 1 << 24 };
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | BOTH));
#endif
}

int team_start(int threads, const char *setting, struct err *e)
{
    int errnum = threads > 1 ? try_threads(threads - 1) : 0;
    if (errnum)
        return err_set(e, ERR_MEMORY,
                       "cannot start %d threads (%s): set fewer "
                       "%s, or raise the limit (ulimit -u, "
                       "ulimit -v)",
                       threads, strerror(errnum), setting);
    flush_subnormals();
/* OpenMP starts its threads at the first region and keeps them. */
#pragma omp parallel num_threads(threads)
    flush_subnormals();
    return OK;
}

size_t team_bytes(int threads)
{
    size_t each = STACK_BYTES;
    pthread_attr_t defaults;
    if (pthread_attr_init(&defaults) == 0) {
        pthread_attr_getstacksize(&defaults, &each);
        pthread_attr_destroy(&defaults);
    }
    return (size_t)(threads - 1) * each;
}

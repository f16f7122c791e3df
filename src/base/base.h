/* base.h - the types every file shares, and the check for our own mistakes.
 *
 * `real` is float; compiling with -DSINKLAB_DOUBLE makes it double, which is
 * how every backward pass is proven against finite differences.
 * `idx` is signed so that differences and reverse loops are safe.
 */
#ifndef SINKLAB_BASE_H
#define SINKLAB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef SINKLAB_DOUBLE
typedef double real;
#else
typedef float real;
#endif

typedef ptrdiff_t idx;

/* A condition that only a mistake of ours can make true: says where, aborts.
 * Never for user input; always compiled in. */
#define BUG_ON(c) ((c) ? bug_abort(__FILE__, __LINE__, #c) : (void)0)
_Noreturn void bug_abort(const char *file, int line, const char *condition);

#define COUNT_OF(array) ((idx)(sizeof(array) / sizeof((array)[0])))

/* NAMED(function, [ONE] = "one", ...) - defines const char *function(int i),
 * the name of a value of an enum; NULL past the last, and of values below 0.
 * STATIC_NAMED: a private one. */
#define NAMED(function, ...)                                                   \
    const char *function(int i)                                                \
    {                                                                          \
        static const char *const names[] = { __VA_ARGS__ };                    \
        return i >= 0 && i < COUNT_OF(names) ? names[i] : NULL;                \
    }
#define STATIC_NAMED(function, ...) static NAMED(function, __VA_ARGS__)

/* 2^53: whole numbers are exact in a double up to here. */
#define WHOLE_MAX 9007199254740992.0

static inline idx idx_min(idx a, idx b)
{
    return a < b ? a : b;
}

static inline idx idx_max(idx a, idx b)
{
    return a > b ? a : b;
}

static inline idx idx_ceil_div(idx a, idx b)
{
    return (a + b - 1) / b;
}

#endif

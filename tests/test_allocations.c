/* The training loop allocates nothing: in a run of thirty steps the program
 * calls for memory as often as in one of ten, with rows of its log, validations
 * and probes in it. Libraries do call - oneDNN in each product, OpenMP's in
 * each region of one thread - and give it all back.
 *
 * This file's functions stand in front of the C library's in all of the
 * process, libraries that are loaded later included (Makefile). */
#include "train/train.h"
#include "harness.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "kern/onednn.h"

#if defined(__GLIBC__) && !HAS_ADDRESS_SANITIZER

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t n);
extern void *__libc_memalign(size_t align, size_t n);
extern void __libc_free(void *old);
extern char __executable_start, etext;

/* Calls of the program itself; pieces that anybody holds. */
static long n_own, n_held;

static void count(const void *caller, bool is_new)
{
    const char *at = caller;
    if (at >= &__executable_start && at < &etext)
        __atomic_add_fetch(&n_own, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&n_held, is_new, __ATOMIC_RELAXED);
}

void *malloc(size_t n)
{
    count(__builtin_return_address(0), true);
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    count(__builtin_return_address(0), true);
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t n)
{
    count(__builtin_return_address(0), !old);
    return __libc_realloc(old, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    count(__builtin_return_address(0), true);
    return __libc_memalign(align, n);
}

int posix_memalign(void **piece, size_t align, size_t n)
{
    count(__builtin_return_address(0), true);
    *piece = __libc_memalign(align, n);
    return *piece ? 0 : ENOMEM;
}

/* OpenMP's way, which it jumps to: to return to the program. */
void *memalign(size_t align, size_t n)
{
    count(NULL, true);
    return __libc_memalign(align, n);
}

void free(void *old)
{
    __atomic_sub_fetch(&n_held, old != NULL, __ATOMIC_RELAXED);
    __libc_free(old);
}

/* --- runs ----------------------------------------------------------------- */

struct calls {
    long own, held;
};

static const char ini[] = "[model]\nlayers = 2\nwidth = 24\nheads = 3\n"
                          "context = 20\n"
                          "[train]\nbatch = 7\nthreads = 1\nlog_every = 1\n"
                          "val_every = 5\nval_tokens = 60\n"
                          "[sink]\ntokens = 20\nprobe_every = 5\n"
                          "probe_sequences = 2\n"
                          "[checkpoint]\nevery = 0\ndense_until = 0\n"
                          "resume_every = 0\n";

/* What a whole run of so many steps asks for, and what it leaves behind. */
static struct calls calls_of(idx steps, const char *products,
                             const char *precision)
{
    char dir[128], how[3][64];
    static idx number;
    struct err e = { 0 };
    const char *path = test_write_text("a.ini", ini);
    snprintf(dir, sizeof dir, "run.dir=%s-%02td", test_path("run"), number++);
    snprintf(how[0], sizeof how[0], "train.steps=%td", steps);
    snprintf(how[1], sizeof how[1], "train.products=%s", products);
    snprintf(how[2], sizeof how[2], "train.precision=%s", precision);
    const char *const overrides[] = { dir, how[0], how[1], how[2] };
    const struct train_request r = { .path = path,
                                     .overrides = overrides,
                                     .n_overrides = COUNT_OF(overrides) };
    long own = n_own, held = n_held;
    if (train_run(&r, &e) != OK)
        fail_msg("%s", e.text);
    return (struct calls){ n_own - own, n_held - held };
}

static void check(const char *products, const char *precision)
{
    calls_of(10, products, precision); /* libraries keep what is made once */
    struct calls few = calls_of(10, products, precision),
                 many = calls_of(30, products, precision);
    assert_true(few.own > 0); /* so it does count */
    assert_int_equal(many.own, few.own);
    assert_int_equal(many.held, few.held);
}

static void test_allocations__training_makes_none(void **state)
{
    (void)state;
    check("openblas", "float32");
    check("openblas", "bfloat16");
    check("own", "float32");
}

static void test_allocations__what_onednn_takes_it_gives_back(void **state)
{
    struct err e = { 0 };
    (void)state;
    if (onednn_load(&e) != OK)
        return;
    check("onednn", "float32");
    check("onednn", "bfloat16");
}

#else /* nobody can stand in front */

static void test_allocations__training_makes_none(void **state)
{
    (void)state;
    skip();
}

static void test_allocations__what_onednn_takes_it_gives_back(void **state)
{
    (void)state;
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations__training_makes_none),
        cmocka_unit_test(test_allocations__what_onednn_takes_it_gives_back),
    };
    return cmocka_run_group_tests_name("allocations", tests, NULL, NULL);
}

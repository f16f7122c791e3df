/* harness.h - what every unit test includes: cmocka and its prerequisites, a
 * private temporary folder, and a few shared checks. */
#ifndef SINKLAB_HARNESS_H
#define SINKLAB_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Is this built with the address sanitizer? Compilers say so differently. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#define HAS_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define HAS_ADDRESS_SANITIZER 0
#endif

/* The Makefile gives each test's main a name of its own: tests/many/many.c. */
int main(void);

/* Is all to be looked at, and not only what `make test` has a minute for? */
bool test_is_long(void);

/* A fresh temporary folder of this process, removed at exit. */
const char *test_dir(void);

/* test_path - the path of a name in it, until the eighth call from now. */
const char *test_path(const char *name);

/* How many files in it have names that begin so. */
int test_count(const char *prefix);

/* Write a file whole; fails the test if it cannot. */
void test_write_file(const char *path, const void *bytes, size_t n);

/* test_seal - put the seal of an HDF5 file behind one that has none. */
void test_seal(const char *path);

/* test_write_text - a text under this name in the folder; its test_path. */
const char *test_write_text(const char *name, const char *text);

/* test_pause - between two looks at what another process does; how often it
 * takes one must not matter. */
void test_pause(void);

/* |got - want| <= tolerance * |want|, with both printed if not: all digits
 * count, however small the number. A want of 0 must be met exactly. */
#define assert_close(got, want, tolerance)                                     \
    test_near((got), (want), (tolerance), 0, __FILE__, __LINE__)

/* |got - want| <= tolerance * max(|want|, size), for what was added up from
 * terms that may cancel: size is the size of those terms. It is to be derived
 * from the numbers at hand, as their rounding is. */
#define assert_near(got, want, tolerance, size)                                \
    test_near((got), (want), (tolerance), (size), __FILE__, __LINE__)
void test_near(double got, double want, double tolerance, double size,
               const char *file, int line);

#endif

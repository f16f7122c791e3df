/* fuzz.h - what the targets of libFuzzer share (`make fuzz`).
 *
 * A target is a file fuzz_NAME.c with one function, LLVMFuzzerTestOneInput,
 * which hands its bytes to one of the program's readers. What it must find:
 * crashes, hangs, leaks, undefined behaviour, and an FUZZ_CHECK that does not
 * hold. A refusal is an answer as good as any.
 */
#ifndef SINKLAB_FUZZ_H
#define SINKLAB_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define FUZZ_CHECK(condition)                                                  \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                           \
        }                                                                      \
    } while (0)

/* A folder of this process's own, in memory where the system has such. */
const char *fuzz_dir(void);

enum { FUZZ_PATH_MAX = 256 };

/* fuzz_path - the path of a file in it, into the caller's buffer. */
void fuzz_path(char path[FUZZ_PATH_MAX], const char *name);

/* fuzz_file - write that file anew. */
void fuzz_file(char path[FUZZ_PATH_MAX], const char *name, const void *bytes,
               size_t n);

/* fuzz_text - the bytes with a NUL behind them; the caller frees it. */
char *fuzz_text(const uint8_t *bytes, size_t n);

/* A refusal carries a message and the code it was returned with. */
void fuzz_check_told(int code, const struct err *e);

#endif

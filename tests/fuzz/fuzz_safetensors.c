/* Safetensors files: what is opened can be read, all of it, lies within the
 * file and is found by its name. */
#include "fuzz.h"

#include <string.h>

#include "io/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[FUZZ_PATH_MAX];
    struct safetensors s;
    struct err e = { 0 };
    fuzz_file(path, "x.safetensors", bytes, n);
    int rc = safetensors_open(&s, path, &e);
    fuzz_check_told(rc, &e);
    FUZZ_CHECK(rc == OK || rc == ERR_DATA || rc == ERR_MEMORY);
    for (idx i = 0; rc == OK && i < s.n; i++) {
        const struct safetensor *t = &s.tensors[i];
        real x[64];
        FUZZ_CHECK(safetensors_find(&s, t->name) == t);
        FUZZ_CHECK(t->n >= 0 && t->n <= (idx)n);
        for (idx at = 0; safetensor_is_real(t) && at < t->n; at += 64)
            safetensor_read(x, 1, t, at, idx_min(64, t->n - at));
    }
    safetensors_release(&s);
    return 0;
}

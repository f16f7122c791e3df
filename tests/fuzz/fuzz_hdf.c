/* Checkpoints and analyses with a right seal: the first byte says which file,
 * the others are edits of a good one (tests/hdf_mutant.h). What crashes in the
 * library is not seen here, which is what is tested. */
#include "fuzz.h"

#include "../hdf_mutant.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = { "weights.h5", "state.h5",
                                         "analysis.h5" };
    static struct hdf_mutant mutants[COUNT_OF(names)];
    char path[FUZZ_PATH_MAX];
    struct err e = { 0 };
    if (!mutants[0].n) {
        FUZZ_CHECK(hdf_mutant_make(fuzz_dir(), &e) == OK);
        for (idx i = 0; i < COUNT_OF(names); i++) {
            fuzz_path(path, names[i]);
            FUZZ_CHECK(hdf_mutant_init(&mutants[i], path, &e) == OK);
        }
    }
    if (n == 0)
        return 0;
    idx k = bytes[0] % COUNT_OF(names);
    fuzz_path(path, names[k]);
    hdf_mutant_edit(&mutants[k], bytes + 1, n - 1);
    FUZZ_CHECK(hdf_mutant_save(&mutants[k], path) == OK);
    int rc = hdf_mutant_load(fuzz_dir(), names[k], &e);
    fuzz_check_told(rc, &e);
    FUZZ_CHECK(rc == OK || rc == (k == 2 ? ERR_DATA : ERR_CHECKPOINT));
    return 0;
}

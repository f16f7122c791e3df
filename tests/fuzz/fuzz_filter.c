/* `--where`: what is accepted can be asked of a run that is known and of one
 * of which nothing is. */
#include "fuzz.h"

#include "report/filter.h"
#include "run/run_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct filter f = { 0 };
    struct config c;
    struct err e = { 0 };
    char *text = fuzz_text(bytes, n);
    const struct table no_log = { 0 };
    const struct run_facts nothing = { .name = "",
                                       .status = "",
                                       .measured = &no_log };
    const struct run_facts known = { .name = "relu-3",
                                     .status = "done",
                                     .step = 8,
                                     .config = &c,
                                     .measured = &no_log };
    FUZZ_CHECK(config_load(&c, NULL, NULL, 0, NULL, ERR_IGNORED) == OK);
    int rc = filter_add(&f, text, &e);
    fuzz_check_told(rc, &e);
    if (rc == OK) {
        FUZZ_CHECK(f.n <= FILTER_CONDITIONS_MAX);
        filter_accepts(&f, &nothing);
        filter_accepts(&f, &known);
    }
    filter_release(&f);
    free(text);
    return 0;
}

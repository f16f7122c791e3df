/* A config: the file's text, then overrides, each behind a NUL. What is
 * accepted must print as a config that reads back to the same. */
#include "fuzz.h"

#include <string.h>

#include "config/config.h"

enum { OVERRIDES_MAX = 16 };

static void check_reads_back(const struct config *c)
{
    struct config again;
    struct err e = { 0 };
    char id[CONFIG_ID_MAX], other[CONFIG_ID_MAX];
    char *text = config_print(c, NULL), *twice;
    FUZZ_CHECK(text);
    if (config_load_text(&again, text, "printed", &e)) {
        fprintf(stderr, "%s\n%s\n", e.text, text);
        abort();
    }
    twice = config_print(&again, NULL);
    FUZZ_CHECK(twice && strcmp(text, twice) == 0);
    config_id(id, c);
    config_id(other, &again);
    FUZZ_CHECK(strcmp(id, other) == 0);
    free(text);
    free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *text = fuzz_text(bytes, n), *at = text;
    const char *overrides[OVERRIDES_MAX];
    idx n_overrides = 0;
    struct config c;
    struct err e = { 0 };
    while ((at = memchr(at, '\0', (size_t)(text + n - at))) &&
           n_overrides < OVERRIDES_MAX)
        overrides[n_overrides++] = ++at;
    int rc = config_load_text(&c, text, "text", &e);
    fuzz_check_told(rc, &e);
    if (rc == OK) {
        check_reads_back(&c);
        rc = config_override(&c, NULL, overrides, n_overrides, 0, NULL, &e);
        fuzz_check_told(rc, &e);
        check_reads_back(&c);
    }
    free(text);
    return 0;
}

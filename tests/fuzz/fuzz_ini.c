/* The strict INI reader: every line is one item, in order. */
#include "fuzz.h"

#include <string.h>

#include "io/ini.h"

static void take(void *user, const struct ini_item *item)
{
    idx *line = user;
    FUZZ_CHECK(item->line >= *line);
    *line = item->line;
    if (item->kind == INI_SECTION)
        *item->is_whole = *item->section == 'w';
    FUZZ_CHECK(item->kind >= INI_SECTION && item->kind <= INI_PROBLEM);
    const char *texts[] = { item->section, item->key, item->text };
    for (idx i = 0; i < COUNT_OF(texts); i++)
        FUZZ_CHECK(!texts[i] ||
                   strlen(texts[i]) <= ERR_TEXT_MAX + INI_LINE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct err e = { 0 };
    idx line = 0;
    char *text = fuzz_text(bytes, n);
    fuzz_check_told(ini_read_text(text, n, take, &line, &e), &e);
    free(text);
    return 0;
}

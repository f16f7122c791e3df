#include "config/page.h"

#include <string.h>

#include "base/base.h"

static void print_part(FILE *out, const char *name, size_t n,
                       const struct page_part *parts)
{
    while (parts->name &&
           (strlen(parts->name) != n || strncmp(parts->name, name, n) != 0))
        parts++;
    BUG_ON(!parts->name);
    parts->print(out, parts->user);
}

void page_print(FILE *out, const char *page, const struct page_part *parts)
{
    while (*page) {
        size_t n = strcspn(page, "\n");
        if (*page == '@')
            print_part(out, page + 1, n - 1, parts);
        else
            fprintf(out, "%.*s\n", (int)n, page);
        page += n + (page[n] == '\n');
    }
}

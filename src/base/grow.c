#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ITEMS = 16 };

bool grow(void *list, idx n, size_t item_bytes)
{
    void *items; /* copied: a pointer to one type is none to void */
    if (n != 0 && (n < FIRST_ITEMS || n & (n - 1)))
        return true;
    if ((size_t)n > PTRDIFF_MAX / 2 / item_bytes)
        return false;
    memcpy(&items, list, sizeof items);
    items = realloc(items, (size_t)(n ? 2 * n : FIRST_ITEMS) * item_bytes);
    if (items)
        memcpy(list, &items, sizeof items);
    return items;
}

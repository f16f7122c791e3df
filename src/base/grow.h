/* grow.h - lists that grow an item at a time, of which only the number of items
 * is kept: what lies behind a list of n is room up to the next power of two. */
#ifndef SINKLAB_GROW_H
#define SINKLAB_GROW_H

#include "base/base.h"

/* GROW(list, n) - room for one more behind n items; list, NULL at first, may
 * move. False: no memory for it, and the list is as it was. A list that has
 * been of n items before, but was shortened, may grow again. */
#define GROW(list, n) grow(&(list), (n), sizeof *(list))
bool grow(void *list, idx n, size_t item_bytes); /* list: the pointer's place */

#endif

/* nearest.h - which known name a misspelt one was meant to be.
 *
 *     struct nearest n = { .wanted = "widht" };
 *     for (each known name)
 *         nearest_offer(&n, name);
 *     if (n.name)
 *         ... "did you mean %s?"
 *
 * Names are borrowed. Nothing allocates, nothing fails.
 */
#ifndef SINKLAB_NEAREST_H
#define SINKLAB_NEAREST_H

#include "base/base.h"

struct nearest {
    const char *wanted; /* what the user wrote */
    const char *name;   /* the nearest name close enough, or NULL */
    int distance;       /* of name */
};

/* nearest_offer - take the candidate if it is close enough (one mistake in
 * three characters, or one name contains the other) and closer than the best
 * so far; the first wins a tie. */
void nearest_offer(struct nearest *n, const char *candidate);

/* name_distance - insertions, deletions, replacements and swaps of neighbours
 * that turn one name into the other, letter case ignored. Names longer than
 * NAME_LONG are NAME_LONG away from everything. */
enum { NAME_LONG = 64 };
int name_distance(const char *a_name, const char *b_name);

#endif

#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

/* A contained name shorter than this says nothing. */
enum { CONTAINED_MIN = 3 };

/* The length of name, or -1 of one longer than NAME_LONG. */
static int lower_name(char lower[NAME_LONG], const char *name)
{
    int n = 0;
    for (; name[n]; n++) {
        if (n == NAME_LONG)
            return -1;
        lower[n] = (char)tolower((unsigned char)name[n]);
    }
    return n;
}

static int int_min(int a, int b)
{
    return a < b ? a : b;
}

/* Optimal string alignment (Damerau's four edits, no substring edited twice),
 * by rows of the usual table; a swap looks two rows back. */
int name_distance(const char *a_name, const char *b_name)
{
    char a[NAME_LONG], b[NAME_LONG];
    int rows[3][NAME_LONG + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    int na = lower_name(a, a_name), nb = lower_name(b, b_name);
    if (na < 0 || nb < 0)
        return NAME_LONG;
    for (int j = 0; j <= nb; j++)
        row[j] = j;
    for (int i = 1; i <= na; i++) {
        int *spare = before;
        before = above;
        above = row;
        row = spare;
        row[0] = i;
        for (int j = 1; j <= nb; j++) {
            int d = above[j - 1] + (a[i - 1] != b[j - 1]);
            d = int_min(d, int_min(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d = int_min(d, before[j - 2] + 1);
            row[j] = d;
        }
    }
    return row[nb];
}

static bool contains(const char *a, const char *b)
{
    return strlen(b) >= CONTAINED_MIN && strcasestr(a, b);
}

void nearest_offer(struct nearest *n, const char *candidate)
{
    int length = (int)strnlen(n->wanted, NAME_LONG);
    int allowed = int_min(NAME_LONG - 1, length < 5 ? 1 : (length + 1) / 3);
    int d = name_distance(n->wanted, candidate);
    /* of all letters exchanged nothing is left to be near */
    int longer = (int)strnlen(candidate, NAME_LONG);
    longer = length > longer ? length : longer;
    bool close = (d <= allowed && d < longer) ||
                 contains(n->wanted, candidate) ||
                 contains(candidate, n->wanted);
    if (close && (!n->name || d < n->distance)) {
        n->name = candidate;
        n->distance = d;
    }
}

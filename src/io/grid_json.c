#include "io/grid_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What C takes for numbers and JSON does not (0x1p3, inf, a sign in front) is
 * text, and so are the digits of a hash, whichever they are. */
static bool is_number(double *value, const char *text)
{
    enum { HASH_DIGITS = 16 };
    char *end;
    size_t n = strlen(text);
    if (n == HASH_DIGITS && strspn(text, "0123456789abcdef") == n)
        return false;
    if (strspn(text, "-0123456789.e+") != n || text[0] == '+')
        return false;
    *value = strtod(text, &end);
    return end > text && !*end && isfinite(*value);
}

static void put_cell(struct json *j, const char *key, const char *text)
{
    double value;
    if (!*text)
        json_put_null(j, key);
    else if (is_number(&value, text))
        json_put_number(j, key, value);
    else
        json_put_text(j, key, text);
}

static void put_rows(struct json *j, const struct grid *g)
{
    json_begin_array(j, NULL);
    for (idx row = 1; row < g->rows; row++) {
        json_begin_object(j, NULL);
        for (idx c = 0; c < g->columns; c++)
            put_cell(j, grid_cell(g, 0, c), grid_cell(g, row, c));
        json_end(j);
    }
    json_end(j);
}

int grid_json(FILE *out, const struct grid *g, struct err *e)
{
    enum { DIGITS = 15 };
    struct json j = { .depth = 0 };
    put_rows(&j, g);
    return json_write(out, &j, DIGITS, e);
}

#include "report/cells.h"

#include "config/config_when.h"
#include "metric/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct cell_look cell_look(const char *column)
{
    struct column_facts f;
    bool is_known = column_find(&f, column);
    if (is_known && f.is_share)
        return (struct cell_look){ true, 1 };
    return (struct cell_look){ false, is_known && !f.metric ? f.digits : 2 };
}

const char *cell_number(char text[CELL_NUMBER_MAX], double v, int digits)
{
    if (isnan(v))
        snprintf(text, CELL_NUMBER_MAX, "nan");
    else if (fabs(v) < 1e6)
        snprintf(text, CELL_NUMBER_MAX, "%.*f", digits, v);
    else
        snprintf(text, CELL_NUMBER_MAX, "%.4g", v);
    bool is_minus_zero = text[0] == '-' && !text[1 + strspn(text + 1, "0.")];
    if (is_minus_zero)
        memmove(text, text + 1, strlen(text));
    return text;
}

void put_number(struct grid *g, idx row, idx column, double v,
                struct cell_look look, bool is_file)
{
    char text[CELL_NUMBER_MAX];
    if (is_file && !isnan(v))
        grid_set(g, row, column, "%.15g", v);
    else
        grid_set(g, row, column, "%s",
                 cell_number(text, look.is_share ? 100 * v : v, look.digits));
}

void put_missing(struct grid *g, idx row, idx column, bool is_file)
{
    grid_set(g, row, column, "%s", is_file ? "" : "-");
}

idx add_key(struct grid *g, const struct config_key *keys, idx n, idx k,
            bool is_file)
{
    bool is_clear = !is_file && config_key_is_clear(keys, n, k);
    return grid_add(g, "%s%s%s", is_clear ? "" : keys[k].section->name,
                    is_clear  ? ""
                    : is_file ? "."
                              : ".\n",
                    keys[k].key->name);
}

void put_key(struct grid *g, idx row, idx column, const struct config *c,
             struct config_key k, bool is_file)
{
    char value[KEY_PRINT_MAX], meaning[KEY_MEANING_MAX];
    if (!is_file && !config_is_read(c, k)) {
        put_missing(g, row, column, is_file);
        return;
    }
    config_value(value, sizeof value, c, k);
    if (!is_file && *key_meaning(meaning, k.key, value))
        grid_set(g, row, column, "%s (%s)", value, meaning);
    else
        grid_set(g, row, column, "%s", value);
}

#include "report/series.h"

#include <math.h>

struct series series_of(const struct table *t, const char *name, bool is_logged)
{
    idx column = table_find(t, name);
    if (!table_is_given(t, column))
        return (struct series){ .is_logged = is_logged };
    return (struct series){ table_column(t, table_find(t, "step")),
                            table_column(t, column), table_given(t, column),
                            t->rows, is_logged };
}

/* The last row before `end` that was measured; -1: none. */
static idx last_measured(const struct series *s, idx end)
{
    while (end > 0 && !s->given[end - 1])
        end--;
    return end - 1;
}

bool series_final(double *value, const struct series *s)
{
    idx last = last_measured(s, s->n);
    *value = last >= 0 ? s->value[last] : NAN;
    return last >= 0;
}

bool series_at_common(double *a, double *b, const struct series *x,
                      const struct series *y)
{
    idx i = last_measured(x, x->n), k = last_measured(y, y->n);
    while (i >= 0 && k >= 0 && x->step[i] != y->step[k])
        if (x->step[i] > y->step[k])
            i = last_measured(x, i);
        else
            k = last_measured(y, k);
    if (i < 0 || k < 0)
        return false;
    *a = x->value[i];
    *b = y->value[k];
    return true;
}

bool series_before(double *step, double *value, const struct series *s,
                   double end)
{
    idx i = last_measured(s, s->n);
    while (i >= 0 && s->step[i] > end)
        i = last_measured(s, i);
    if (i < 0)
        return false;
    *step = s->step[i];
    *value = s->value[i];
    return true;
}

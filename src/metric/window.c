#include "metric/window.h"

#include <math.h>
#include <string.h>

void window_add(struct window *w, double x)
{
    if (w->n == WINDOW_VALUES)
        memmove(w->values, w->values + 1, --w->n * sizeof *w->values);
    w->values[w->n++] = x;
}

/* Taken from the first value, so that equal ones have no deviation at all. */
double window_z(const struct window *w, double x)
{
    double first = w->n > 0 ? w->values[0] : NAN, mean = 0, square = 0;
    for (idx i = 0; i < w->n; i++)
        mean += (w->values[i] - first) / (double)w->n;
    for (idx i = 0; i < w->n; i++) {
        double d = w->values[i] - first - mean;
        square += d * d;
    }
    double z = (x - first - mean) / sqrt(square / (double)(w->n - 1));
    return isfinite(z) ? z : NAN;
}

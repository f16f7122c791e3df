#include "optim/matrix_scale.h"

#include <math.h>

const char *matrix_scale_name(int i)
{
    static const char *const names[] = { [SCALE_SHAPE] = "shape",
                                         [SCALE_RMS] = "rms",
                                         [SCALE_RATIO] = "ratio",
                                         [SCALE_NONE] = "none" };
    return i >= 0 && i < COUNT_OF(names) ? names[i] : NULL;
}

double matrix_scale(int kind, const struct tensor *t)
{
    double rows = (double)t->rows, cols = (double)t->cols;
    switch (kind) {
    case SCALE_SHAPE:
        return sqrt(fmax(1, rows / cols));
    case SCALE_RMS:
        return 0.2 * sqrt(fmax(rows, cols));
    case SCALE_RATIO:
        return sqrt(rows / cols);
    default:
        return 1;
    }
}

#include "optim/matrix_scale.h"

#include <math.h>

NAMED(matrix_scale_name, [SCALE_SHAPE] = "shape", [SCALE_RMS] = "rms",
      [SCALE_RATIO] = "ratio", [SCALE_NONE] = "none")

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

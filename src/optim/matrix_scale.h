/* matrix_scale.h - how long a step is whose direction is an orthogonal matrix
 * (muon, shampoo), by the shape of the matrix. */
#ifndef SINKLAB_MATRIX_SCALE_H
#define SINKLAB_MATRIX_SCALE_H

#include "optim/optimizer.h"

enum matrix_scale_kind {
    SCALE_SHAPE, /* sqrt(max(1, rows / columns)) */
    SCALE_RMS,   /* 0.2 sqrt(max(rows, columns)): AdamW's usual size */
    SCALE_RATIO, /* sqrt(rows / columns) */
    SCALE_NONE,  /* 1 */
};
const char *matrix_scale_name(int i); /* NULL past the end */

/* The factor on the learning rate; kind: enum matrix_scale_kind. */
double matrix_scale(int kind, const struct tensor *t);

#endif

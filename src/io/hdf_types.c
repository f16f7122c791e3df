#include "io/hdf_types.h"

#include <stdio.h>

idx hdf_shape_count(const struct hdf_shape *s)
{
    idx n = 1;
    for (int i = 0; i < s->ndim; i++)
        n *= s->n[i];
    return n;
}

bool hdf_shape_is(const struct hdf_shape *s, int ndim, const idx *n)
{
    if (s->ndim != ndim)
        return false;
    for (int i = 0; i < ndim; i++)
        if (s->n[i] != n[i])
            return false;
    return true;
}

const char *hdf_shape_print(char text[HDF_SHAPE_TEXT_MAX],
                            const struct hdf_shape *s)
{
    int at = snprintf(text, HDF_SHAPE_TEXT_MAX, s->ndim ? "" : "()");
    for (int i = 0; i < s->ndim; i++) /* 4 x 20 digits fit */
        at += snprintf(text + at, (size_t)(HDF_SHAPE_TEXT_MAX - at), "%s%td",
                       i ? " x " : "", s->n[i]);
    return text;
}

size_t hdf_type_bytes(enum hdf_type type)
{
    return type == HDF_FLOAT32 ? 4 : 8;
}

/* hdf_image_read.h - a file's bytes to its tree, by the library in a child.
 * Private to hdf*.c. */
#ifndef SINKLAB_HDF_IMAGE_READ_H
#define SINKLAB_HDF_IMAGE_READ_H

#include "io/hdf_tree.h"

/* hdf_image_read - fill the tree of h from h->bytes, and h->layout's text: a
 * byte, and then what hdf_take takes. OK, ERR_MEMORY, damage_code; a failure of
 * the library, whatever it is, is damage. */
int hdf_image_read(struct hdf *h);

#endif

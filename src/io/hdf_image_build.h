/* hdf_image_build.h - a tree to the bytes of a file, by the library in a child.
 * Private to hdf*.c. */
#ifndef SINKLAB_HDF_IMAGE_BUILD_H
#define SINKLAB_HDF_IMAGE_BUILD_H

#include "io/hdf_tree.h"

/* hdf_image_build - the file that h's steps make. *image is to be unmapped with
 * munmap(*image, *cap_bytes); of a late dataset o->start says where in it its
 * values are to stand. OK or ERR_MEMORY. */
int hdf_image_build(char **image, size_t *n, size_t *cap_bytes, struct hdf *h);

#endif

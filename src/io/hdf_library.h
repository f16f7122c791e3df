/* hdf_library.h - the HDF5 library, in a child; hdf_library.c is the one home
 * of hdf5.h.
 *
 * The library crashes, hangs or ends the program on some damaged files (1.10.8)
 * and where it gets no memory. So it works in a process of its own (child.h),
 * which can open no file: it gets the bytes of one, and hands back a tree, or
 * gets a tree, and hands back bytes. Private to hdf*.c.
 */
#ifndef SINKLAB_HDF_LIBRARY_H
#define SINKLAB_HDF_LIBRARY_H

#include "io/hdf_tree.h"

/* hdf_library_read - fill the tree of h from h->bytes, and h->layout's text: a
 * byte, and then what hdf_library_take takes. OK, ERR_MEMORY,
 * damage_code; the library's failure, whatever it is, is damage. */
int hdf_library_read(struct hdf *h);

/* hdf_library_build - the file that h's steps make. *image is to be unmapped
 * with munmap(*image, *cap_bytes); of a late dataset o->start says where in it
 * its values are to stand. OK or ERR_MEMORY. */
int hdf_library_build(char **image, size_t *n, size_t *cap_bytes,
                      struct hdf *h);

/* hdf_library_take - fill the tree of h from what a child wrote; trusts
 * nothing of it. OK, ERR_MEMORY or damage_code. For tests, too. */
int hdf_library_take(struct hdf *h, const char *bytes, size_t n);

#endif

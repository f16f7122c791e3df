/* hdf_library.h - the HDF5 library, as a child of this process calls it; the
 * one home of hdf5.h.
 *
 * The library crashes, hangs or ends the program on some damaged files (1.10.8)
 * and where it gets no memory. So it works in a process of its own (child.h),
 * which can open no file: it gets the bytes of one, and hands back a tree
 * (hdf_image_read.h), or gets a tree, and hands back bytes (hdf_image_build.h).
 */
#ifndef SINKLAB_HDF_LIBRARY_H
#define SINKLAB_HDF_LIBRARY_H

#include <hdf5.h>

#include "io/hdf_types.h"

enum { HDF_REASON_MAX = 200 };

/* Seconds that a child may take, whatever it does. */
enum { HDF_WALL_S = 300 };

/* Images have names, which must not be those of any file. */
extern const char hdf_image_name[];

/* hdf_library_start - before all else; false: the library does not. */
bool hdf_library_start(void);

/* hdf_library_reason - its own words for what just failed; returns text. */
const char *hdf_library_reason(char text[HDF_REASON_MAX]);

/* hdf_library_close - of whatever kind; negative: nothing. */
void hdf_library_close(hid_t id);

/* Types as our files have them; of text, a variable-length string in UTF-8, to
 * be closed. Negative: no memory. */
hid_t hdf_file_type(enum hdf_type type);
hid_t hdf_text_type(void);

/* The library's hooks for an image: its buffer is not the library's to free. */
herr_t hdf_image_free(void *p, H5FD_file_image_op_t op, void *context);
void *hdf_context_copy(void *context);
herr_t hdf_context_free(void *context);

#endif

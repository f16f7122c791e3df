/* hdf.h - HDF5 files: built in memory and put in place whole; read with care.
 *
 * The HDF5 library is only ever given memory, and works in a child
 * (hdf_library.h). A file is built as an image and written by fsys_replace,
 * followed by a seal: XXH3-64 of the image. A reader takes the whole file into
 * memory and checks the seal before the library sees a byte. Two builds of the
 * same content give the same bytes.
 *
 * Objects are named by path, "/" is the root. Only hard links are followed;
 * groups and plain datasets are all there is: contiguous, no filter, no
 * external or virtual storage. Numbers are little-endian.
 *
 * The first failure sticks: later calls on the same file do nothing and return
 * its code, so a caller may check once at the end - but must check before it
 * uses what a get or read call gave. `e` and `path` are borrowed until
 * hdf_free. Not for concurrent use.
 */
#ifndef SINKLAB_HDF_H
#define SINKLAB_HDF_H

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "io/hdf_types.h"

struct hdf; /* one file, being built or read */

/* hdf_layout_release - forget what was known. */
void hdf_layout_release(struct hdf_layout *l);

/* hdf_free - close and forget; h may be NULL. A built file that was not saved
 * leaves nothing behind. */
void hdf_free(struct hdf *h);

int hdf_status(const struct hdf *h); /* OK, or the first failure's code */

/* hdf_refuse - the caller's own complaint about the contents: "path: text".
 * Returns the code that hdf_open was given. */
int hdf_refuse(struct hdf *h, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Building. All fail with ERR_MEMORY only, as nothing is written before
 * hdf_save (OK, ERR_MEMORY, ERR_IO; the old file stays intact). Values are
 * borrowed until then. */

/* hdf_build - begin a file for path. expected_bytes: its rough size, from
 * above; a better guess saves time, not more. */
int hdf_build(struct hdf **h, const char *path, size_t expected_bytes,
              struct err *e);
int hdf_save(struct hdf *h);

int hdf_add_group(struct hdf *h, const char *path);
int hdf_add_dataset(struct hdf *h, const char *path, enum hdf_type type,
                    const struct hdf_shape *shape, const void *values);

/* hdf_add_late - a dataset whose values are yet to come: hdf_save_late has
 * `fill` write them, once, where they stand in the file's image, so that they
 * are in memory once. values[i]: of the i-th such dataset, of at most
 * HDF_LATE_MAX, not aligned to anything. OK; what fill gave, and nothing is
 * written. */
int hdf_add_late(struct hdf *h, const char *path, enum hdf_type type,
                 const struct hdf_shape *shape);
int hdf_save_late(struct hdf *h,
                  int (*fill)(char *const *values, void *context,
                              struct err *e),
                  void *context);

/* Attributes of the group or dataset `object`; texts are UTF-8. */
int hdf_put_text(struct hdf *h, const char *object, const char *name,
                 const char *text);
int hdf_put_int(struct hdf *h, const char *object, const char *name,
                int64_t value);
int hdf_put_double(struct hdf *h, const char *object, const char *name,
                   double value);
int hdf_put_shape(struct hdf *h, const char *object, const char *name,
                  const struct hdf_shape *shape);

/* Dimension scales (HDF5 high-level library): what an axis means. A dataset is
 * given all that it has in calls that follow each other, one an axis. */
int hdf_make_scale(struct hdf *h, const char *dataset, const char *name);
int hdf_attach_scale(struct hdf *h, const char *dataset, int axis,
                     const char *scale);

/* Reading. What the file should hold and does not is damage_code, in words
 * that end in `remedy` ("use another checkpoint"). The functions below work on
 * a file being built, too. */

/* hdf_open - read path, a file of at most cap_bytes, into memory and check it.
 * OK, ERR_IO, ERR_MEMORY, damage_code. */
int hdf_open(struct hdf **h, const char *path, size_t cap_bytes,
             int damage_code, const char *remedy, struct err *e);

/* hdf_open_known - the same; where known (NULL: nothing is) is of the same
 * bytes, it is taken for what the library finds, and trusted as little.
 * hdf_take_layout - what the library found in a file just opened, once; of no
 * file where it was known before. */
int hdf_open_known(struct hdf **h, const char *path, size_t cap_bytes,
                   int damage_code, const char *remedy,
                   const struct hdf_layout *known, struct err *e);
struct hdf_layout hdf_take_layout(struct hdf *h);

/* hdf_read_seal - what the seal at the end of a file says of its bytes, 16 hex
 * digits: which content it was. Only the seal is read, nothing is checked by
 * it. OK; ERR_IO: no such file, or it cannot be read; damage_code: no seal. */
int hdf_read_seal(char hex[HASH_HEX_MAX], const char *path, int damage_code,
                  const char *remedy, struct err *e);

/* Has the group a member of this name, sound or not? */
bool hdf_has(struct hdf *h, const char *group, const char *name);

/* hdf_list - visit the members of a group by name, in strcmp order; each gets
 * its full path. */
int hdf_list(struct hdf *h, const char *group,
             void (*visit)(struct hdf *h, const char *path, void *context),
             void *context);

/* hdf_inspect - type and shape of a dataset whose storage was found sound: of
 * plain kind, as large as type and shape say, inside the file. */
int hdf_inspect(struct hdf *h, const char *path, enum hdf_type *type,
                struct hdf_shape *shape);

/* hdf_read - n numbers after the checks of hdf_inspect; n must be the
 * dataset's count, type its own (the same bits) or HDF_FLOAT64. */
int hdf_read(struct hdf *h, const char *path, enum hdf_type type, void *values,
             idx n);

/* Attributes, of exactly the kind that hdf_put_* makes. The caller frees
 * *text. hdf_has_text: is there one that hdf_get_text would give? */
bool hdf_has_text(struct hdf *h, const char *object, const char *name);
int hdf_get_text(struct hdf *h, const char *object, const char *name,
                 char **text);
int hdf_get_int(struct hdf *h, const char *object, const char *name,
                int64_t *value);
int hdf_get_double(struct hdf *h, const char *object, const char *name,
                   double *value);

#endif

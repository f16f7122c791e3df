/* place.h - parts of a path, where it leads, whether that is in a folder.
 *
 * One folder has many names: relative ones, through links, with `..`. What is
 * to be kept apart, as a run and the texts it reads, is compared by where it
 * lies.
 */
#ifndef SINKLAB_PLACE_H
#define SINKLAB_PLACE_H

#include "io/fsys.h"

/* path_length - bytes without slashes at its end; of "/" 1, of "" 0. */
size_t path_length(const char *path);

/* path_above - bytes of the first n without the last name, and without slashes
 * at the end: of what the root is above 1, of what this folder is above 0. */
size_t path_above(const char *path, size_t n);

/* place_find - the path from the root, without links, `.` and `..`. Of what is
 * not there yet, the deepest folder above it that is, and the rest as it is
 * named. Where the system does not say, as below a folder that may not be
 * searched, the path as it is. OK; ERR_USAGE: too long. */
int place_find(char place[FSYS_PATH_MAX], const char *path, struct err *e);

/* place_is_in - is it that folder, or does it lie in it? Both as place_find has
 * them. */
bool place_is_in(const char *place, const char *folder);

#endif

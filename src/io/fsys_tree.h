/* fsys_tree.h - a folder with all that is in it: how large, and gone.
 *
 * Removal is in two steps, so that a kill midway leaves nothing that looks
 * whole: the folder is renamed to `.removed-<pid>-<name>` beside its place and
 * the parent fsynced; then its contents go, deepest first. What a kill left
 * over is found by its name (fsys_tree_is_remains) and removed by
 * fsys_tree_clear. Symbolic links are removed, never followed.
 * Every changing call goes through fsys_calls.h.
 */
#ifndef SINKLAB_FSYS_TREE_H
#define SINKLAB_FSYS_TREE_H

#include "base/base.h"
#include "base/err.h"

struct fsys_size {
    idx files;    /* all but folders */
    idx folders;  /* the first one included */
    double bytes; /* of the files, as their lengths say */
};

/* fsys_tree_measure - add what dir holds to *size. OK, ERR_IO. */
int fsys_tree_measure(struct fsys_size *size, const char *dir, struct err *e);

/* fsys_tree_remove - OK; ERR_IO: the folder is as it was, or (if its contents
 * could not all be removed) what is left bears the name of remains. */
int fsys_tree_remove(const char *dir, struct err *e);

bool fsys_tree_is_remains(const char *name);

/* fsys_tree_remains_path - of a folder in dir that has the name of remains from
 * its birth: whatever ends us, who comes next clears it. name: what it was, or
 * would have been. */
void fsys_tree_remains_path(char *path, size_t cap, const char *dir,
                            const char *name);

/* fsys_tree_clear - remove what nobody takes for whole, as remains are: the
 * last part of its path begins with a dot. OK (also if it is not there, or
 * another process did it), ERR_IO. */
int fsys_tree_clear(const char *path, struct err *e);

#endif

/* file_list.h - the regular files below given paths, in one order.
 *
 * A path is a file, or a folder that stands for all files below it: files and
 * folders of a folder come in the order of their names (bytes compared), hidden
 * ones (.name) are left out, links are followed. What stands in the list is as
 * it was when looked at; who reads a file later may compare.
 */
#ifndef SINKLAB_FILE_LIST_H
#define SINKLAB_FILE_LIST_H

#include "base/base.h"
#include "base/err.h"
#include "io/file_stamp.h"

struct file_list_item {
    char *path; /* as given, and below a folder PATH/NAME */
    struct file_stamp stamp;
};

struct file_list {
    struct file_list_item *items;
    idx n;
};

/* file_list_add - what path stands for, behind what the list holds; `what` is
 * said in front of paths: "data.path ", or "".
 * OK; ERR_DATA: not there, neither file nor folder, folders in folders beyond
 * any use (a link leads back); ERR_IO: cannot be looked at; ERR_MEMORY. */
int file_list_add(struct file_list *l, const char *path, const char *what,
                  struct err *e);

/* file_list_same - is the open file (or one that was looked at again) the one
 * of the list, unchanged? */
bool file_list_same(const struct file_list_item *item, const struct stat *st);

void file_list_release(struct file_list *l);

#endif

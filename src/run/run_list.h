/* run_list.h - the run folders below a folder.
 *
 * A run folder is what run_holds_run says; nothing is looked for inside of
 * one. Symbolic links and names that begin with a dot are passed over, so a
 * run is listed once, and neither temporary files nor the remains of a removal
 * count. Reads only, and needs no lock. A list owns its paths; zeroed, it may
 * be released.
 */
#ifndef SINKLAB_RUN_LIST_H
#define SINKLAB_RUN_LIST_H

#include "base/base.h"
#include "base/err.h"

struct run_list {
    idx n;
    char **paths;      /* (n) folder by folder; in each by name, run-2 before
                      run-10, its own runs before those further down */
    idx n_unread;      /* folders that could not be looked into */
    struct err unread; /* the first of them */
    idx n_remains;
    char **remains; /* (n_remains) of removals cut short (io/fsys_tree.h) */
};

/* Levels below the folder that are searched. */
enum { RUN_LIST_DIRECT = 1, RUN_LIST_ALL = 16 };

/* run_list_find - fill a zeroed list with the runs at most `levels` levels
 * below dir; dir itself, if it is a run, is the only one.
 * OK (n = 0 where there are none); ERR_USAGE (run_none): dir is no folder;
 * ERR_IO: it cannot be read; ERR_MEMORY. */
int run_list_find(struct run_list *l, const char *dir, idx levels,
                  struct err *e);

/* run_list_none - that there is no run in a folder: what to give instead, which
 * is that of runs a level further down where there are any. Returns ERR_USAGE;
 * ERR_IO: a folder in it cannot be looked into; ERR_MEMORY. */
int run_list_none(const char *path, struct err *e);

/* run_list_given - the runs of a folder that a command was given, which may be
 * one itself: RUN_LIST_DIRECT. There is one, and all could be read, else it is
 * told: ERR_USAGE, ERR_IO, ERR_MEMORY. */
int run_list_given(struct run_list *l, const char *path, struct err *e);

/* run_list_below - the same, of the runs inside of dir, were it one itself. */
int run_list_below(struct run_list *l, const char *dir, struct err *e);
void run_list_release(struct run_list *l);

/* run_list_parent - the length of the path of the folder that holds this run,
 * without slash at its end; 0: the working folder. */
size_t run_list_parent(const char *path);

#endif

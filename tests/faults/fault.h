/* fault.h - what the suite (faults.c) and the library that it puts under the
 * program (shim.c) tell each other: which system call has to fail.
 *
 * They share one mapped file. Counts go on through fork and exec, so a sweep
 * and its runs are one row of calls. Only calls on what lies below a folder
 * are counted, and allocations.
 */
#ifndef SINKLAB_FAULT_H
#define SINKLAB_FAULT_H

#include <stdatomic.h>

/* Environment: the mapped file, and the folder (its path as the system says
 * it, without links). */
#define FAULT_STATE "SINKLAB_FAULT_STATE"
#define FAULT_BELOW "SINKLAB_FAULT_BELOW"

enum fault_kind {
    FAULT_OPEN,
    FAULT_READ,
    FAULT_WRITE,
    FAULT_FSYNC,
    FAULT_RESERVE, /* fallocate, ftruncate */
    FAULT_RENAME,
    FAULT_REMOVE, /* unlink, rmdir */
    FAULT_MKDIR,
    FAULT_STAT, /* stat, access, realpath */
    FAULT_READDIR,
    FAULT_CLOSE,
    FAULT_LOCK,
    FAULT_DISK,         /* all of the above, one count */
    FAULT_ALLOC,        /* asked for by the program itself */
    FAULT_ALLOC_SYSTEM, /* by the C library, on its behalf */
    FAULT_ALLOC_OTHER,  /* by any other library */
    FAULT_KINDS,
    FAULT_OFF = FAULT_KINDS,
};

enum fault_mode {
    FAULT_ONCE,
    FAULT_FROM,  /* and all that follow */
    FAULT_SHORT, /* read and write do half; nothing fails */
    FAULT_KILL,  /* the process is killed before the call */
    FAULT_STOP,  /* the process is asked to stop before the call */
};

enum { FAULT_PATH_MAX = 512, FAULT_KEPT_MAX = 256 };

struct fault {
    int kind, mode, errnum; /* what is to fail, and how */
    long at;                /* 1 = the first */
    atomic_long count[FAULT_KINDS];
    atomic_long hits; /* calls that failed */
    char call[32];    /* the first of them */
    char path[FAULT_PATH_MAX];
    /* Files that were put in place by a rename: linked as KEEP/0, 1, ... */
    char keep[FAULT_PATH_MAX]; /* "": none are */
    atomic_long n_kept;
    char kept[FAULT_KEPT_MAX][FAULT_PATH_MAX]; /* where they stood */
};

#endif

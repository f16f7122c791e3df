/* mapping.h - a whole file as bytes in memory, for reading.
 *
 * Large files are mapped: nothing is read before it is looked at, and files
 * larger than memory are no trouble. Small ones are copied instead, for a map
 * takes a page and one of the system's entries, of which it has some 65,000.
 *
 * What is mapped is read when the program looks at it, and that can fail: the
 * file was shortened meanwhile, or its disk is broken. Then the system sends
 * SIGBUS, and the program ends with one sentence that names the file: status
 * ERR_DATA if it is shorter now, else ERR_IO.
 *
 * Open and close where no other thread reads a mapping.
 */
#ifndef SINKLAB_MAPPING_H
#define SINKLAB_MAPPING_H

#include "base/base.h"
#include "base/err.h"
#include "io/file_stamp.h"

struct mapping {
    const unsigned char *bytes; /* page-aligned if mapped, else for any type */
    size_t n;
    char *path;
    char *place;             /* what messages call it */
    struct file_stamp stamp; /* when it was opened */
    bool is_mapped;          /* not copied */
    struct mapping *next;    /* of those that are mapped; mapping.c's */
};

/* mapping_open - the file at path. place begins the messages, "data.path FILE".
 * OK; ERR_DATA: there is no such file, it is none, or it became shorter
 * meanwhile; ERR_IO; ERR_MEMORY. */
int mapping_open(struct mapping **m, const char *path, const char *place,
                 struct err *e);

/* m may be NULL. */
void mapping_close(struct mapping *m);

/* mapping_is_unchanged - does its path still lead to the same file, with the
 * same stamp? false also where the system does not say. */
bool mapping_is_unchanged(const struct mapping *m);

/* mapping_check - was the file at its path written to since it was opened, so
 * that what was read may be neither? OK, or ERR_DATA; of a file that was
 * removed or replaced by another one, OK: what is mapped is the old one still.
 * A time of the file's that somebody set back is not seen. */
int mapping_check(const struct mapping *m, struct err *e);

/* mapping_settle - it says the same as before: take its time as it is now. */
void mapping_settle(struct mapping *m);

/* mapping_end - the file says other things than when it was opened: end the
 * program with a sentence and ERR_DATA's status. Reading cannot fail, and what
 * was computed of it so far cannot be trusted. */
_Noreturn void mapping_end(const struct mapping *m);

/* Advice for the system about n bytes from p on, which changes speed alone. */
enum mapping_advice {
    MAPPING_WALK, /* will be read once, in order */
    MAPPING_LEFT, /* were, and others are worth more memory */
    MAPPING_ANY,  /* nobody knows, as at first */
    MAPPING_NEAR, /* will be read here and there: have them at hand now */
};
void mapping_advise(const struct mapping *m, const unsigned char *p, size_t n,
                    enum mapping_advice advice);

#endif

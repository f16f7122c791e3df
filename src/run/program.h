/* program.h - which program this is, to the byte, and the C library under it.
 *
 * What a version and a commit do not tell: two builds of changed sources bear
 * the same ones.
 */
#ifndef SINKLAB_PROGRAM_H
#define SINKLAB_PROGRAM_H

#include "base/base.h"
#include "base/hash.h"

/* program_hash - of the file that runs; false, and "", where the system does
 * not show it. */
bool program_hash(char hex[HASH_HEX_MAX]);

/* program_libc - "glibc 2.36", or "" where it does not say: exp, log, cos and
 * pow are its own, and may differ in a last bit. */
enum { PROGRAM_LIBC_MAX = 256 };
void program_libc(char name[PROGRAM_LIBC_MAX]);

#endif

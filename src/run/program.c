#include "run/program.h"

#include <stdlib.h>
#include <unistd.h> /* _CS_GNU_LIBC_VERSION, where there is one */

#include "io/fsys.h"

enum { PROGRAM_MAX_BYTES = 1 << 30 };

bool program_hash(char hex[HASH_HEX_MAX])
{
    char *bytes;
    size_t n;
    hex[0] = '\0';
    if (fsys_read_file(&bytes, &n, "/proc/self/exe", PROGRAM_MAX_BYTES,
                       ERR_IGNORED))
        return false;
    hash_hex(hex, hash_bytes(bytes, n));
    free(bytes);
    return true;
}

void program_libc(char name[PROGRAM_LIBC_MAX])
{
    name[0] = '\0';
#ifdef _CS_GNU_LIBC_VERSION
    confstr(_CS_GNU_LIBC_VERSION, name, PROGRAM_LIBC_MAX);
#endif
}

#include "base/err.h"
#include "base/base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int err_set(struct err *e, int code, const char *format, ...)
{
    if (e->code == OK) {
        va_list args;
        va_start(args, format);
        vsnprintf(e->text, sizeof e->text, format, args);
        va_end(args);
        e->code = code;
    }
    return code;
}

int err_pass(struct err *e, const struct err *from)
{
    return from->code == OK ? OK : err_set(e, from->code, "%s", from->text);
}

int err_pass_memory(struct err *e, const struct err *from, const char *remedy)
{
    return from->code == ERR_MEMORY
               ? err_set(e, from->code, "%s: %s", from->text, remedy)
               : err_pass(e, from);
}

bool err_is_refusal(int code)
{
    return code == ERR_IO || code == ERR_MEMORY;
}

static const char *remedy(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        return "free some space, then give the command again";
    case EACCES:
    case EPERM:
    case EROFS:
        return "choose another folder, or change its permissions";
    case EIO:
        return "the disk reports an error: see the system's log, and save what "
               "is on it";
    case EFBIG:
        return "raise the limit on file sizes (ulimit -f)";
    case EMFILE:
    case ENFILE:
        return "raise the limit on open files (ulimit -n)";
    case ENOMEM:
        return "free some memory, then give the command again";
    case EEXIST:
        return "what has this name is something else: choose another, or move "
               "it away";
    case ENOTDIR:
        return "a part of this path is no folder: check the path";
    case ENOENT:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return "check the path";
    default:
        return "give the command again, and see the system's log if that does "
               "not help";
    }
}

int err_system(struct err *e, const char *place, const char *what)
{
    int errnum = errno;
    return err_set(e, errnum == ENOMEM ? ERR_MEMORY : ERR_IO,
                   "%s: cannot %s: %s; %s", place, what, strerror(errnum),
                   remedy(errnum));
}

int err_memory(struct err *e, const char *place)
{
    return err_set(e, ERR_MEMORY, "%s%snot enough memory: %s",
                   place ? place : "", place ? ": " : "", remedy(ENOMEM));
}

int err_foreign(struct err *e, const char *place, const char *what)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return err_set(e, ERR_DATA, "%s: %s", place, strerror(errno));
    return err_system(e, place, what);
}

int err_prefix(struct err *e, const char *format, ...)
{
    char old[ERR_TEXT_MAX], prefix[ERR_TEXT_MAX / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    memcpy(old, e->text, sizeof old);
    snprintf(e->text, sizeof e->text, "%s: %.*s", prefix,
             (int)(sizeof e->text - strlen(prefix) - 3), old);
    return e->code;
}

_Noreturn void bug_abort(const char *file, int line, const char *condition)
{
    fprintf(stderr, "sinklab: internal error at %s:%d: %s\n", file, line,
            condition);
    abort();
}

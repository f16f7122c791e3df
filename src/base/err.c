#include "base/err.h"
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int err_set(struct err *e, int code, const char *format, ...)
{
    if (e && e->code == OK) {
        va_list args;
        va_start(args, format);
        vsnprintf(e->text, sizeof e->text, format, args);
        va_end(args);
        e->code = code;
    }
    return code;
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
             (int)(sizeof e->text - sizeof prefix - 3), old);
    return e->code;
}

_Noreturn void bug_abort(const char *file, int line, const char *condition)
{
    fprintf(stderr, "sinklab: internal error at %s:%d: %s\n", file, line,
            condition);
    abort();
}

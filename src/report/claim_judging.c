#include "report/claim_judging.h"

#include "base/text.h"

void claim_why_not(struct claim_result *r, const char *format, ...)
{
    struct text t = { r->why, sizeof r->why, 0 };
    va_list args;
    if (r->why[0])
        return;
    va_start(args, format);
    text_addv(&t, format, args);
    va_end(args);
}

/* page.h - the pages of docs/ that this program completes: prose from
 * docs/NAME.in.md, which is compiled in, with tables in place of lines `@part`.
 */
#ifndef SINKLAB_PAGE_H
#define SINKLAB_PAGE_H

#include <stdio.h>

/* The files as they are; the Makefile makes them. */
extern const char page_config[], page_attention[];

struct page_part {
    const char *name;
    void (*print)(FILE *out, const void *user);
    const void *user;
};

/* page_print - parts end with name NULL; all that the page asks for are
 * there. */
void page_print(FILE *out, const char *page, const struct page_part *parts);

#endif

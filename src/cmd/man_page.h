/* man_page.h - sinklab(1), made from the rows of the commands. */
#ifndef SINKLAB_MAN_PAGE_H
#define SINKLAB_MAN_PAGE_H

#include <stdio.h>

/* man_page - as troff's man macros have it: every command with its words,
 * options and texts. out is stdout, where commands print what no text says. */
void man_page(FILE *out);

#endif

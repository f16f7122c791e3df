/* gnuplot.h - run the gnuplot program: a script in, a picture's bytes out.
 *
 * Script, picture and complaints travel through unnamed temporary files
 * (io/tool.h), so no path stands in a script. gnuplot reads no start-up file of
 * the user's.
 */
#ifndef SINKLAB_GNUPLOT_H
#define SINKLAB_GNUPLOT_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

/* gnuplot_run - run `script` (a stream open for reading and writing; rewound
 * here), which must not set an output; *picture (n bytes, then a NUL) is what
 * it wrote on its standard output, to be freed by the caller.
 * OK; ERR_TOOL: not found, ended with an error (its last words are in the
 * message), or wrote nothing; ERR_IO; ERR_MEMORY. */
int gnuplot_run(char **picture, size_t *n, FILE *script, struct err *e);

/* gnuplot_quote - write s as a quoted string of gnuplot's language, every byte
 * but letters and blanks as an escape: none can end the string or start
 * something. */
void gnuplot_quote(FILE *out, const char *s);

#endif

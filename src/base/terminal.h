/* terminal.h - what goes to a terminal, and only there: bars that are drawn
 * anew in place, and colours, unless NO_COLOR asks for none
 * (https://no-color.org). */
#ifndef SINKLAB_TERMINAL_H
#define SINKLAB_TERMINAL_H

#include <stdio.h>

#include "base/base.h"

/* Does the file lead to a terminal that moves its cursor when told to? Not
 * where a launcher started several processes: it gives them one to write to,
 * whatever becomes of what it gets. */
bool terminal_is(int fd);

enum style { STYLE_ERROR, STYLE_BAR, STYLE_ASIDE };

/* terminal_begin - what begins a style on the terminal that fd leads to, and
 * terminal_end, what ends it; "" where there is no terminal, or where nobody
 * wants colours. */
const char *terminal_begin(int fd, enum style style);
const char *terminal_end(int fd);

/* terminal_bar - a bar of `columns` columns, `share` (0 to 1) of it full, with
 * its ends. */
void terminal_bar(FILE *out, double share, int columns, bool unicode);

/* terminal_open_line - a line without an end stands on the terminal that fd
 * leads to, to be drawn anew in place; what is said on it was flushed. */
void terminal_open_line(int fd);

/* terminal_end_line - end it, if there is one, before something else is said;
 * terminal_erase_line takes it away. Also in a signal's handler. */
void terminal_end_line(void);
void terminal_erase_line(void);

#endif

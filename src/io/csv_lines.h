/* csv_lines.h - a CSV file, read line by line.
 *
 * Cells lie in the file's text, quotes undone, and are valid as long as it is;
 * a line may end in CR LF, and a quoted cell hold line ends. A last line
 * without its end is refused: what was cut off may have been part of a number.
 * One thread.
 */
#ifndef SINKLAB_CSV_LINES_H
#define SINKLAB_CSV_LINES_H

#include "base/base.h"
#include "base/err.h"

enum { CSV_CELLS_MAX = 1024 /* of a line */ };

struct csv_lines {
    const char *path, *remedy; /* borrowed, for messages */
    char *rest;
    idx line; /* the one in hand, from 1; ends within quotes aside */
    idx n;    /* cells of it; 0: there is none */
    char *cells[CSV_CELLS_MAX];
};

/* csv_lines_open - read the file, at most max_bytes, and its first line, if it
 * has one. *text: the file's, which the caller frees in any case, when no cell
 * is needed any more. remedy: what makes such a file anew, behind what is
 * wrong with it. OK; ERR_DATA "path:line: ...: remedy"; others as
 * fsys_read_file. */
int csv_lines_open(struct csv_lines *l, char **text, const char *path,
                   size_t max_bytes, const char *remedy, struct err *e);

/* csv_lines_next - the next line; false at the end, or, with e set, where a
 * line is not right. */
bool csv_lines_next(struct csv_lines *l, struct err *e);

#endif

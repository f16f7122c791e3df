#include "base/terminal.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/launcher.h"

/* Of the line without an end, or NONE. A mutable static: the handler of a
 * signal that ends the program must find it, too. */
enum { NONE = -1 };
static volatile sig_atomic_t open_line = NONE;

void terminal_open_line(int fd)
{
    open_line = fd;
}

static void leave_line(const char *text)
{
    if (open_line != NONE)
        (void)!write((int)open_line, text, strlen(text));
    open_line = NONE;
}

void terminal_end_line(void)
{
    leave_line("\n");
}

void terminal_erase_line(void)
{
    leave_line("\r\033[K");
}

bool terminal_is(int fd)
{
    const char *term = getenv("TERM");
    return launched_processes() < 2 && isatty(fd) && term && *term &&
           strcmp(term, "dumb") != 0;
}

static bool has_colours(int fd)
{
    const char *no = getenv("NO_COLOR");
    return terminal_is(fd) && !(no && *no);
}

const char *terminal_begin(int fd, enum style style)
{
    static const char *const begins[] = { [STYLE_ERROR] = "\033[1;31m",
                                          [STYLE_BAR] = "\033[32m",
                                          [STYLE_ASIDE] = "\033[2m" };
    return has_colours(fd) ? begins[style] : "";
}

const char *terminal_end(int fd)
{
    return has_colours(fd) ? "\033[0m" : "";
}

void terminal_bar(FILE *out, double share, int columns, bool unicode)
{
    int full = (int)floor(fmin(fmax(share, 0), 1) * columns);
    fputs(unicode ? "\u2595" : "[", out);
    for (int i = 0; i < columns; i++)
        fputs(i < full ? unicode ? "\u2588" : "#" : unicode ? " " : "-", out);
    fputs(unicode ? "\u258f" : "]", out);
}

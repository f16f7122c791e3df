#include "io/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The end of the file as text. */
static int read_end(char text[TAIL_MAX + 1], const char *path, struct err *e)
{
    struct stat st;
    ssize_t n = 0;
    text[0] = '\0';
    int rc = OK, fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? OK
                   : err_system(e, path, "open");
    if (fstat(fd, &st))
        rc = err_system(e, path, "look at it");
    else if (S_ISREG(st.st_mode)) {
        off_t from = st.st_size > TAIL_MAX ? st.st_size - TAIL_MAX : 0;
        do
            n = pread(fd, text, TAIL_MAX, from);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            rc = err_system(e, path, "read");
    }
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return rc;
}

int tail_line(char *line, size_t cap_bytes, const char *path, bool is_whole,
              struct err *e)
{
    char text[TAIL_MAX + 1];
    int rc = read_end(text, path, e);
    size_t end = strlen(text); /* a NUL ends it, too */
    if (is_whole)
        while (end > 0 && text[end - 1] != '\n')
            end--;
    while (end > 0 && text[end - 1] == '\n')
        end--;
    size_t start = end;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    snprintf(line, cap_bytes, "%.*s", (int)(end - start), text + start);
    return rc;
}

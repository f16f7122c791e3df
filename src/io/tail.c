#include "io/tail.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The end of the file as text; its length. */
static size_t read_end(char text[TAIL_MAX + 1], const char *path)
{
    struct stat st;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        n = pread(fd, text, TAIL_MAX,
                  st.st_size > TAIL_MAX ? st.st_size - TAIL_MAX : 0);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return strlen(text); /* a NUL ends it, too */
}

bool tail_line(char *line, size_t cap_bytes, const char *path, bool is_whole)
{
    char text[TAIL_MAX + 1];
    size_t end = read_end(text, path);
    if (is_whole)
        while (end > 0 && text[end - 1] != '\n')
            end--;
    while (end > 0 && text[end - 1] == '\n')
        end--;
    size_t start = end;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    snprintf(line, cap_bytes, "%.*s", (int)(end - start), text + start);
    return end > start;
}

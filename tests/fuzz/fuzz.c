#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static pid_t owner;

static int remove_entry(const char *path, const struct stat *s, int type,
                        struct FTW *ftw)
{
    (void)s, (void)type, (void)ftw;
    return remove(path);
}

static void remove_dir(void)
{
    if (getpid() == owner)
        nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_dir(void)
{
    if (dir[0])
        return dir;
    snprintf(dir, sizeof dir, "%s/sinklab-fuzz-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    FUZZ_CHECK(mkdtemp(dir));
    owner = getpid();
    atexit(remove_dir);
    return dir;
}

void fuzz_path(char path[FUZZ_PATH_MAX], const char *name)
{
    int n = snprintf(path, FUZZ_PATH_MAX, "%s/%s", fuzz_dir(), name);
    FUZZ_CHECK(n > 0 && n < FUZZ_PATH_MAX);
}

void fuzz_file(char path[FUZZ_PATH_MAX], const char *name, const void *bytes,
               size_t n)
{
    fuzz_path(path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
}

char *fuzz_text(const uint8_t *bytes, size_t n)
{
    char *text = malloc(n + 1);
    FUZZ_CHECK(text);
    memcpy(text, bytes, n);
    text[n] = '\0';
    return text;
}

void fuzz_check_told(int code, const struct err *e)
{
    FUZZ_CHECK(code == e->code);
    FUZZ_CHECK(!code == !e->text[0]);
}

#include "harness.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
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
    if (getpid() == owner) /* not in a forked child */
        nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_dir(void)
{
    if (!dir[0]) {
        snprintf(dir, sizeof dir, "/tmp/sinklab-test-XXXXXX");
        if (!mkdtemp(dir))
            fail_msg("no temporary folder");
        owner = getpid();
        atexit(remove_dir);
    }
    return dir;
}

void test_write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
        fail_msg("cannot write %s", path);
}

void test_pause(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

void test_near(double got, double want, double tolerance, double size,
               const char *file, int line)
{
    double bound = tolerance * fmax(size, fabs(want));
    if (!(fabs(got - want) <= bound)) {
        print_error("%s:%d: got %.9g, want %.9g within %.3g\n", file, line, got,
                    want, bound);
        fail();
    }
}

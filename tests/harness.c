#include "harness.h"

#include <dirent.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/fsys.h"
#include "io/hdf_tree.h"

enum { SEALED_MAX = 1 << 26 };

static char dir[256];
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

bool test_is_long(void)
{
    const char *form = getenv("TEST_FORM");
    return !form || !strcmp(form, "long");
}

const char *test_dir(void)
{
    if (!dir[0]) {
        const char *top = getenv("TMPDIR");
        if (!top || !*top)
            top = "/tmp";
        int n = snprintf(dir, sizeof dir, "%s/sinklab-test-XXXXXX", top);
        if (n >= (int)sizeof dir || !mkdtemp(dir))
            fail_msg("no temporary folder below %s", top);
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

void test_seal(const char *path)
{
    char *bytes, text[HDF_SEAL_BYTES + 1], hex[HASH_HEX_MAX];
    size_t n;
    struct err e = { 0 };
    assert_int_equal(fsys_read_file(&bytes, &n, path, SEALED_MAX, &e), OK);
    hash_hex(hex, hash_bytes(bytes, n));
    snprintf(text, sizeof text, HDF_SEAL_MARK "%s\n", hex);
    assert_int_equal(fsys_append(path, -1, text, strlen(text), &e), OK);
    free(bytes);
}

const char *test_path(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    int n = snprintf(path, sizeof paths[0], "%s/%s", test_dir(), name);
    assert_in_range(n, 0, sizeof paths[0] - 1);
    return path;
}

int test_count(const char *prefix)
{
    int n = 0;
    DIR *open = opendir(test_dir());
    assert_non_null(open);
    for (struct dirent *d; (d = readdir(open));)
        n += strncmp(d->d_name, prefix, strlen(prefix)) == 0;
    closedir(open);
    return n;
}

const char *test_write_text(const char *name, const char *text)
{
    const char *path = test_path(name);
    test_write_file(path, text, strlen(text));
    return path;
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

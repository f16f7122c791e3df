/* Files as bytes in memory, and what happens when they are cut below it. */
#include "io/mapping.h"
#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE = 1 << 20 };

static const char *write_ramp(const char *name, size_t n)
{
    const char *path = test_path(name);
    unsigned char *bytes = malloc(n + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 256);
    test_write_file(path, bytes, n);
    free(bytes);
    return path;
}

static struct mapping *open_ramp(const char *name, size_t n)
{
    struct mapping *m;
    struct err e = { 0 };
    const char *path = write_ramp(name, n);
    if (mapping_open(&m, path, "data.path ramp", &e))
        fail_msg("%s", e.text);
    assert_int_equal(m->n, n);
    return m;
}

static void check_ramp(const struct mapping *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->bytes[i] != (unsigned char)(i * 7 + i / 256))
            fail_msg("byte %zu", i);
}

static void test_mapping__small_and_large_files_are_read(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, LARGE };
    for (idx i = 0; i < COUNT_OF(sizes); i++) {
        struct mapping *m = open_ramp("ramp", sizes[i]);
        check_ramp(m);
        assert_int_equal(m->is_mapped, sizes[i] >= 65536);
        assert_string_equal(m->path, test_path("ramp"));
        mapping_close(m);
    }
    mapping_close(NULL);
}

static void test_mapping__advice_changes_no_byte(void **state)
{
    (void)state;
    static const size_t places[] = { 0, 1, 4095, 4096, 5000, LARGE - 1 };
    struct mapping *m = open_ramp("ramp", LARGE);
    for (int advice = MAPPING_WALK; advice <= MAPPING_NEAR; advice++)
        for (idx i = 0; i < COUNT_OF(places); i++) {
            mapping_advise(m, m->bytes + places[i], LARGE - places[i],
                           (enum mapping_advice)advice);
            check_ramp(m);
        }
    mapping_close(m);
}

static void check_refused(const char *path, int code, const char *words)
{
    struct mapping *m;
    struct err e = { 0 };
    assert_int_equal(mapping_open(&m, path, "data.path there", &e), code);
    assert_null(m);
    assert_non_null(strstr(e.text, "data.path there: "));
    if (!strstr(e.text, words))
        fail_msg("%s", e.text);
}

static void test_mapping__refuses_what_is_no_file(void **state)
{
    (void)state;
    check_refused(test_path("missing"), ERR_DATA, "No such file");
    assert_int_equal(mkdir(test_path("folder"), 0700), 0);
    check_refused(test_path("folder"), ERR_DATA, "want a file");
    assert_int_equal(mkfifo(test_path("pipe"), 0600), 0);
    check_refused(test_path("pipe"), ERR_DATA, "want a file"); /* no waiting */
}

static void test_mapping__a_change_shows(void **state)
{
    (void)state;
    struct mapping *m = open_ramp("ramp", LARGE);
    assert_true(mapping_is_unchanged(m));
    assert_int_equal(truncate(m->path, LARGE + 1), 0);
    assert_false(mapping_is_unchanged(m));
    mapping_close(m);
    m = open_ramp("ramp", LARGE);
    assert_int_equal(rename(write_ramp("other", LARGE), m->path), 0);
    assert_false(mapping_is_unchanged(m)); /* another inode */
    assert_int_equal(unlink(m->path), 0);
    assert_false(mapping_is_unchanged(m));
    mapping_close(m);
}

/* How a child ends that reads every page, and what it says. */
static int end_of_reader(const unsigned char *bytes, size_t n, char *said,
                         size_t cap)
{
    int out[2], status;
    assert_int_equal(pipe(out), 0);
    pid_t child = fork();
    if (child == 0) {
        volatile unsigned sum = 0;
        dup2(out[1], STDERR_FILENO);
        for (size_t i = 0; i < n; i += 4096)
            sum += bytes[i];
        (void)sum;
        _exit(0);
    }
    close(out[1]);
    size_t got = 0;
    for (ssize_t more; (more = read(out[0], said + got, cap - 1 - got)) > 0;)
        got += (size_t)more;
    said[got] = '\0';
    close(out[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void check_reader_is_told(const struct mapping *m, const char *place)
{
    char said[512], want[512];
    int status = end_of_reader(m->bytes, m->n, said, sizeof said);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ERR_DATA);
    snprintf(want, sizeof want, "sinklab: %s: was shortened", place);
    if (strncmp(said, want, strlen(want)) != 0)
        fail_msg("%s", said);
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

/* Whichever of several, in whatever order others are closed. */
static void test_mapping__a_file_that_is_cut_ends_its_reader(void **state)
{
    (void)state;
    enum { N = 4 };
    char said[512];
    for (int cut = 0; cut < N; cut++)
        for (int closed = 0; closed < N; closed++) {
            struct mapping *m[N];
            for (int i = 0; i < N; i++) {
                char name[16], place[32];
                struct err e = { 0 };
                snprintf(name, sizeof name, "cut%d", i);
                snprintf(place, sizeof place, "data.path %d", i);
                assert_int_equal(
                    mapping_open(&m[i], write_ramp(name, LARGE), place, &e),
                    OK);
            }
            if (closed != cut) {
                mapping_close(m[closed]);
                m[closed] = NULL;
            }
            assert_int_equal(truncate(m[cut]->path, 100), 0);
            for (int i = 0; i < N; i++) {
                char place[32];
                snprintf(place, sizeof place, "data.path %d", i);
                if (i == cut)
                    check_reader_is_told(m[i], place);
                else if (m[i])
                    assert_int_equal(
                        end_of_reader(m[i]->bytes, m[i]->n, said, sizeof said),
                        0);
            }
            for (int i = 0; i < N; i++)
                mapping_close(m[i]);
        }
}

static void test_mapping__other_bus_errors_stay_what_they_are(void **state)
{
    (void)state;
    char said[512];
    struct mapping *m = open_ramp("ramp", LARGE);
    int fd = open(write_ramp("foreign", LARGE), O_RDWR);
    void *bytes = mmap(NULL, LARGE, PROT_READ, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(bytes, MAP_FAILED);
    assert_int_equal(ftruncate(fd, 0), 0);
    int status = end_of_reader(bytes, LARGE, said, sizeof said);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
    munmap(bytes, LARGE);
    close(fd);
    mapping_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapping__small_and_large_files_are_read),
        cmocka_unit_test(test_mapping__advice_changes_no_byte),
        cmocka_unit_test(test_mapping__refuses_what_is_no_file),
        cmocka_unit_test(test_mapping__a_change_shows),
        cmocka_unit_test(test_mapping__a_file_that_is_cut_ends_its_reader),
        cmocka_unit_test(test_mapping__other_bus_errors_stay_what_they_are),
    };
    return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}

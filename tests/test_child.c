/* Work in a child: whatever becomes of it, its parent is told. */
#include "harness.h"
#include "io/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CAP = 1 << 20 };

static bool say_hello(int out, void *context)
{
    return child_write(out, context, strlen(context));
}

static bool say_much(int out, void *context)
{
    static const char bytes[4096];
    idx n = *(idx *)context;
    for (idx i = 0; i < n; i++)
        if (!child_write(out, bytes, sizeof bytes))
            return false;
    return true;
}

static bool give_up(int out, void *context)
{
    return child_write(out, context, 1) && false;
}

static bool crash(int out, void *context)
{
    (void)context;
    child_write(out, "D", 1);
    raise(SIGSEGV);
    return out > 0;
}

static bool spin(int out, void *context)
{
    volatile int *forever = context;
    while (*forever)
        continue;
    return out > 0;
}

static bool wait_forever(int out, void *context)
{
    (void)context;
    for (;;)
        pause();
    return out > 0;
}

/* Is there any way to a file? */
static bool find_no_file(int out, void *context)
{
    const char *path = context;
    bool none = open(path, O_RDONLY) < 0 && open("/tmp/x", O_CREAT, 0600) < 0;
    for (int fd = 0; fd < 64; fd++)
        none = none && (fd <= out || fcntl(fd, F_GETFD) < 0);
    return none && child_write(out, "none", 4);
}

static bool take_memory(int out, void *context)
{
    size_t n = *(size_t *)context;
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);
    return p != MAP_FAILED && child_write(out, "x", 1);
}

static enum child_end run(bool (*work)(int, void *), void *context,
                          struct child_limits limits, char **bytes, size_t *n)
{
    enum child_end end = child_run(bytes, n, CAP, work, context, &limits);
    assert_true((end == CHILD_OK) == (*bytes != NULL));
    return end;
}

static enum child_end end_of(bool (*work)(int, void *), void *context,
                             struct child_limits limits)
{
    char *bytes;
    size_t n;
    enum child_end end = run(work, context, limits, &bytes, &n);
    free(bytes);
    return end;
}

static const struct child_limits none = { 0 };

static void test_child__hands_over_what_it_wrote(void **state)
{
    char *bytes, hello[] = "hello";
    size_t n;
    idx pages = CAP / 4096;
    (void)state;
    assert_int_equal(run(say_hello, hello, none, &bytes, &n), CHILD_OK);
    assert_int_equal(n, 5);
    assert_memory_equal(bytes, "hello", 5);
    free(bytes);
    assert_int_equal(run(say_much, &pages, none, &bytes, &n), CHILD_OK);
    assert_int_equal(n, CAP);
    free(bytes);
    pages++;
    assert_int_equal(end_of(say_much, &pages, none), CHILD_FAILED);
}

static void test_child__its_end_is_told(void **state)
{
    int yes = 1;
    char x[] = "x";
    (void)state;
    assert_int_equal(end_of(give_up, x, none), CHILD_FAILED);
    assert_int_equal(end_of(crash, NULL, none), CHILD_FAILED);
    assert_int_equal(end_of(spin, &yes, (struct child_limits){ .cpu_ms = 20 }),
                     CHILD_NO_START);
    assert_int_equal(
        end_of(wait_forever, NULL, (struct child_limits){ .wall_s = 1 }),
        CHILD_NO_START);
}

static void test_child__can_open_nothing(void **state)
{
    char path[] = "/proc/self/status";
    (void)state;
    int held = open(path, O_RDONLY);
    assert_true(held >= 0);
    assert_int_equal(end_of(find_no_file, path, none), CHILD_OK);
    close(held);
}

/* Beside what the process has, be that the sanitizer's 20 TiB. */
static void test_child__has_so_much_memory(void **state)
{
    size_t much = (size_t)64 << 20, little = 1 << 20;
    const struct child_limits limits = { .memory_bytes = (size_t)16 << 20 };
    (void)state;
    assert_int_equal(end_of(take_memory, &little, limits), CHILD_OK);
    assert_int_equal(end_of(take_memory, &much, limits), CHILD_NO_START);
    assert_int_equal(end_of(take_memory, &much, none), CHILD_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child__hands_over_what_it_wrote),
        cmocka_unit_test(test_child__its_end_is_told),
        cmocka_unit_test(test_child__can_open_nothing),
        cmocka_unit_test(test_child__has_so_much_memory),
    };
    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}

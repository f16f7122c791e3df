/* How much memory may be had, by the files of a made-up machine. */
#include "harness.h"
#include "cmd/machine.h"

#include <string.h>
#include <unistd.h>

#include "io/fsys.h"

enum { PATH_BYTES = 512 };

static const char *root_of(const char *name)
{
    static char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", test_dir(), name);
    return path;
}

static void put(const char *root, const char *file, const char *text)
{
    char path[2 * PATH_BYTES], *slash;
    struct err e = { 0 };
    snprintf(path, sizeof path, "%s%s", root, file);
    slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(fsys_mkdirs(path, &e), OK);
    *slash = '/';
    test_write_file(path, text, strlen(text));
}

static void put_group(const char *root, const char *limit, const char *used,
                      const char *stat)
{
    put(root, "/sys/fs/cgroup/memory.max", limit);
    put(root, "/sys/fs/cgroup/memory.current", used);
    put(root, "/sys/fs/cgroup/memory.stat", stat);
}

static void test_machine__memory_is_what_the_tightest_bound_leaves(void **state)
{
    const char *root = root_of("a");
    (void)state;
    assert_true(machine_bytes(root) == 0); /* nothing is known */
    put(root, "/proc/meminfo", "MemFree: 1 kB\nMemAvailable:   4000 kB\n");
    assert_true(machine_bytes(root) == 4096000);
    put_group(root, "max\n", "1000\n", "");
    assert_true(machine_bytes(root) == 4096000);
    put_group(root, "9000000\n", "1000\n", "");
    assert_true(machine_bytes(root) == 4096000);
    put_group(root, "3000000\n", "1000000\n", "");
    assert_true(machine_bytes(root) == 2000000);
}

static void test_machine__cached_files_are_free_memory(void **state)
{
    const char *root = root_of("b");
    (void)state;
    put(root, "/proc/meminfo", "MemAvailable: 4000 kB\n");
    put_group(root, "3000000\n", "2900000\n",
              "anon 100000\nactive_file 7\ninactive_file 2500000\n");
    assert_true(machine_bytes(root) == 2600000);
    put_group(root, "3000000\n", "100\n", "inactive_file 2500000\n");
    assert_true(machine_bytes(root) == 3000000); /* read at other moments */
    put(root, "/sys/fs/cgroup/memory.max", "max\n");
    put(root, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n");
    put(root, "/sys/fs/cgroup/memory/memory.usage_in_bytes", "4000\n");
    put(root, "/sys/fs/cgroup/memory/memory.stat",
        "inactive_file 1\ntotal_inactive_file 500\n");
    assert_true(machine_bytes(root) == 1500);
}

static void test_machine__a_full_group_leaves_next_to_nothing(void **state)
{
    const char *root = root_of("c");
    (void)state;
    put(root, "/proc/meminfo", "MemAvailable: 4000 kB\n");
    put_group(root, "3000\n", "3000\n", "inactive_file 0\n");
    assert_true(machine_bytes(root) == 1);
    put_group(root, "3000\n", "4000\n", "inactive_file 0\n");
    assert_true(machine_bytes(root) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_machine__memory_is_what_the_tightest_bound_leaves),
        cmocka_unit_test(test_machine__cached_files_are_free_memory),
        cmocka_unit_test(test_machine__a_full_group_leaves_next_to_nothing),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}

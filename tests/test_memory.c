/* How much memory may be had, by the files of a made-up machine. */
#include "base/memory.h"
#include "harness.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

static void test_memory__memory_is_what_the_tightest_bound_leaves(void **state)
{
    const char *root = root_of("a");
    (void)state;
    assert_true(memory_available(root) == 0); /* nothing is known */
    put(root, "/proc/meminfo", "MemFree: 1 kB\nMemAvailable:   4000 kB\n");
    assert_true(memory_available(root) == 4096000);
    put_group(root, "max\n", "1000\n", "");
    assert_true(memory_available(root) == 4096000);
    put_group(root, "9000000\n", "1000\n", "");
    assert_true(memory_available(root) == 4096000);
    put_group(root, "3000000\n", "1000000\n", "");
    assert_true(memory_available(root) == 2000000);
}

static void test_memory__cached_files_are_free_memory(void **state)
{
    const char *root = root_of("b");
    (void)state;
    put(root, "/proc/meminfo", "MemAvailable: 4000 kB\n");
    put_group(root, "3000000\n", "2900000\n",
              "anon 100000\nactive_file 7\ninactive_file 2500000\n");
    assert_true(memory_available(root) == 2600007);
    put_group(root, "3000000\n", "100\n", "inactive_file 2500000\n");
    assert_true(memory_available(root) == 3000000); /* read at other moments */
    put(root, "/sys/fs/cgroup/memory.max", "max\n");
    put(root, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n");
    put(root, "/sys/fs/cgroup/memory/memory.usage_in_bytes", "4000\n");
    put(root, "/sys/fs/cgroup/memory/memory.stat",
        "inactive_file 1\ntotal_inactive_file 500\n");
    assert_true(memory_available(root) == 1500);
}

static void test_memory__a_full_group_leaves_next_to_nothing(void **state)
{
    const char *root = root_of("c");
    (void)state;
    put(root, "/proc/meminfo", "MemAvailable: 4000 kB\n");
    put_group(root, "3000\n", "3000\n", "inactive_file 0\n");
    assert_true(memory_available(root) == 1);
    put_group(root, "3000\n", "4000\n", "inactive_file 0\n");
    assert_true(memory_available(root) == 1);
}

static void test_memory__groups_around_this_one_count(void **state)
{
    const char *root = root_of("d");
    (void)state;
    put(root, "/proc/meminfo", "MemAvailable: 4000 kB\n");
    put(root, "/proc/self/cgroup", "3:cpu:/x\n0::/job/step\n");
    put(root, "/sys/fs/cgroup/job/step/memory.max", "max\n");
    put(root, "/sys/fs/cgroup/job/step/memory.current", "5\n");
    assert_true(memory_available(root) == 4096000);
    put(root, "/sys/fs/cgroup/job/memory.max", "3000000\n");
    put(root, "/sys/fs/cgroup/job/memory.current", "1000000\n");
    assert_true(memory_available(root) == 2000000);
    put(root, "/proc/self/cgroup", "9:memory:/slurm\n");
    put(root, "/sys/fs/cgroup/memory/slurm/memory.limit_in_bytes", "900\n");
    put(root, "/sys/fs/cgroup/memory/slurm/memory.usage_in_bytes", "200\n");
    assert_true(memory_available(root) == 700);
}

static void test_memory__a_need_is_held_against_what_is_left(void **state)
{
    const char *root = root_of("e");
    struct err e = { 0 };
    struct memory_need need = { .what = "training",
                                .bytes = 5 << 20,
                                .mapped_bytes = 1 << 30,
                                .remedy = "use a smaller model" };
    (void)state;
    assert_int_equal(memory_check(&need, root, &e), OK); /* nothing known */
    put(root, "/proc/meminfo", "MemAvailable: 4096 kB\nSwapFree: 512 kB\n");
    assert_int_equal(memory_check(&need, root, &e), ERR_MEMORY);
    assert_string_equal(e.text,
                        "training needs 5.0 MiB of memory, but 4.5 MiB are "
                        "left on this machine, or to its control group: use a "
                        "smaller model");
    put(root, "/proc/meminfo", "MemAvailable: 4096 kB\nSwapFree: 1024 kB\n");
    e = (struct err){ 0 };
    assert_int_equal(memory_check(&need, root, &e), OK);
    need.beside_bytes = 1 << 20;
    assert_int_equal(memory_check(&need, root, &e), ERR_MEMORY);
    assert_string_equal(e.text,
                        "training needs 6.0 MiB of memory, 5.0 MiB of it in "
                        "this process, but 5.0 MiB are left on this machine, "
                        "or to its control group: use a smaller model");
}

/* 3 MiB of memory are left; how many MiB with swap? */
static void check_with_swap(const char *root, double mib)
{
    char want[64];
    struct err e = { 0 };
    const struct memory_need need = { .what = "training",
                                      .bytes = 100 << 20,
                                      .remedy = "use a smaller model" };
    snprintf(want, sizeof want, ", but %.1f MiB are left", mib);
    assert_true(memory_available(root) == 3 << 20);
    assert_int_equal(memory_check(&need, root, &e), ERR_MEMORY);
    if (!strstr(e.text, want))
        fail_msg("'%s' does not say '%s'", e.text, want);
}

static void test_memory__a_group_may_have_less_swap_than_the_machine(void **s)
{
    const char *root = root_of("f");
    (void)s;
    put(root, "/proc/meminfo", "MemAvailable: 4096 kB\nSwapFree: 2048 kB\n");
    put(root, "/proc/self/cgroup", "0::/job\n2:memory:/old\n");
    put(root, "/sys/fs/cgroup/job/memory.max", "3145728\n");
    put(root, "/sys/fs/cgroup/job/memory.current", "0\n");
    check_with_swap(root, 5); /* nobody counts swap */
    put(root, "/sys/fs/cgroup/job/memory.swap.max", "max\n");
    put(root, "/sys/fs/cgroup/job/memory.swap.current", "0\n");
    check_with_swap(root, 5);
    put(root, "/sys/fs/cgroup/job/memory.swap.max", "2097152\n");
    put(root, "/sys/fs/cgroup/job/memory.swap.current", "1048576\n");
    check_with_swap(root, 4);
    put(root, "/sys/fs/cgroup/job/memory.swap.current", "4194304\n");
    check_with_swap(root, 3);
    put(root, "/sys/fs/cgroup/job/memory.swap.max", "max\n");
    put(root, "/sys/fs/cgroup/memory.swap.max", "0\n"); /* one around it */
    put(root, "/sys/fs/cgroup/memory.swap.current", "0\n");
    check_with_swap(root, 3);
    put(root, "/sys/fs/cgroup/memory.swap.max", "max\n");
    put(root, "/sys/fs/cgroup/memory/old/memory.limit_in_bytes", "3145728\n");
    put(root, "/sys/fs/cgroup/memory/old/memory.usage_in_bytes", "0\n");
    check_with_swap(root, 5);
    /* both together */
    put(root, "/sys/fs/cgroup/memory/old/memory.memsw.limit_in_bytes",
        "3145728\n");
    put(root, "/sys/fs/cgroup/memory/old/memory.memsw.usage_in_bytes", "0\n");
    check_with_swap(root, 3);
    put(root, "/sys/fs/cgroup/memory/old/memory.memsw.limit_in_bytes",
        "4194304\n");
    check_with_swap(root, 4);
    put(root, "/proc/meminfo", "MemAvailable: 3072 kB\nSwapFree: 2048 kB\n");
    put(root, "/sys/fs/cgroup/memory/old/memory.limit_in_bytes",
        "9223372036854771712\n"); /* none */
    put(root, "/sys/fs/cgroup/memory/old/memory.memsw.limit_in_bytes",
        "9223372036854771712\n");
    put(root, "/sys/fs/cgroup/memory/old/memory.usage_in_bytes", "9000000\n");
    check_with_swap(root, 5);
}

/* A limit, in a child, as it cannot be raised again; what is left of it must
 * be what the message says. */
static void check_limit(int resource, const char *words)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct err e = { 0 };
        struct memory_need need = { .what = "x", .remedy = "y" };
        struct rlimit limit = { (rlim_t)1 << 40, (rlim_t)1 << 40 };
        bool ok = setrlimit(resource, &limit) == 0;
        need.mapped_bytes = (double)((size_t)1 << 40);
        ok = ok && memory_check(&need, "", &e) == ERR_MEMORY &&
             strstr(e.text, words) &&
             strstr(e.text, "x needs 0.0 MiB of memory, with buffers and "
                            "stacks of libraries 1048576.0 MiB, but");
        e = (struct err){ 0 };
        need.mapped_bytes = 1 << 20;
        ok = ok && memory_check(&need, "", &e) == OK;
        _exit(ok ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Not under the address sanitizer, which takes 20 TiB of address space. */
static void test_memory__limits_of_the_shell_are_seen(void **state)
{
    (void)state;
#if !HAS_ADDRESS_SANITIZER
    check_limit(RLIMIT_AS, "the limit of address space (ulimit -v) leaves");
    check_limit(RLIMIT_DATA, "the limit of data (ulimit -d) leaves");
#else
    (void)check_limit;
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__memory_is_what_the_tightest_bound_leaves),
        cmocka_unit_test(test_memory__cached_files_are_free_memory),
        cmocka_unit_test(test_memory__a_full_group_leaves_next_to_nothing),
        cmocka_unit_test(test_memory__groups_around_this_one_count),
        cmocka_unit_test(test_memory__a_need_is_held_against_what_is_left),
        cmocka_unit_test(
            test_memory__a_group_may_have_less_swap_than_the_machine),
        cmocka_unit_test(test_memory__limits_of_the_shell_are_seen),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}

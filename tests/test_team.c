/* Threads that the system refuses are a failure that is told; those that start
 * know no numbers of less than full precision. */
#include "harness.h"
#include "kern/team.h"

#include <float.h>
#include <omp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_team__starts_what_was_asked_for(void **state)
{
    struct err e = { 0 };
    int n = 0;
    (void)state;
    assert_int_equal(team_start(1, "threads", &e), OK);
    assert_int_equal(team_start(5, "threads", &e), OK);
#pragma omp parallel num_threads(5) reduction(+ : n)
    n++;
    assert_int_equal(n, 5);
    assert_int_equal(team_bytes(1), 0);
    assert_true(team_bytes(5) == 4 * team_bytes(2) && team_bytes(2) > 0);
}

/* Stacks take address space: a limit that leaves room for one of them. In a
 * child, with threads that it has not got yet. */
static void test_team__refused_threads_are_an_error(void **state)
{
    (void)state;
#if !HAS_ADDRESS_SANITIZER /* it takes 20 TiB of address space itself */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct err e = { 0 };
        FILE *f = fopen("/proc/self/statm", "re");
        size_t pages = 0;
        bool ok = f && fscanf(f, "%zu", &pages) == 1 && !fclose(f);
        rlim_t left =
            pages * (size_t)sysconf(_SC_PAGESIZE) + team_bytes(2) * 3 / 2;
        struct rlimit limit = { left, left };
        ok = ok && setrlimit(RLIMIT_AS, &limit) == 0 &&
             team_start(64, "threads", &e) == ERR_MEMORY &&
             strstr(e.text, "cannot start 64 threads");
        _exit(ok ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
#endif
}

/* Neither made, as half of the least full number, which its bits tell, nor read
 * from memory, which a product that would be a full number does. */
static void test_team__numbers_too_small_are_zero(void **state)
{
    (void)state;
#if defined(__SSE2__) || defined(__aarch64__)
    volatile float least = FLT_MIN, below = FLT_TRUE_MIN, large = 1e38F;
    volatile double least_double = DBL_MIN;
    int n_made = 0, n_read = 0;
    assert_int_equal(team_start(3, "threads", ERR_IGNORED), OK);
#pragma omp parallel num_threads(5) reduction(+ : n_made, n_read)
    {
        static const char zeros[sizeof(double)];
        float half = least / 2, read = below * large;
        double half_double = least_double / 2;
        n_made += memcmp(&half, zeros, sizeof half) != 0 ||
                  memcmp(&half_double, zeros, sizeof half_double) != 0;
        n_read += read > 0;
    }
    assert_int_equal(n_made, 0);
    assert_int_equal(n_read, 0);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_team__refused_threads_are_an_error),
        cmocka_unit_test(test_team__starts_what_was_asked_for),
        cmocka_unit_test(test_team__numbers_too_small_are_zero),
    };
    return cmocka_run_group_tests_name("team", tests, NULL, NULL);
}

#include "sweep_case.h"

#include <string.h>

#include "harness.h"

struct sweep_file case_file;
struct sweep_points case_points;

void sweep_case_release(void)
{
    sweep_points_release(&case_points);
    sweep_file_release(&case_file);
}

const char *sweep_case_write(const char *text)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/s.ini", test_dir());
    test_write_file(path, text, strlen(text));
    return path;
}

int sweep_case_read(const char *text, const char *const *overrides, idx n,
                    struct err *e)
{
    sweep_case_release();
    return sweep_file_read(&case_file, sweep_case_write(text), overrides, n, e);
}

int sweep_case_expand(const char *text, const char *const *overrides, idx n,
                      struct err *e)
{
    int rc = sweep_case_read(text, overrides, n, e);
    return rc ? rc : sweep_expand(&case_points, &case_file, e);
}

void sweep_case_refused(const char *text, int code, const char *want)
{
    struct err e = { 0 };
    assert_int_equal(sweep_case_expand(text, NULL, 0, &e), code);
    if (!strstr(e.text, want))
        fail_msg("'%s' does not say '%s'", e.text, want);
    sweep_case_release();
}

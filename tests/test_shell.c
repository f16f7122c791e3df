#include "base/shell.h"
#include "harness.h"

#include <string.h>

static void check(const char *word, const char *want)
{
    char got[256];
    struct text t = { got, sizeof got, 0 };
    shell_add(&t, word);
    assert_string_equal(got, want);
    assert_int_equal(t.n, strlen(want));
}

static void test_shell__quotes_only_where_needed(void **state)
{
    (void)state;
    check("runs/x", "runs/x");
    check("model.width=64", "model.width=64");
    check("runs/my run", "'runs/my run'");
    check("", "''");
    check("$HOME", "'$HOME'");
    check("it's", "'it'\\''s'");
}

static void test_shell__stays_on_one_line(void **state)
{
    (void)state;
    check("a\nb", "$'a\\012b'");
    check("\0337\t'\\", "$'\\0337\\011\\'\\\\'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shell__quotes_only_where_needed),
        cmocka_unit_test(test_shell__stays_on_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

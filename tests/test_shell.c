#include "base/shell.h"
#include "harness.h"

#include <stdio.h>
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

/* What a shell reads of it; $'...' is not in every sh. */
static void check_read_back(const char *word)
{
    char script[512], line[600], got[256] = "";
    struct text t = { script, sizeof script, 0 };
    text_add(&t, "printf %%s ");
    shell_add(&t, word);
    const char *shell = strstr(script, "$'") ? "bash" : "sh";
    test_write_file(test_path("script"), script, t.n);
    snprintf(line, sizeof line, "%s '%s'", shell, test_path("script"));
    FILE *out = popen(line, "r");
    assert_non_null(out);
    fread(got, 1, sizeof got - 1, out);
    assert_int_equal(pclose(out), 0);
    assert_string_equal(got, word);
}

static void test_shell__holds_no_comment_of_an_ini_file(void **state)
{
    static const char *const words[] = { "a ; b # c", "#",       " #",
                                         "a #;# ; '", "a\n # b", "\t;\t#",
                                         "a'  ;",     "it's",    "\x7f #'\\" };
    (void)state;
    check("data.path=a ; b # c", "'data.path=a ''; b ''# c'");
    check("a#b;c ", "'a#b;c '");
    check("a\n #b", "$'a\\012 \\043b'");
    check("\t;", "$'\\011\\073'");
    for (idx i = 0; i < COUNT_OF(words); i++)
        check_read_back(words[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shell__quotes_only_where_needed),
        cmocka_unit_test(test_shell__stays_on_one_line),
        cmocka_unit_test(test_shell__holds_no_comment_of_an_ini_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

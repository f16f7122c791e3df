#include "base/err.h"
#include "harness.h"

#include <errno.h>
#include <string.h>

static void test_err__the_first_message_is_kept(void **state)
{
    struct err e = { 0 };
    (void)state;
    assert_int_equal(err_set(&e, ERR_DATA, "line %d", 3), ERR_DATA);
    assert_int_equal(err_set(&e, ERR_IO, "later"), ERR_IO);
    assert_int_equal(e.code, ERR_DATA);
    assert_string_equal(e.text, "line 3");
    assert_int_equal(err_prefix(&e, "%s", "a.csv"), ERR_DATA);
    assert_string_equal(e.text, "a.csv: line 3");
}

/* Whoever does not want to know says so: what one call leaves there is nothing
 * to the next. */
static void test_err__nobody_has_to_listen(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        errno = ENOMEM;
        assert_int_equal(ERR_IGNORED->code, OK);
        assert_int_equal(err_system(ERR_IGNORED, "a", "read"), ERR_MEMORY);
        assert_int_equal(err_set(ERR_IGNORED, ERR_DATA, "x"), ERR_DATA);
    }
}

static void test_err__no_prefix_is_too_long(void **state)
{
    struct err e = { 0 };
    char longest[2 * ERR_TEXT_MAX];
    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    err_set(&e, ERR_DATA, "%s", longest);
    err_prefix(&e, "%s", longest);
    assert_true(strlen(e.text) < ERR_TEXT_MAX);
    assert_non_null(strstr(e.text, "xxx: xxx"));
}

static void test_err__only_want_of_memory_gets_its_remedy(void **state)
{
    const struct err ok = { 0 }, memory = { ERR_MEMORY, "7 MiB are missing" },
                     tool = { ERR_TOOL, "no oneDNN: install it" };
    struct err e = { 0 };
    (void)state;
    assert_int_equal(err_pass_memory(&e, &ok, "use less"), OK);
    assert_int_equal(e.code, OK);
    assert_int_equal(err_pass_memory(&e, &memory, "use less"), ERR_MEMORY);
    assert_string_equal(e.text, "7 MiB are missing: use less");
    e = (struct err){ 0 };
    assert_int_equal(err_pass_memory(&e, &tool, "use less"), ERR_TOOL);
    assert_string_equal(e.text, "no oneDNN: install it");
}

/* The remedy stands at the end of a message. */
static void test_err__a_short_prefix_leaves_room_for_the_message(void **state)
{
    enum { PREFIX = 2 + 5 };
    struct err e = { 0 };
    char text[ERR_TEXT_MAX - PREFIX];
    (void)state;
    memset(text, 'x', sizeof text);
    strcpy(text + sizeof text - sizeof "; move it", "; move it");
    err_set(&e, ERR_DATA, "%s", text);
    err_prefix(&e, "a.csv");
    assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
    assert_string_equal(e.text + PREFIX, text);
    err_prefix(&e, "b");
    assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
    assert_non_null(strstr(e.text, "b: a.csv: xxx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err__the_first_message_is_kept),
        cmocka_unit_test(test_err__nobody_has_to_listen),
        cmocka_unit_test(test_err__no_prefix_is_too_long),
        cmocka_unit_test(test_err__only_want_of_memory_gets_its_remedy),
        cmocka_unit_test(test_err__a_short_prefix_leaves_room_for_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

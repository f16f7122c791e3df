/* The one grammar of conditions: which terms a text has, and when they hold.
 * Names are single letters whose values are numbers, or words of two letters
 * and more, which are texts. */
#include "harness.h"

#include "config/condition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct world {
    double a, b;      /* of the names a, b */
    const char *word; /* of all others; NULL: not known */
};

static int find_name(void *user, struct condition_term *t, const char *name,
                     struct err *e)
{
    (void)user;
    t->is_number = strlen(name) == 1;
    t->other = t->is_number ? (*name == 'a' ? "a" : "b") : "word";
    return strcmp(name, "no") == 0 ? err_set(e, ERR_CONFIG, "no such name")
                                   : OK;
}

static int read_value(void *user, struct condition_value *v,
                      const struct condition_term *t, struct pool *pool,
                      char *text, struct err *e)
{
    (void)user;
    (void)t;
    (void)pool;
    (void)e;
    v->text = text;
    v->number = strtod(text, NULL);
    return OK;
}

static bool judge(const struct condition_term *t, const void *user)
{
    const struct world *w = user;
    if (!t->is_number)
        return condition_fits_text(t, w->word);
    return condition_fits_number(t,
                                 *(const char *)t->other == 'a' ? w->a : w->b);
}

static bool holds(const char *text, bool has_quotes, const struct world *w)
{
    const struct condition_reader r = { .has_quotes = has_quotes,
                                        .example = "a = 1",
                                        .find = find_name,
                                        .read = read_value };
    struct condition c;
    struct pool pool = { 0 };
    struct err e = { 0 };
    if (condition_parse(&c, &pool, text, &r, &e))
        fail_msg("%s", e.text);
    assert_string_equal(c.text, text);
    bool does = condition_holds(&c, judge, w);
    pool_release(&pool);
    return does;
}

static void test_condition__holds_as_its_terms_do(void **state)
{
    static const struct world w = { .a = 1, .b = 20, .word = "x or y" };
    static const struct {
        const char *text;
        bool is_true;
    } cases[] = {
        { "a = 1", true },
        { "a == 1", true },
        { "a != 1", false },
        { "a<1", false },
        { "a <= 1", true },
        { "b>1", true },
        { "b >= 20.5", false },
        { "a = 2 | 1 | 3", true },
        { "a != 2 | 1", false },
        { "a > 5 | 0", true },
        { "a = 1 and b = 20", true },
        { "a = 1 and b = 2", false },
        { "a = 2 or b = 20", true },
        { "a = 2 and b = 20 or b = 20", true }, /* and binds */
        { "b = 20 or a = 2 and b = 2", true },
        { "a = 2 or b = 2 and a = 1", false },
        { "a = 2 or b = 2 or a = 1", true },
        { "a = 1 OR b = 2", true },
        { "a = 1 AND b = 2", false },
        { "word = x or y", true }, /* no term follows */
        { "word = x or a = 1", true },
        { "word = z or y", false },
        { "word != z", true },
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++)
        for (int quotes = 0; quotes < 2; quotes++)
            if (holds(cases[i].text, quotes, &w) != cases[i].is_true)
                fail_msg("%s", cases[i].text);
}

static void test_condition__what_is_held_is_one_value(void **state)
{
    static const struct world w = { .a = 1, .word = "{p | q and a = 2}" };
    static const struct world quoted = { .a = 1, .word = "'p and a = 2'" };
    (void)state;
    assert_true(holds("word = {p | q and a = 2} and a = 1", false, &w));
    assert_true(holds("word = 'p and a = 2' and a = 1", true, &quoted));
}

static void test_condition__of_the_unknown_only_unequal_holds(void **state)
{
    static const struct world none = { .a = NAN, .b = NAN };
    static const char *const signs[] = { "=", "<", "<=", ">", ">=" };
    char text[16];
    (void)state;
    for (idx i = 0; i < COUNT_OF(signs); i++) {
        snprintf(text, sizeof text, "a %s 0", signs[i]);
        assert_false(holds(text, false, &none));
    }
    assert_true(holds("a != 0", false, &none));
    assert_false(holds("word = x", false, &none));
    assert_true(holds("word != x", false, &none));
}

static void test_condition__mistakes_are_quoted(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "", "condition '': want a = 1" },
        { "a", "condition 'a': want a = 1" },
        { "a ! 1", "want a = 1" },
        { "= 1", "want a = 1" },
        { "a = 1 and no = 2", "condition 'no = 2': no such name" },
        { "word < x", "condition 'word < x': it is no number, so it can only" },
        { "a = 1 and", "condition '': want a = 1" },
    };
    const struct condition_reader r = { .example = "a = 1",
                                        .find = find_name,
                                        .read = read_value };
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct condition c;
        struct pool pool = { 0 };
        struct err e = { 0 };
        assert_int_not_equal(condition_parse(&c, &pool, cases[i].text, &r, &e),
                             OK);
        if (!strstr(e.text, cases[i].want))
            fail_msg("'%s' does not say '%s'", e.text, cases[i].want);
        pool_release(&pool);
    }
}

int main(void)
{
#define RUN(name) cmocka_unit_test(test_condition__##name)
    const struct CMUnitTest tests[] = {
        RUN(holds_as_its_terms_do),
        RUN(what_is_held_is_one_value),
        RUN(of_the_unknown_only_unequal_holds),
        RUN(mistakes_are_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

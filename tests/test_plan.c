/* What a run will keep, against a walk through its steps. */
#include "harness.h"
#include "train/plan.h"

#include <string.h>

static idx count_kept(const struct config *c)
{
    idx n = 0;
    for (idx step = 0; step <= c->train.steps; step++)
        n += plan_keeps(c, step);
    return n;
}

static void test_plan__files_are_counted_as_they_are_kept(void **state)
{
    static const struct key_list lists[] = {
        { 0, { 0 } },
        { 1, { 0 } },
        { 6, { 7, 40, 3, 7, 41, 1000 } },
        { 5, { 16, 5, 39, 40, 17 } },
    };
    static const idx all[] = { 0, 1, 2, 3, 5, 8, 39, 40, 41, 64, 1000 };
    struct config c = { 0 };
    (void)state;
    for (idx s = 0; s < COUNT_OF(all); s++)
        for (idx every = 0; every < COUNT_OF(all); every++)
            for (idx until = 0; until < COUNT_OF(all); until++)
                for (idx i = 0; i < COUNT_OF(lists); i++) {
                    c.train.steps = all[s];
                    c.checkpoint.every = all[every];
                    c.checkpoint.dense_until = all[until];
                    c.checkpoint.steps = lists[i];
                    assert_int_equal(plan_weights_files(&c), count_kept(&c));
                }
}

/* A walk would take minutes. */
static void test_plan__a_long_run_is_counted_at_once(void **state)
{
    struct config c = { 0 };
    (void)state;
    c.train.steps = 100000000;
    c.checkpoint.every = 10;
    c.checkpoint.dense_until = 100;
    c.checkpoint.steps.n = KEY_LIST_MAX;
    for (idx i = 0; i < KEY_LIST_MAX; i++)
        c.checkpoint.steps.v[i] = 100 + i;
    /* 0, 10, ...; 1 to 64 but none of these; nine of ten of the list, and none
     * of it twice */
    assert_int_equal(plan_weights_files(&c), 10000001 + 7 + 230);
}

/* Whatever key decides what is due at some step. */
static void test_plan__knows_every_key_of_the_schedule(void **state)
{
    struct config plain;
    struct err e = { 0 };
    idx n_keys = 0;
    (void)state;
    assert_int_equal(config_load_text(&plain, "", "test", &e), OK);
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        struct config other = plain, longer = plain;
        char text[200];
        const char *word = text;
        bool differs = false;
        if (k.key->type != KEY_INT && k.key->type != KEY_LIST)
            continue;
        bool is_list = k.key->type == KEY_LIST;
        snprintf(text, sizeof text, "%s.%s=%s", k.section->name, k.key->name,
                 is_list ? "3, 7" : "7");
        if (config_override(&other, NULL, &word, 1, 0, NULL, ERR_IGNORED) != OK)
            continue; /* not read, or not 7 */
        longer.train.steps = other.train.steps;
        for (idx step = 0; step <= 100; step++)
            differs |= plan_keeps(&longer, step) != plan_keeps(&other, step) ||
                       plan_logs(&longer, step) != plan_logs(&other, step);
        n_keys += differs;
        if (plan_is_same(&other, &plain) != !differs)
            fail_msg("%s", text);
        if (is_list && differs) { /* of one length, too */
            longer = other;
            longer.checkpoint.steps.v[1]++;
            assert_false(plan_is_same(&other, &longer));
        }
    }
    assert_int_equal(n_keys, 6);
}

/* What was opened for one context says nothing of another. */
static void test_plan__another_context_is_looked_at_anew(void **state)
{
    static const char *const short_copies[] = { "data.source=copy",
                                                "data.copy_length=16",
                                                "model.context=64" };
    struct plan_data data = { 0 };
    struct plan p;
    struct config c;
    struct err e = { 0 };
    (void)state;
    assert_int_equal(config_load(&c, NULL, short_copies, 3, NULL, &e), OK);
    assert_int_equal(plan_run(&p, &data, &c, &e), OK);
    c.model.context = 8;
    assert_int_equal(plan_run(&p, &data, &c, &e), ERR_DATA);
    assert_non_null(strstr(e.text, "nothing is copied"));
    plan_data_release(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan__files_are_counted_as_they_are_kept),
        cmocka_unit_test(test_plan__a_long_run_is_counted_at_once),
        cmocka_unit_test(test_plan__knows_every_key_of_the_schedule),
        cmocka_unit_test(test_plan__another_context_is_looked_at_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

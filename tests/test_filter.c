/* Conditions on runs: what they mean, and what is refused. */
#include "harness.h"

#include "report/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A run to ask about: 3 rows, val_loss and sink_1 not in the last one. */
static const char *const names[] = { "step", "loss", "val_loss", "sink_1" };
static double values[] = { 0,   10,   20,  NAN, 2,    1.5, /* step, loss */
                           2.5, 1.75, NAN, 0,   0.25, NAN };
static bool given[] = { 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 0 };

struct subject {
    struct config config;
    struct table table;
    struct run_facts facts;
};

static struct subject *make_subject(void)
{
    static const char *const settings[] = {
        "optim.lr=0.002",  "attention.weights=relu", "model.layers=3",
        "data.bos=no",     "checkpoint.steps=5,30",  "data.path=a and b",
        "run.init_seed=7", "data.source=text",
    };
    struct err e = { 0 };
    struct subject *s = calloc(1, sizeof *s);
    assert_non_null(s);
    if (config_load(&s->config, NULL, settings, COUNT_OF(settings), NULL, &e))
        fail_msg("%s", e.text);
    s->table = (struct table){
        .rows = 3,
        .columns = 4,
        .names = (char **)(uintptr_t)names,
        .v = values,
        .given = given,
    };
    s->facts = (struct run_facts){
        .name = "sweep/relu-1",
        .status = "done",
        .step = 20,
        .config = &s->config,
        .measured = &s->table,
    };
    return s;
}

static bool accepts(const struct run_facts *facts, const char *text)
{
    struct filter f = { 0 };
    struct err e = { 0 };
    if (filter_add(&f, text, &e) != OK)
        fail_msg("%s", e.text);
    bool is_accepted = filter_accepts(&f, facts);
    filter_release(&f);
    return is_accepted;
}

static void test_filter__conditions_are_by_type(void **state)
{
    (void)state;
    static const char *const hold[] = {
        "optim.lr>1e-3",
        "optim.lr = 2e-3",
        "optim.lr==0.002",
        "optim.lr>=0.002",
        "optim.lr<=0.002",
        "optim.lr<0.0020001",
        "optim.lr!=1",
        "model.layers=3",
        "model.layers>2.5",
        "run.init_seed=7",
        "attention.weights=relu",
        "attention.weights!=softmax",
        "data.bos=off",
        "data.bos!=yes",
        "checkpoint.steps=5, 30",
        "checkpoint.steps=5,30",
        "checkpoint.steps!=5",
        "data.path='a and b'",
        "data.path=\"a and b\"",
        "data.hash=",
        "status=done",
        "status!=running",
        "name=sweep/relu-1",
        "name=*relu*",
        "name!=*softmax*",
        "step=20",
        "loss<=1.5",
        "val_loss=1.75",
        "sink_1>0.2",
        "sink_1 < 0.3",
        "optim.lr>1e-3 and status=done",
        "  optim.lr>1e-3   AND model.layers=3\tand name=s* ",
        "optim.lr>1 or step=20",
        "step=20 or optim.lr>1",
        "status=failed and step=20 or status=done and loss<2",
        "optim.lr>1 OR step=1 or name=*relu*",
        "attention.weights = relu | sigmoid",
        "attention.weights!=softmax|sigmoid",
        "status=failed|done",
        "model.layers = 1 | 3",
        "name!=sweep/relu-1|sweep/relu-2", /* one name with a bar in it */
        "data.path!=a|b",
        "name!=this or that",
    };
    static const char *const fail[] = {
        "optim.lr>0.002",
        "optim.lr<0.002",
        "optim.lr=0.0020000001",
        "optim.lr!=0.002",
        "model.layers!=3",
        "attention.weights=softmax",
        "data.bos=yes",
        "checkpoint.steps=5",
        "data.path=a",
        "status=failed",
        "name=relu*",
        "step>20",
        "sink_1>=0.2500001",
        "optim.lr>1e-3 and status=failed",
        "status=failed and step=20",
        "optim.lr>1 or step=2",
        "status=failed or status=done and step=2",
        "status!=failed|done",
        "attention.weights != softmax | relu",
        "name=this or that",
        "name='x or step=20'",
    };
    struct subject *s = make_subject();
    for (idx i = 0; i < COUNT_OF(hold); i++)
        if (!accepts(&s->facts, hold[i]))
            fail_msg("%s: refused", hold[i]);
    for (idx i = 0; i < COUNT_OF(fail); i++)
        if (accepts(&s->facts, fail[i]))
            fail_msg("%s: accepted", fail[i]);
    free(s);
}

/* The last value counts even if it is nan: no earlier one stands in for it. */
static void test_filter__nan_is_a_value_that_fits_nothing(void **state)
{
    (void)state;
    struct subject *s = make_subject();
    bool is_nan[12];
    memcpy(is_nan, given, sizeof is_nan);
    is_nan[8] = true; /* val_loss of the last row was measured: nan */
    s->table.given = is_nan;
    assert_true(accepts(&s->facts, "sink_1=0.25"));
    assert_false(accepts(&s->facts, "val_loss=1.75"));
    assert_false(accepts(&s->facts, "val_loss<2"));
    assert_false(accepts(&s->facts, "val_loss>=1"));
    assert_true(accepts(&s->facts, "val_loss!=1.75"));
    free(s);
}

static void test_filter__of_what_is_unknown_only_unequal_holds(void **state)
{
    (void)state;
    const struct table none = { 0 };
    const struct run_facts unknown = {
        .name = "x", .status = "unknown", .step = NAN, .measured = &none
    };
    static const char *const fields[] = { "optim.lr", "step", "sink_1",
                                          "val_loss", "first_mass_raw" };
    static const char *const signs[] = { "=", "<", "<=", ">", ">=" };
    for (idx i = 0; i < COUNT_OF(fields); i++) {
        char text[64];
        for (idx k = 0; k < COUNT_OF(signs); k++) {
            snprintf(text, sizeof text, "%s%s0", fields[i], signs[k]);
            assert_false(accepts(&unknown, text));
        }
        snprintf(text, sizeof text, "%s!=0", fields[i]);
        assert_true(accepts(&unknown, text));
    }
    assert_false(accepts(&unknown, "attention.weights=relu"));
    assert_true(accepts(&unknown, "attention.weights!=relu"));
}

static void test_filter__no_condition_accepts_all(void **state)
{
    (void)state;
    const struct filter f = { 0 };
    struct subject *s = make_subject();
    assert_true(filter_accepts(&f, &s->facts));
    free(s);
}

static void test_filter__conditions_add_up(void **state)
{
    (void)state;
    struct filter f = { 0 };
    struct err e = { 0 };
    struct subject *s = make_subject();
    assert_int_equal(filter_add(&f, "optim.lr>1e-3", &e), OK);
    assert_int_equal(filter_add(&f, "model.layers=3 and step>1", &e), OK);
    assert_true(filter_accepts(&f, &s->facts));
    assert_int_equal(filter_add(&f, "step>100 or step=20", &e), OK);
    assert_true(filter_accepts(&f, &s->facts));
    assert_int_equal(filter_add(&f, "step>100", &e), OK);
    assert_false(filter_accepts(&f, &s->facts));
    filter_release(&f);
    free(s);
}

static void test_filter__mistakes_are_named_with_a_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "", "want a condition as optim.lr>1e-3" },
        { "optim.lr", "want a condition as" },
        { "optim.lr!3", "want a condition as" },
        { "optim.lrr>3",
          "no key or value 'optim.lrr', did you mean optim.lr?" },
        { "lr>3", "did you mean optim.lr?" },
        { "weights=relu", "did you mean attention.weights?" },
        { "stats=done", "did you mean status?" },
        { "stp>3", "did you mean step?" },
        { "first_mas>0.1", "did you mean first_mass?" },
        { "zzzzzz=1", "want a key as optim.lr" },
        { ">3", "want a condition as" },
        { "optim.lr>", "got '', want a number" },
        { "optim.lr>1e-3x", "got '1e-3x', want a number" },
        { "step=nan", "got 'nan', want a number" },
        { "status=dnoe", "did you mean done?" },
        { "status=zz", "want one of waiting, running, done" },
        { "status>done", "only be = or !=" },
        { "name<b", "only be = or !=" },
        { "attention.weights>relu", "only be = or !=" },
        { "attention.weights=rleu", "did you mean relu?" },
        { "data.bos=maybe", "yes or no" },
        { "optim.lr>1 or steps", "got '1 or steps', want a number" },
        { "optim.lr>1 or stp=2", "no key or value 'stp', did you mean step?" },
        { "model.layers=1||2", "got '', want a number" },
        { "attention.weights=relu|sfotmax", "did you mean softmax?" },
        { "optim.lr>1 and", "got '1 and', want a number" },
        { "optim.lr>1 and ", "want a condition as" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct filter f = { 0 };
        struct err e = { 0 };
        assert_int_equal(filter_add(&f, cases[i].text, &e), ERR_USAGE);
        if (!strstr(e.text, cases[i].want))
            fail_msg("%s: got \"%s\", want \"%s\"", cases[i].text, e.text,
                     cases[i].want);
        filter_release(&f);
    }
}

static void test_filter__too_many_are_refused(void **state)
{
    (void)state;
    char text[1024] = "step>0";
    struct filter f = { 0 };
    struct err e = { 0 };
    for (idx i = 0; i < FILTER_CONDITIONS_MAX; i++)
        assert_int_equal(filter_add(&f, "step>0", &e), OK);
    assert_int_equal(filter_add(&f, "step>0", &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "more than 16 conditions"));
    filter_release(&f);
    e = (struct err){ 0 };
    for (idx i = 1; i < CONDITION_TERMS_MAX; i++)
        strcat(text, " and step>0");
    assert_int_equal(filter_add(&f, text, &e), OK);
    strcat(text, " and step>0");
    assert_int_equal(filter_add(&f, text, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "one of more than 16 terms"));
    filter_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter__conditions_are_by_type),
        cmocka_unit_test(test_filter__nan_is_a_value_that_fits_nothing),
        cmocka_unit_test(test_filter__of_what_is_unknown_only_unequal_holds),
        cmocka_unit_test(test_filter__no_condition_accepts_all),
        cmocka_unit_test(test_filter__conditions_add_up),
        cmocka_unit_test(test_filter__mistakes_are_named_with_a_remedy),
        cmocka_unit_test(test_filter__too_many_are_refused),
    };
    return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}

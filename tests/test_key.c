#include "harness.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/key.h"
#include "base/nearest.h"
#include "base/rng.h"
#include "base/text.h"

struct sample {
    idx count;
    double rate, wide;
    bool is_on;
    char path[KEY_TEXT_MAX];
    int color;
    struct key_list steps;
    struct key_steps factor;
};

static const char *color_name(int i)
{
    static const char *const names[] = { "red", "green", "dark-green" };
    return i >= 0 && i < COUNT_OF(names) ? names[i] : NULL;
}

#define FIELD(f) offsetof(struct sample, f)
static const struct key count_key = { "count", KEY_INT, FIELD(count), "1",
                                      -5,      1e6,     NULL,         0,
                                      "",      NULL };
static const struct key rate_key = { "rate", KEY_REAL, FIELD(rate), "0", 0,
                                     1,      NULL,     0,           "",  NULL };
static const struct key wide_key = { "wide",    KEY_REAL, FIELD(wide), "0",
                                     -HUGE_VAL, HUGE_VAL, NULL,        0,
                                     "",        NULL };
static const struct key on_key = { "on", KEY_BOOL, FIELD(is_on), "no", 0, 0,
                                   NULL, 0,        "",           NULL };
static const struct key path_key = { "path", KEY_TEXT, FIELD(path), "", 0,
                                     0,      NULL,     0,           "", NULL };
static const struct key color_key = { "color", KEY_CHOICE, FIELD(color), "red",
                                      0,       0,          color_name,   0,
                                      "",      NULL };
static const struct key steps_key = { "steps", KEY_LIST, FIELD(steps), "",
                                      0,       1e8,      NULL,         0,
                                      "",      NULL };

static const struct key factor_key = { "factor", KEY_STEPS, FIELD(factor), "0",
                                       -1,       1,         NULL,          0,
                                       "",       NULL };

/* Parse, which must succeed, and print again. */
static const char *round_trip(const struct key *key, const char *text)
{
    static char printed[KEY_PRINT_MAX];
    struct sample s = { 0 };
    struct err e = { 0 };
    if (key_parse(key, &s, text, &e))
        fail_msg("%s: '%s' refused: %s", key->name, text, e.text);
    int n = key_print(key, &s, printed, sizeof printed);
    assert_int_equal(n, strlen(printed));
    return printed;
}

/* Parse, which must fail and leave all bytes alone; the message. */
static const char *refusal(const struct key *key, const char *text)
{
    static struct err e;
    struct sample s, before;
    memset(&s, 0x5a, sizeof s);
    before = s;
    memset(&e, 0, sizeof e);
    if (key_parse(key, &s, text, &e) != ERR_CONFIG)
        fail_msg("%s: '%s' accepted", key->name, text);
    assert_int_equal(e.code, ERR_CONFIG);
    assert_memory_equal(&s, &before, sizeof s);
    return e.text;
}

static void test_key__integers_are_plain_or_integral(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        { "0", "0" },      { "2000", "2000" }, { "1e4", "10000" },
        { "-5", "-5" },    { "+7", "7" },      { "1000000", "1000000" },
        { "2.5e1", "25" }, { "007", "7" },     { "3.0", "3" },
        { "1E+2", "100" },
    };
    for (idx i = 0; i < COUNT_OF(good); i++)
        assert_string_equal(round_trip(&count_key, good[i][0]), good[i][1]);
}

static void test_key__bad_integers_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",     " ",   "1 ",   " 1",  "1.5",  "0x10", "nan",
        "inf",  "1e",  "e3",   "1,5", "1k",   "--1",  "9999999999999999999",
        "1e99", "abc", "1e-1", "-6",  "1e7",  ".",    "+",
        "1_0",  "1;",  "1 2",  "1e+", "1.5.1"
    };
    for (idx i = 0; i < COUNT_OF(bad); i++)
        refusal(&count_key, bad[i]);
    assert_string_equal(refusal(&count_key, "-6"),
                        "got '-6', want integer, -5 to 1000000");
    assert_string_equal(refusal(&count_key, "1-3"),
                        "got '1-3', want integer, -5 to 1000000; on an axis "
                        "1 to 3 is all from one to three");
    assert_string_equal(refusal(&count_key, "1, 3"),
                        "got '1, 3', want integer, -5 to 1000000; the values "
                        "of an axis stand in [axes] of a sweep file");
    assert_string_equal(refusal(&count_key, "\"1\""),
                        "got '\"1\"', want integer, -5 to 1000000; values "
                        "stand without quotes");
    /* Within the bound once it is rounded to a double */
    struct key wide = count_key;
    wide.max = 9007199254740992.0;
    assert_string_equal(round_trip(&wide, "9007199254740992"),
                        "9007199254740992");
    refusal(&wide, "9007199254740993");
}

static void test_key__bad_reals_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",       "nan",    "NaN", "inf",   "-inf",   "0x1p-1",
        "1.0001", "-0.1",   "0,5", "1e",    "1e400",  "0.5f",
        "0.5 ",   "1e-999", "1/2", "infin", "1e5000", "0.1.2",
    };
    for (idx i = 0; i < COUNT_OF(bad); i++)
        refusal(&rate_key, bad[i]);
    assert_string_equal(refusal(&rate_key, "nan"),
                        "got 'nan', want number, 0 to 1");
    refusal(&wide_key, "1e400");
    refusal(&wide_key, "inf");
}

static void test_key__reals_print_with_the_fewest_digits(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        { "3e-4", "0.0003" },
        { "0.00001", "1e-5" },
        { "100", "100" },
        { "1e15", "1000000000000000" },
        { "1e16", "1e16" },
        { ".5", "0.5" },
        { "5.", "5" },
        { "-0.1", "-0.1" },
        { "-0", "0" }, /* one number has one form */
        { "1.50", "1.5" },
        { "0.30000000000000004", "0.30000000000000004" },
        { "1e-8", "1e-8" },
        { "1.25e-300", "1.25e-300" },
        { "6.02214076e23", "6.02214076e23" },
        { "123456.75", "123456.75" },
    };
    for (idx i = 0; i < COUNT_OF(good); i++)
        assert_string_equal(round_trip(&wide_key, good[i][0]), good[i][1]);
}

static void test_key__every_real_survives_printing(void **state)
{
    (void)state;
    struct rng r = rng_open(1, RNG_TEST, 0, 0);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        union {
            uint64_t bits;
            double value;
        } any = { .bits = (uint64_t)rng_u32(&r) << 32 | rng_u32(&r) };
        struct sample s = { 0 }, back = { 0 };
        s.wide = i % 2 ? any.value : ldexp(rng_uniform(&r) - 0.5, i % 200 - 99);
        if (!isnormal(s.wide))
            continue;
        key_print(&wide_key, &s, text, sizeof text);
        assert_int_equal(key_parse(&wide_key, &back, text, ERR_IGNORED), OK);
        assert_memory_equal(&s.wide, &back.wide, sizeof s.wide);
    }
}

static void test_key__booleans_have_eight_spellings(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "yes", "true", "on", "1", "Yes", "TRUE"
    };
    static const char *const no[] = { "no", "false", "off", "0", "Off" };
    for (idx i = 0; i < COUNT_OF(yes); i++)
        assert_string_equal(round_trip(&on_key, yes[i]), "yes");
    for (idx i = 0; i < COUNT_OF(no); i++)
        assert_string_equal(round_trip(&on_key, no[i]), "no");
    assert_string_equal(refusal(&on_key, "2"), "got '2', want yes or no");
    refusal(&on_key, "");
    refusal(&on_key, "y");
}

static void test_key__a_wrong_choice_names_the_nearest_and_all(void **state)
{
    (void)state;
    assert_string_equal(round_trip(&color_key, "dark-green"), "dark-green");
    assert_string_equal(refusal(&color_key, "gren"),
                        "got 'gren', want one of red, green, dark-green; did "
                        "you mean green?");
    assert_string_equal(refusal(&color_key, "Red"),
                        "got 'Red', want one of red, green, dark-green; did "
                        "you mean red?");
    assert_string_equal(refusal(&color_key, "violet"),
                        "got 'violet', want one of red, green, dark-green");
    refusal(&color_key, "");
}

static void test_key__texts_that_a_file_cannot_hold_are_refused(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",        "a",    "runs/a b",       "x#y;z",
        "a = b",   "[x]",  "C:\\dir\\f.txt", "\xc3\xa4\xe2\x82\xac",
        "a    b",  "100%", "'quoted'",       "x=[1]",
        "include", "a,b",
    };
    for (idx i = 0; i < COUNT_OF(good); i++)
        assert_string_equal(round_trip(&path_key, good[i]), good[i]);
    static const char *const bad[] = {
        " a", "a ", "a #b", "a ;b", "#a", ";a", "a\tb", "a\nb", "\x7f", "a\r",
    };
    for (idx i = 0; i < COUNT_OF(bad); i++)
        refusal(&path_key, bad[i]);
    assert_string_equal(refusal(&path_key, "run #3"),
                        "got 'run #3', want text in which no # or ; comes "
                        "first or after a blank: it would start a comment");
    assert_string_equal(refusal(&path_key, "a\nb"),
                        "got 'a?b' with control character 10 at byte 2, want "
                        "printable text");
}

static void test_key__texts_have_a_longest(void **state)
{
    (void)state;
    char text[KEY_TEXT_MAX + 1];
    memset(text, 'x', sizeof text);
    text[KEY_TEXT_MAX - 1] = '\0';
    assert_string_equal(round_trip(&path_key, text), text);
    text[KEY_TEXT_MAX - 1] = 'x';
    text[KEY_TEXT_MAX] = '\0';
    assert_string_equal(refusal(&path_key, text),
                        "got 1024 bytes, want at most 1023");
}

static void test_key__a_shorter_text_leaves_no_trace_of_the_longer(void **state)
{
    (void)state;
    struct sample s = { 0 }, fresh = { 0 };
    assert_int_equal(key_parse(&path_key, &s, "a long one", ERR_IGNORED), OK);
    assert_int_equal(key_parse(&path_key, &s, "b", ERR_IGNORED), OK);
    assert_int_equal(key_parse(&path_key, &fresh, "b", ERR_IGNORED), OK);
    assert_memory_equal(&s, &fresh, sizeof s);
}

static void test_key__lists_are_integers_and_commas(void **state)
{
    (void)state;
    assert_string_equal(round_trip(&steps_key, ""), "");
    assert_string_equal(round_trip(&steps_key, "5"), "5");
    assert_string_equal(round_trip(&steps_key, "1,2 ,  1e3"), "1, 2, 1000");
    static const char *const bad[] = { ",",    "1,",  "1,,2", "1 2", "1;2",
                                       "-1",   "1e9", "1,x",  "1.5", " ",
                                       "1,2,", ",1",  "nan",  "0x1" };
    for (idx i = 0; i < COUNT_OF(bad); i++)
        refusal(&steps_key, bad[i]);
    assert_string_equal(refusal(&steps_key, "1, two"),
                        "got 'two', want up to 256 integers separated by "
                        "commas, 0 to 100000000");
    assert_non_null(
        strstr(refusal(&steps_key, "0000000000000000000000000000000"
                                   "0000000000000000000000000000000"
                                   "0000000000000000000000000000005"),
               "got '000"));
}

static void test_key__lists_have_a_longest(void **state)
{
    (void)state;
    char text[4 * KEY_LIST_MAX + 8] = "";
    struct text t = { .at = text, .cap_bytes = sizeof text };
    for (int i = 0; i < KEY_LIST_MAX; i++)
        text_add(&t, "%s%d", i ? "," : "", i % 10);
    round_trip(&steps_key, text);
    text_add(&t, ",1");
    assert_string_equal(refusal(&steps_key, text), "got more than 256 items");
}

static void test_key__numbers_in_turn_are_read_and_printed(void **state)
{
    (void)state;
    static const char *const same[][2] = {
        { "0.5", "0.5" },
        { "-0", "0" },
        { "0 until 1000, 1e-4", "0 until 1000, 0.0001" },
        { " 1e-1   until 5 ,0.2 until  1e3,0", "0.1 until 5, 0.2 until 1000, "
                                               "0" },
        { "0 until 5, 0 until 7, 0", "0" }, /* one number has one form */
        { "0 until 5, 1 until 7, 1", "0 until 5, 1" },
    };
    for (idx i = 0; i < COUNT_OF(same); i++)
        assert_string_equal(round_trip(&factor_key, same[i][0]), same[i][1]);
    static const char *const bad[] = {
        "",
        "x",
        "2",
        "0 until 5",
        "0, 1",
        "0 until, 1",
        "0 until 5,",
        "0 until 5, 1 until 5, 0",
        "0 until 0, 1",
        "0 until x, 1",
        "0 until 1.5, 1",
        "until 5, 1",
        "0 until 5 until 6, 1",
        "0 until 5, 1 until 4, 0",
        "nan until 5, 1",
        "0 until 2e9, 1",
    };
    for (idx i = 0; i < COUNT_OF(bad); i++)
        refusal(&factor_key, bad[i]);
    assert_string_equal(refusal(&factor_key, "0 until 5, 1 until 5, 0"),
                        "got until 5 behind until 5, want steps that rise");
    assert_string_equal(refusal(&factor_key, "3"),
                        "got '3', want number, -1 to 1, or several in turn, as "
                        "0 until 1000, 1");
}

static void test_key__numbers_in_turn_hold_until_their_step(void **state)
{
    (void)state;
    struct sample o;
    struct err e = { 0 };
    assert_int_equal(
        key_parse(&factor_key, &o, "0.25 until 2, -1 until 4, 1", &e), OK);
    static const double want[] = { 0.25, 0.25, -1, -1, 1, 1 };
    for (idx i = 0; i < COUNT_OF(want); i++)
        assert_true(key_steps_at(&o.factor, i) == want[i]);
    assert_true(key_steps_at(&(struct key_steps){ 0 }, 3) == 0);
}

static void test_key__numbers_in_turn_have_a_longest(void **state)
{
    (void)state;
    char text[32 * KEY_STEPS_MAX] = "";
    struct text t = { .at = text, .cap_bytes = sizeof text };
    for (int i = 1; i < KEY_STEPS_MAX; i++)
        text_add(&t, "0.%d until %d, ", i % 10, 1000 + i);
    char longer[sizeof text + 32];
    snprintf(longer, sizeof longer, "%s0.9 until 9999, 0.5", text);
    text_add(&t, "0.5");
    round_trip(&factor_key, text);
    assert_string_equal(refusal(&factor_key, longer),
                        "got more than 64 values in turn");
}

static void test_key__describe_speaks_of_bounds(void **state)
{
    (void)state;
    char text[128];
    struct key half = rate_key;
    key_describe(&rate_key, text, sizeof text);
    assert_string_equal(text, "number, 0 to 1");
    half.max = HUGE_VAL;
    key_describe(&half, text, sizeof text);
    assert_string_equal(text, "number, at least 0");
    half.min = -HUGE_VAL;
    half.max = 1e-3;
    key_describe(&half, text, sizeof text);
    assert_string_equal(text, "number, at most 0.001");
    key_describe(&wide_key, text, sizeof text);
    assert_string_equal(text, "number");
    key_describe(&path_key, text, sizeof text);
    assert_string_equal(text, "text, at most 1023 bytes");
    assert_int_equal(key_describe(&color_key, text, 8),
                     strlen("one of red, green, dark-green"));
    assert_string_equal(text, "one of ");
}

static void test_key__help_says_what_a_number_means(void **state)
{
    char text[KEY_MEANING_MAX];
    struct key key = { .name = "k",
                       .type = KEY_INT,
                       .help = "of 0: not this; tokens; -1: own; 0: all of it; "
                               "1: a, b; 2: longer than what fits" };
    (void)state;
    assert_string_equal(key_meaning(text, &key, "0"), "all of it");
    assert_string_equal(key_meaning(text, &key, "-1"), "own");
    assert_string_equal(key_meaning(text, &key, "1"), "");
    assert_string_equal(key_meaning(text, &key, "2"), "");
    assert_string_equal(key_meaning(text, &key, "3"), "");
    key.type = KEY_TEXT;
    assert_string_equal(key_meaning(text, &key, "0"), "");
}

static void test_key__messages_stay_on_one_short_line(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    text[3] = '\n';
    const char *message = refusal(&count_key, text);
    assert_null(strchr(message, '\n'));
    assert_true(strlen(message) < 120);
    assert_non_null(strstr(message, "..."));
}

static void test_nearest__counts_the_four_edits(void **state)
{
    (void)state;
    assert_int_equal(name_distance("width", "width"), 0);
    assert_int_equal(name_distance("width", "WIDTH"), 0);
    assert_int_equal(name_distance("width", "widht"), 1);
    assert_int_equal(name_distance("width", "with"), 1);
    assert_int_equal(name_distance("width", "wwidth"), 1);
    assert_int_equal(name_distance("width", "wadth"), 1);
    assert_int_equal(name_distance("", "abc"), 3);
    assert_int_equal(name_distance("abc", ""), 3);
    assert_int_equal(name_distance("kitten", "sitting"), 3);
    assert_int_equal(name_distance("ca", "abc"), 3);
}

static void test_nearest__takes_the_best_close_one(void **state)
{
    (void)state;
    static const char *const names[] = { "lr",    "width", "weight_decay",
                                         "batch", "beta1", "beta2",
                                         "z" };
    static const char *const cases[][2] = {
        { "widht", "width" },
        { "weigth_decay", "weight_decay" },
        { "batch_size", "batch" },
        { "decay", "weight_decay" },
        { "beta", "beta1" },
        { "zzz", NULL },
        { "", NULL },
        { "l", "lr" },
        { "q", NULL },
        { "xy", NULL },
    };
    for (idx c = 0; c < COUNT_OF(cases); c++) {
        struct nearest n = { .wanted = cases[c][0] };
        for (idx i = 0; i < COUNT_OF(names); i++)
            nearest_offer(&n, names[i]);
        if (cases[c][1])
            assert_string_equal(n.name, cases[c][1]);
        else
            assert_null(n.name);
    }
    char endless[300];
    memset(endless, 'b', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    struct nearest n = { .wanted = endless };
    nearest_offer(&n, "batch");
    assert_null(n.name);
}

static void test_hash__is_xxh3_and_prints_all_digits(void **state)
{
    (void)state;
    char hex[HASH_HEX_MAX];
    hash_hex(hex, hash_bytes(NULL, 0));
    assert_string_equal(hex, "2d06800538d394c2"); /* XXH3-64 of nothing */
    hash_hex(hex, 0x1f);
    assert_string_equal(hex, "000000000000001f");
    assert_true(hash_bytes("a", 1) != hash_bytes("b", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key__integers_are_plain_or_integral),
        cmocka_unit_test(test_key__bad_integers_are_refused),
        cmocka_unit_test(test_key__bad_reals_are_refused),
        cmocka_unit_test(test_key__reals_print_with_the_fewest_digits),
        cmocka_unit_test(test_key__every_real_survives_printing),
        cmocka_unit_test(test_key__booleans_have_eight_spellings),
        cmocka_unit_test(test_key__a_wrong_choice_names_the_nearest_and_all),
        cmocka_unit_test(test_key__texts_that_a_file_cannot_hold_are_refused),
        cmocka_unit_test(test_key__texts_have_a_longest),
        cmocka_unit_test(
            test_key__a_shorter_text_leaves_no_trace_of_the_longer),
        cmocka_unit_test(test_key__lists_are_integers_and_commas),
        cmocka_unit_test(test_key__lists_have_a_longest),
        cmocka_unit_test(test_key__numbers_in_turn_are_read_and_printed),
        cmocka_unit_test(test_key__numbers_in_turn_hold_until_their_step),
        cmocka_unit_test(test_key__numbers_in_turn_have_a_longest),
        cmocka_unit_test(test_key__describe_speaks_of_bounds),
        cmocka_unit_test(test_key__help_says_what_a_number_means),
        cmocka_unit_test(test_key__messages_stay_on_one_short_line),
        cmocka_unit_test(test_nearest__counts_the_four_edits),
        cmocka_unit_test(test_nearest__takes_the_best_close_one),
        cmocka_unit_test(test_hash__is_xxh3_and_prints_all_digits),
    };
    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}

/* Command lines: every spelling that is valid, and what is said of others. */
#include "cmd/cmd.h"
#include "harness.h"

#include <string.h>

struct all_types {
    bool flag;
    const char *text;
    idx count;
    double number;
};

#define FIELD(f) .offset = offsetof(struct all_types, f)
static const struct command_option options[] = {
    { .name = "flag", FIELD(flag), .help = "a flag" },
    { .name = "text",
      .letter = 'o',
      .type = OPTION_TEXT,
      FIELD(text),
      .value = "FILE",
      .help = "a text" },
    { .name = "count",
      .type = OPTION_COUNT,
      FIELD(count),
      .value = "N",
      .max = 9,
      .help = "a count" },
    { .name = "number",
      .type = OPTION_NUMBER,
      FIELD(number),
      .value = "X",
      .min = -1,
      .max = 1,
      .help = "a number" },
    { .name = NULL },
};
#undef FIELD

static const struct command with_settings = {
    .name = "try",
    .options = options,
    .takes_settings = true,
    .missing = "which one? Try x",
};
static const struct command with_one_path = {
    .name = "try",
    .options = options,
    .words_max = 1,
    .takes_settings = true,
};
static const struct command with_words = { .name = "try", .words_max = 2 };

enum { ARGUMENTS_MAX = 8 };

/* Parse arguments that end with NULL. */
static int parse(const struct command *c, struct all_types *x, struct words *w,
                 const char *const *arguments, struct err *e)
{
    static char lines[ARGUMENTS_MAX + 1][64];
    char *argv[ARGUMENTS_MAX + 2] = { lines[0] };
    int argc = 1;
    for (; arguments[argc - 1]; argc++) {
        snprintf(lines[argc], sizeof lines[argc], "%s", arguments[argc - 1]);
        argv[argc] = lines[argc];
    }
    *e = (struct err){ 0 };
    return command_parse(c, x, w, argc, argv, e);
}

static void test_cmd__every_spelling_gives_the_same(void **state)
{
    (void)state;
    static const char *const lines[][ARGUMENTS_MAX] = {
        { "a", "--flag", "--text", "t", "--count", "3", "b=1" },
        { "--text=t", "--count=3", "--flag", "b=1", "a" },
        { "-ot", "b=1", "--count", "3", "a", "--flag" },
        { "-o=t", "a", "b=1", "--count=3", "--flag" },
        { "-o", "t", "--flag", "b=1", "--count=3", "--", "a" },
    };
    for (idx i = 0; i < COUNT_OF(lines); i++) {
        struct all_types x = { .number = 0.5 };
        struct words w;
        struct err e;
        assert_int_equal(parse(&with_settings, &x, &w, lines[i], &e), OK);
        assert_true(x.flag && x.count == 3 && x.number == 0.5);
        assert_string_equal(x.text, "t");
        assert_int_equal(w.n, 1);
        assert_string_equal(w.at[0], "a");
        assert_int_equal(w.n_settings, 1);
        assert_string_equal(w.settings[0], "b=1");
        words_release(&w);
    }
}

static void test_cmd__values_may_look_like_options(void **state)
{
    (void)state;
    struct all_types x = { .flag = false };
    struct words w;
    struct err e;
    const char *const line[] = { "--text", "-", "--number", "-1", "-", NULL };
    assert_int_equal(parse(&with_settings, &x, &w, line, &e), OK);
    assert_string_equal(x.text, "-");
    assert_true(x.number == -1);
    assert_int_equal(w.n, 1);
    assert_string_equal(w.at[0], "-");
    words_release(&w);
}

static void test_cmd__values_ask_for_no_help(void **state)
{
    (void)state;
    static const struct {
        const struct command *command;
        const char *line[ARGUMENTS_MAX];
        bool asks;
    } cases[] = {
        { &with_settings, { "a", "-h" }, true },
        { &with_settings, { "--text", "-h" }, false },
        { &with_settings, { "-o", "-h" }, false },
        { &with_settings, { "--text=a", "-h" }, true },
        { &with_settings, { "-oa", "-h" }, true },
        { &with_settings, { "-o", "a", "-h" }, true },
        { &with_settings, { "--flag", "-h" }, true },
        { &with_settings, { "-x", "-h" }, true },
        { &with_settings, { "--", "-h" }, false },
        { &with_settings, { "-", "-h" }, true },
        { &with_words, { "--text", "-h" }, true },
        { NULL, { "--text", "-h" }, true },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char lines[ARGUMENTS_MAX][64], *argv[ARGUMENTS_MAX];
        int n = 0;
        for (; n < ARGUMENTS_MAX && cases[i].line[n]; n++) {
            snprintf(lines[n], sizeof lines[n], "%s", cases[i].line[n]);
            argv[n] = lines[n];
        }
        if (command_asks(cases[i].command, n, argv, "-h") != cases[i].asks)
            fail_msg("case %td", i);
    }
}

static void test_cmd__paths_may_look_like_settings(void **state)
{
    (void)state;
    struct all_types x = { .flag = false };
    struct words w;
    struct err e;
    const char *const behind[] = { "--", "lr=1", "--flag", NULL };
    assert_int_equal(parse(&with_settings, &x, &w, behind, &e), OK);
    assert_int_equal(w.n, 2);
    assert_int_equal(w.n_settings, 0);
    assert_false(x.flag);
    words_release(&w);
    const char *const first[] = { "runs/lr=1", "optim.lr=2", NULL };
    assert_int_equal(parse(&with_one_path, &x, &w, first, &e), OK);
    assert_string_equal(w.at[0], "runs/lr=1");
    assert_string_equal(w.settings[0], "optim.lr=2");
    words_release(&w);
    const char *const any[] = { "runs/lr=1", "data.path=a/b=c", "./b=1", NULL };
    assert_int_equal(parse(&with_settings, &x, &w, any, &e), OK);
    assert_int_equal(w.n, 2);
    assert_string_equal(w.at[0], "runs/lr=1");
    assert_string_equal(w.at[1], "./b=1");
    assert_int_equal(w.n_settings, 1);
    assert_string_equal(w.settings[0], "data.path=a/b=c");
    words_release(&w);
}

static void test_cmd__what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const struct command *command;
        const char *line[ARGUMENTS_MAX], *want;
    } cases[] = {
        { &with_settings,
          { NULL },
          "try: which one? Try x, or `sinklab help try`" },
        { &with_settings, { "b=1" }, "which one?" },
        { &with_settings,
          { "--falg" },
          "unknown option --falg, did you mean --flag?" },
        { &with_settings,
          { "--counts=3" },
          "unknown option --counts=3, did you mean --count?" },
        { &with_settings,
          { "--what" },
          "unknown option --what (see `sinklab help try`)" },
        { &with_settings, { "-x" }, "unknown option -x" },
        { &with_settings, { "--fl" }, "try: unknown option --fl" },
        { &with_settings, { "--f" }, "try: unknown option --f" },
        { &with_settings, { "--coun=3" }, "did you mean --count?" },
        { &with_settings, { "--coun", "3" }, "did you mean --count?" },
        { &with_settings, { "--tex" }, "did you mean --text?" },
        { &with_settings, { "--flag=1" }, "try: --flag takes no value" },
        { &with_settings, { "--flag=" }, "try: --flag takes no value" },
        { &with_settings,
          { "--text" },
          "try: --text without a value (see `sinklab help try`)" },
        { &with_settings, { "--text=" }, "try: --text without a value" },
        { &with_settings, { "--text", "" }, "try: --text without a value" },
        { &with_settings, { "-o" }, "try: -o without a value" },
        { &with_settings,
          { "--count", "x" },
          "--count: got 'x', want integer, 0 to 9 (see `sinklab help try`)" },
        { &with_settings, { "--count=1.5" }, "--count: got '1.5'" },
        { &with_settings,
          { "--number=nan" },
          "--number: got 'nan', want number" },
        { &with_one_path,
          { "a", "b" },
          "b is neither an option nor an override" },
        { &with_one_path,
          { "a", "b/c=1" },
          "b/c=1 is neither an option nor an override" },
        { &with_one_path,
          { "a", "--", "b.c=1" },
          "b.c=1 stands behind --, where no options or settings are" },
        { &with_one_path,
          { "--", "a", "--flag" },
          "--flag stands behind --, where no options or settings are" },
        { &with_one_path,
          { "a", "--", "b" },
          "b is neither an option nor an override" },
        { &with_settings, { "" }, "try: a name or path is empty" },
        { &with_settings, { "--", "" }, "try: a name or path is empty" },
        { &with_words, { "a", "b", "c" }, "unexpected argument c" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct all_types x = { .flag = false };
        struct words w;
        struct err e;
        assert_int_equal(parse(cases[i].command, &x, &w, cases[i].line, &e),
                         ERR_USAGE);
        if (!strstr(e.text, cases[i].want))
            fail_msg("got \"%s\", want \"%s\"", e.text, cases[i].want);
        words_release(&w);
    }
}

static void check_row(const struct command *c)
{
    assert_true(*c->summary && c->synopsis && *c->about && c->run);
    for (const struct command_option *o = c->options; o && o->name; o++) {
        assert_int_equal(o->type == OPTION_FLAG, o->value == NULL);
        assert_true(*o->help);
        if (o->type == OPTION_COUNT || o->type == OPTION_NUMBER)
            assert_true(o->min < o->max);
    }
}

static void test_cmd__commands_say_what_they_are(void **state)
{
    (void)state;
    struct err e = { 0 };
    idx n;
    for (idx i = 0; commands[i]; i++) {
        const struct command *c = commands[i];
        assert_true(command_find(&n, 1, &c->name, &e) == c);
        assert_int_equal(n, 1);
        if (!c->parts)
            check_row(c);
        for (idx j = 0; c->parts && c->parts[j]; j++) {
            const char *name = c->parts[j]->name;
            const char *const words[] = { c->name, strchr(name, ' ') + 1 };
            assert_true(command_find(&n, 2, words, &e) == c->parts[j]);
            assert_int_equal(n, 2);
            assert_memory_equal(name, c->name, strlen(c->name));
            check_row(c->parts[j]);
        }
    }
}

static void test_cmd__names_that_are_none_have_neighbours(void **state)
{
    static const struct {
        idx n;
        const char *words[2], *want;
    } cases[] = {
        { 1, { "trian" }, "'trian', did you mean train?" },
        { 2, { "data", "haed" }, "data: no 'haed', did you mean head" },
        { 2, { "data", "tiny.ini" }, "data: no 'tiny.ini'; there are " },
    };
    const char *const option[] = { "data", "--help" };
    struct err e = { 0 };
    idx n;
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct err own = { 0 };
        assert_null(command_find(&n, cases[i].n, cases[i].words, &own));
        assert_int_equal(own.code, ERR_USAGE);
        if (!strstr(own.text, cases[i].want))
            fail_msg("got \"%s\", want \"%s\"", own.text, cases[i].want);
    }
    assert_string_equal(command_find(&n, 2, option, &e)->name, "data");
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cmd__every_spelling_gives_the_same),
        cmocka_unit_test(test_cmd__values_may_look_like_options),
        cmocka_unit_test(test_cmd__values_ask_for_no_help),
        cmocka_unit_test(test_cmd__paths_may_look_like_settings),
        cmocka_unit_test(test_cmd__what_is_wrong_is_said),
        cmocka_unit_test(test_cmd__commands_say_what_they_are),
        cmocka_unit_test(test_cmd__names_that_are_none_have_neighbours),
    };
    return cmocka_run_group_tests_name("cmd", tests, NULL, NULL);
}

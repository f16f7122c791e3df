/* Colours and bars: on a terminal, and nowhere else. */
#include "base/terminal.h"
#include "harness.h"
#include "io/mapping.h"
#include "train/progress.h"

#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 4096 };

/* What work writes to a terminal of this kind; no: NO_COLOR. */
static void on_terminal(char said[SAID_MAX], const char *term, const char *no,
                        void (*work)(void))
{
    int master;
    size_t n = 0;
    ssize_t got;
    fflush(NULL);
    pid_t child = forkpty(&master, NULL, NULL, NULL);
    assert_true(child >= 0);
    if (child == 0) {
        setenv("TERM", term, 1);
        setenv("NO_COLOR", no, 1);
        setenv("LC_ALL", "C", 1);
        work();
        fflush(NULL);
        _exit(0);
    }
    /* it ends in an error when the other side is closed */
    while (n < SAID_MAX - 1 &&
           (got = read(master, said + n, SAID_MAX - 1 - n)) > 0)
        n += (size_t)got;
    said[n] = '\0';
    close(master);
    waitpid(child, NULL, 0);
}

static void say_styles(void)
{
    printf(
        "%d<%serror%s><%sbar%s>", terminal_is(STDOUT_FILENO),
        terminal_begin(STDOUT_FILENO, STYLE_ERROR), terminal_end(STDOUT_FILENO),
        terminal_begin(STDOUT_FILENO, STYLE_BAR), terminal_end(STDOUT_FILENO));
}

static void test_terminal__colours_are_for_those_who_want_them(void **state)
{
    (void)state;
    static const struct {
        const char *term, *no, *want;
    } cases[] = {
        { "xterm", "", "1<\033[1;31merror\033[0m><\033[32mbar\033[0m>" },
        { "xterm", "1", "1<error><bar>" },
        { "dumb", "", "0<error><bar>" },
        { "", "", "0<error><bar>" },
    };
    char said[SAID_MAX];
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        on_terminal(said, cases[i].term, cases[i].no, say_styles);
        assert_string_equal(said, cases[i].want);
    }
    FILE *file = tmpfile();
    assert_non_null(file);
    setenv("TERM", "xterm", 1);
    assert_false(terminal_is(fileno(file)));
    assert_string_equal(terminal_begin(fileno(file), STYLE_BAR), "");
    assert_string_equal(terminal_end(fileno(file)), "");
    fclose(file);
}

static void test_terminal__a_bar_is_as_full_as_its_share(void **state)
{
    (void)state;
    static const struct {
        double share;
        const char *want;
    } cases[] = { { 0, "[----]" },     { 0.24, "[----]" }, { 0.25, "[#---]" },
                  { 0.999, "[###-]" }, { 1, "[####]" },    { 7, "[####]" },
                  { -1, "[----]" } };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char *said = NULL;
        size_t n;
        FILE *f = open_memstream(&said, &n);
        assert_non_null(f);
        terminal_bar(f, cases[i].share, 4, false);
        fclose(f);
        assert_string_equal(said, cases[i].want);
        free(said);
    }
}

static void make_progress(void)
{
    struct progress p;
    progress_start(&p, 0, 4, 10);
    p.loss = 2.5;
    progress_step(&p, 4); /* the last is always shown */
    terminal_end_line();
    terminal_end_line(); /* none is left */
    printf("behind\n");
}

static void test_progress__a_bar_on_a_terminal_and_lines_elsewhere(void **state)
{
    (void)state;
    char said[SAID_MAX];
    on_terminal(said, "xterm", "1", make_progress);
    assert_non_null(strstr(said, "\r\033[K[####################] 100 %  step "
                                 "4/4  loss 2.5000"));
    on_terminal(said, "dumb", "", make_progress);
    assert_non_null(strstr(said, "step 4/4  loss 2.5000"));
    assert_null(strchr(said, '\033'));
    assert_null(strchr(said, '#'));
    assert_non_null(strstr(said, "the start\r\nbehind\r\n"));
}

/* A mapped file that is cut while a bar stands there. */
static void be_cut(void)
{
    struct progress p;
    struct mapping *m;
    struct err e = { 0 };
    enum { N = 1 << 20 };
    static unsigned char bytes[N];
    volatile unsigned sum = 0;
    const char *path = test_path("cut");
    test_write_file(path, bytes, N);
    progress_start(&p, 0, 4, 10);
    if (mapping_open(&m, path, "data.path cut", &e) || truncate(path, 100))
        return;
    progress_step(&p, 4);
    for (size_t i = 0; i < N; i += 4096)
        sum += m->bytes[i];
    (void)sum;
}

static void test_terminal__a_message_of_the_end_has_its_own_line(void **state)
{
    (void)state;
    char said[SAID_MAX];
    on_terminal(said, "xterm", "1", be_cut);
    const char *at = strstr(said, "sinklab: data.path cut: was shortened");
    assert_non_null(at);
    assert_non_null(strstr(said, "step 4/4"));
    assert_memory_equal(at - 2, "\r\n", 2);
    assert_memory_not_equal(at - 4, "\r\n", 2);
}

static void draw_and_erase(void)
{
    printf("drawn");
    fflush(stdout);
    terminal_open_line(STDOUT_FILENO);
    terminal_erase_line();
    terminal_end_line();
    printf("behind");
}

static void test_terminal__what_is_erased_needs_no_end(void **state)
{
    (void)state;
    char said[SAID_MAX];
    on_terminal(said, "xterm", "1", draw_and_erase);
    assert_string_equal(said, "drawn\r\033[Kbehind");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminal__colours_are_for_those_who_want_them),
        cmocka_unit_test(test_terminal__a_bar_is_as_full_as_its_share),
        cmocka_unit_test(
            test_progress__a_bar_on_a_terminal_and_lines_elsewhere),
        cmocka_unit_test(test_terminal__a_message_of_the_end_has_its_own_line),
        cmocka_unit_test(test_terminal__what_is_erased_needs_no_end),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}

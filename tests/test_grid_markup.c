/* A grid as Markdown and LaTeX: cells are shown, never interpreted. */
#include "harness.h"

#include "io/grid_markup.h"

#include <stdlib.h>
#include <string.h>

static void make(struct grid *g, const char *cell)
{
    struct err e = { 0 };
    assert_int_equal(grid_init(g, 3, 2, &e), OK);
    grid_set(g, 0, 0, "run");
    grid_set(g, 0, 1, "first_\nmass_raw\n%%");
    grid_set(g, 1, 0, "%s", cell);
    grid_set(g, 1, 1, "-1.5 \u00b1 0.25");
    grid_set(g, 2, 1, "-");
    assert_int_equal(grid_check(g, &e), OK);
}

static void expect(const char *cell,
                   void (*print)(FILE *out, const struct grid *g),
                   const char *want)
{
    struct grid g;
    char *text = NULL;
    size_t n = 0;
    make(&g, cell);
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    print(f, &g);
    assert_int_equal(fclose(f), 0);
    assert_string_equal(text, want);
    free(text);
    grid_release(&g);
}

static void test_grid_markup__markdown(void **state)
{
    (void)state;
    expect("plain", grid_markdown,
           "| run | first_mass_raw % |\n|---|---:|\n"
           "| plain | -1.5 \u00b1 0.25 |\n| | - |\n");
    expect("a|b `c` *d* _e_ f_g <h>\\[i]\nj", grid_markdown,
           "| run | first_mass_raw % |\n|---|---:|\n"
           "| a\\|b \\`c\\` \\*d\\* \\_e\\_ f_g \\<h>\\\\\\[i]\\\\nj | -1.5 "
           "\u00b1 0.25 |\n| | - |\n");
}

#define LATEX(cell)                                                            \
    "\\providecommand{\\toprule}{\\hline}\n"                                   \
    "\\providecommand{\\midrule}{\\hline}\n"                                   \
    "\\providecommand{\\bottomrule}{\\hline}\n"                                \
    "\\begin{tabular}{lr}\n\\toprule\n"                                        \
    "run & first\\_mass\\_raw \\% \\\\\n\\midrule\n" cell                      \
    " & $-$1.5 $\\pm$ 0.25 \\\\\n & - \\\\\n\\bottomrule\n\\end{tabular}\n"

static void test_grid_markup__latex(void **state)
{
    (void)state;
    expect("plain-1", grid_latex, LATEX("plain-1"));
    expect("-3 to -2", grid_latex, LATEX("$-$3 to $-$2"));
    expect("\\a{b}$c&d#e%f_g^h~i<j>k|l\"m", grid_latex,
           LATEX("\\textbackslash{}a\\{b\\}\\$c\\&d\\#e\\%f\\_g"
                 "\\textasciicircum{}h\\textasciitilde{}i$<$j$>$k$|$l"
                 "\\textquotedblright{}m"));
}

static void test_grid_markup__names_are_whole_in_headings(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "first_\nmass_\nraw\n%", "first_mass_raw %" },
        { "train.\nsteps", "train.steps" },
        { "emerged\nat step", "emerged at step" },
    };
    char text[GRID_HEADING_MAX];
    struct grid g;
    struct err e = { 0 };
    assert_int_equal(grid_init(&g, 1, 1, &e), OK);
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        grid_set(&g, 0, 0, "%s", cases[i][0]);
        assert_string_equal(grid_heading(text, &g, 0), cases[i][1]);
    }
    grid_release(&g);
}

static void test_grid_markup__columns_fit_by_rank(void **state)
{
    (void)state;
    static const struct {
        idx room, hidden;
        const char *shown; /* which */
    } cases[] = {
        { 13, 0, "abcd" }, { 12, 2, "ad" }, { 5, 2, "ad" },
        { 4, 2, "ad" },    { 3, 3, "a" },   { 0, 3, "a" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct grid g;
        struct err e = { 0 };
        assert_int_equal(grid_init(&g, 2, 0, &e), OK);
        idx a = grid_add(&g, "a"), b = grid_add(&g, "bb");
        idx c = grid_add(&g, "ccc"), d = grid_add(&g, "d");
        grid_rank(&g, b, 7);
        grid_rank(&g, c, 7);
        grid_rank(&g, d, 3);
        grid_rank(&g, -1, 3); /* there was no memory for it */
        assert_int_equal(grid_fit(&g, cases[i].room, 40, false),
                         cases[i].hidden);
        const idx columns[] = { a, b, c, d };
        for (idx k = 0; k < COUNT_OF(columns); k++)
            assert_int_equal(!g.layout[columns[k]].is_hidden,
                             strchr(cases[i].shown, "abcd"[k]) != NULL);
        grid_release(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid_markup__markdown),
        cmocka_unit_test(test_grid_markup__latex),
        cmocka_unit_test(test_grid_markup__names_are_whole_in_headings),
        cmocka_unit_test(test_grid_markup__columns_fit_by_rank),
    };
    return cmocka_run_group_tests_name("grid_markup", tests, NULL, NULL);
}

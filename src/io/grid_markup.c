#include "io/grid_markup.h"

#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

enum { CELL_BYTES = 4096, CELL_COLUMNS_MAX = 1000 };

/* What a cell says, on one line and printable. */
static void show(char text[CELL_BYTES], const struct grid *g, idx row,
                 idx column)
{
    char heading[GRID_HEADING_MAX];
    const char *cell =
        row > 0 ? grid_cell(g, row, column) : grid_heading(heading, g, column);
    utf8_show(text, CELL_BYTES, cell, CELL_COLUMNS_MAX, true);
}

/* A '_' within a word is itself; one at its end would begin an emphasis. */
static void print_markdown(FILE *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        bool is_within = c > text && isalnum((unsigned char)c[-1]) &&
                         isalnum((unsigned char)c[1]);
        if (strchr("\\|`*<[", *c) || (*c == '_' && !is_within))
            fputc('\\', out);
        fputc(*c, out);
    }
}

void grid_markdown(FILE *out, const struct grid *g)
{
    char text[CELL_BYTES];
    for (idx row = 0; row < g->rows; row++) {
        for (idx c = 0; c < g->columns; c++) {
            show(text, g, row, c);
            fputs("| ", out);
            print_markdown(out, text);
            fputs(*text ? " " : "", out);
        }
        fputs("|\n", out);
        for (idx c = 0; row == 0 && c < g->columns; c++)
            fputs(grid_is_right(g, c) ? "|---:" : "|---", out);
        fputs(row == 0 ? "|\n" : "", out);
    }
}

static const struct {
    const char *from, *to;
} latex[] = {
    { "\\", "\\textbackslash{}" },
    { "{", "\\{" },
    { "}", "\\}" },
    { "$", "\\$" },
    { "&", "\\&" },
    { "#", "\\#" },
    { "%", "\\%" },
    { "_", "\\_" },
    { "^", "\\textasciicircum{}" },
    { "~", "\\textasciitilde{}" },
    { "<", "$<$" },
    { ">", "$>$" },
    { "|", "$|$" },
    { "\"", "\\textquotedblright{}" },
    { "\u00b1", "$\\pm$" },
};

/* A sign in front of a digit is a minus, not a hyphen. */
static void print_latex(FILE *out, const char *text)
{
    for (const char *c = text; *c;) {
        idx i = 0;
        while (i < COUNT_OF(latex) &&
               strncmp(c, latex[i].from, strlen(latex[i].from)) != 0)
            i++;
        bool is_minus = *c == '-' && isdigit((unsigned char)c[1]) &&
                        (c == text || c[-1] == ' ');
        if (i < COUNT_OF(latex)) {
            fputs(latex[i].to, out);
            c += strlen(latex[i].from);
        } else {
            fputs(is_minus ? "$-$" : "", out);
            fputs(is_minus ? "" : (char[]){ *c, '\0' }, out);
            c++;
        }
    }
}

void grid_latex(FILE *out, const struct grid *g)
{
    char text[CELL_BYTES];
    fputs("\\providecommand{\\toprule}{\\hline}\n"
          "\\providecommand{\\midrule}{\\hline}\n"
          "\\providecommand{\\bottomrule}{\\hline}\n"
          "\\begin{tabular}{",
          out);
    for (idx c = 0; c < g->columns; c++)
        fputc(grid_is_right(g, c) ? 'r' : 'l', out);
    fputs("}\n\\toprule\n", out);
    for (idx row = 0; row < g->rows; row++) {
        for (idx c = 0; c < g->columns; c++) {
            show(text, g, row, c);
            fputs(c > 0 ? " & " : "", out);
            print_latex(out, text);
        }
        fputs(" \\\\\n", out);
        fputs(row == 0 ? "\\midrule\n" : "", out);
    }
    fputs("\\bottomrule\n\\end{tabular}\n", out);
}

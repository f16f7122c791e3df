#include "cmd/man_page.h"

#include <string.h>

#include "base/build.h"
#include "cmd/cmd.h"

/* Text as it is: no character of it is a request, an escape or a hyphen that
 * may be broken at. */
static void print_words(FILE *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_first = i == 0 || text[i - 1] == '\n';
        if (is_first && (text[i] == '.' || text[i] == '\''))
            fputs("\\&", out);
        if (text[i] == '\\')
            fputs("\\e", out);
        else if (text[i] == '-')
            fputs("\\-", out);
        else if (text[i] == '`' || text[i] == '\'')
            fputs(text[i] == '`' ? "\\(ga" : "\\(aq", out);
        else
            fputc(text[i], out);
    }
}

static void print_line(FILE *out, const char *text)
{
    print_words(out, text, strlen(text));
    fputc('\n', out);
}

/* A blank line parts paragraphs; another newline is a break. */
static void print_paragraphs(FILE *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        if (n > 0) {
            print_words(out, text, n);
            fputc('\n', out);
        }
        text += n;
        if (strncmp(text, "\n\n", 2) == 0)
            fputs(".PP\n", out);
        else if (*text && n > 0)
            fputs(".br\n", out);
        text += strspn(text, "\n");
    }
}

static void print_synopsis(FILE *out, const struct command *c)
{
    const char *line = c->synopsis;
    do {
        size_t n = strcspn(line, "\n");
        fprintf(out, ".B sinklab %s\n", c->name);
        if (n > 0) {
            print_words(out, line, n);
            fputc('\n', out);
        }
        line += n + (line[n] == '\n');
        fputs(".br\n", out);
    } while (*line);
}

static void print_option(FILE *out, const struct command_option *o)
{
    fputs(".TP\n", out);
    if (o->letter)
        fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
    fputs("\\fB\\-\\-", out);
    print_words(out, o->name, strlen(o->name));
    fputs("\\fR", out);
    if (o->value)
        fprintf(out, " \\fI%s\\fR", o->value);
    fputc('\n', out);
    print_line(out, o->help);
}

static void print_command(FILE *out, const struct command *c)
{
    fprintf(out, ".SS sinklab %s\n", c->name);
    if (c->parts) {
        print_paragraphs(out, c->about);
        return;
    }
    print_synopsis(out, c);
    fputs(".PP\n", out);
    print_paragraphs(out, c->about);
    for (const struct command_option *o = c->options; o && o->name; o++)
        print_option(out, o);
    if (c->more) {
        fputs(".PP\n", out);
        print_paragraphs(out, c->more);
    }
    if (c->print_more)
        c->print_more(); /* begins with an empty line */
}

static void print_commands(FILE *out)
{
    fputs(".SH COMMANDS\n", out);
    for (idx i = 0; commands[i]; i++) {
        print_command(out, commands[i]);
        for (idx k = 0; commands[i]->parts && commands[i]->parts[k]; k++)
            print_command(out, commands[i]->parts[k]);
    }
}

void man_page(FILE *out)
{
    fprintf(out,
            ".TH SINKLAB 1 \"\" \"sinklab %s\" \"User commands\"\n"
            ".SH NAME\nsinklab \\- pre\\-train small language models and see "
            "how attention sinks emerge\n"
            ".SH SYNOPSIS\n.B sinklab\n\\fICOMMAND\\fR ...\n.br\n"
            ".B sinklab help\n[\\fICOMMAND\\fR]\n.br\n"
            ".B sinklab \\-\\-version\n"
            ".SH DESCRIPTION\n",
            build_version());
    fputs("Trains small GPT\\-style models on the machine at hand, keeps "
          "checkpoints, measures where attention goes in each of them, and "
          "compares runs. Options may stand behind words; \\fB\\-\\-\\fR ends "
          "them. Settings are given as \\fIsection.key\\fR=\\fIvalue\\fR; "
          "\\fBsinklab help config\\fR lists all.\n",
          out);
    print_commands(out);
    fputs(".SH EXIT STATUS\n0, or what kind of failure it was: 2 command line, "
          "3 config, 4 data, 5 the system refused, 6 checkpoint, 7 folder in "
          "use, 8 diverged, 9 memory, 10 a helper program or library, 11 some "
          "runs of a sweep, 75 stopped by a signal with all saved.\n"
          ".SH SEE ALSO\n\\fBsinklab help config\\fR, \\fBsinklab help "
          "attention\\fR, \\fBsinklab list\\fR\n",
          out);
}

#include "cmd/cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/build.h"
#include "base/key.h"
#include "base/launcher.h"
#include "base/nearest.h"
#include "base/text.h"
#include "io/ranks.h"
#include "report/filter.h"

enum {
    OPTIONS_MAX = 32,
    NAME_BYTES = 64,
    NAMES_BYTES = 256,
    LONG_ONLY = 256, /* what getopt_long returns for option 0 and on */
    COLUMNS = 80,
    HELP_COLUMN = 22, /* where the text behind an option starts */
};

static idx count_options(const struct command *c)
{
    idx n = 0;
    while (c->options && c->options[n].name)
        n++;
    BUG_ON(n >= OPTIONS_MAX);
    return n;
}

const char *command_word(const struct command *c)
{
    const char *blank = strrchr(c->name, ' ');
    return blank ? blank + 1 : c->name;
}

/* The row of this list whose name ends in word; NULL: near has heard them all.
 */
static const struct command *find_row(const struct command *const *rows,
                                      struct nearest *near)
{
    for (idx i = 0; rows[i]; i++) {
        const char *name = command_word(rows[i]);
        if (strcmp(name, near->wanted) == 0)
            return rows[i];
        nearest_offer(near, name);
    }
    return NULL;
}

static void list_parts(struct text *t, const struct command *c)
{
    for (idx i = 0; c->parts[i]; i++)
        text_add(t, "%s%s", i ? ", " : "", command_word(c->parts[i]));
}

int command_say_parts(const struct command *c, struct err *e)
{
    char names[NAMES_BYTES];
    struct text t = { .at = names, .cap_bytes = sizeof names };
    list_parts(&t, c);
    return err_set(e, ERR_USAGE,
                   "%s: one of %s is to follow (see `sinklab "
                   "help %s`)",
                   c->name, names, c->name);
}

static int say_unknown_part(const struct command *c, const struct nearest *n,
                            struct err *e)
{
    char shown[TEXT_SHOW_MAX], names[NAMES_BYTES];
    struct text t = { .at = names, .cap_bytes = sizeof names };
    list_parts(&t, c);
    return err_set(
        e, ERR_USAGE, "%s: no '%s'%s%s; there are %s (see `sinklab help %s`)",
        c->name, text_show(shown, n->wanted), n->name ? ", did you mean " : "",
        n->name ? n->name : "", names, c->name);
}

const struct command *command_find(idx *n_taken, idx n,
                                   const char *const *words, struct err *e)
{
    struct nearest near = { .wanted = words[0] };
    char shown[TEXT_SHOW_MAX];
    const struct command *c = find_row(commands, &near);
    *n_taken = 1;
    if (!c)
        err_set(e, ERR_USAGE,
                near.name ? "unknown command '%s', did you mean %s? (`sinklab "
                            "help` lists them)"
                          : "unknown command '%s': `sinklab help` lists them",
                text_show(shown, words[0]), near.name);
    if (!c || !c->parts || n < 2 || words[1][0] == '-')
        return c;
    struct nearest part = { .wanted = words[1] };
    const struct command *found = find_row(c->parts, &part);
    *n_taken = 2;
    if (!found)
        say_unknown_part(c, &part, e);
    return found;
}

int command_check_single(const char *what, struct err *e)
{
    int n = launched_processes();
    return n < 2 ? OK
                 : err_set(e, ERR_USAGE,
                           "%s: %d processes were started together, and each "
                           "would do all of it: start one (train, bench, "
                           "sweep --index and analyze of one run share their "
                           "work)",
                           what, n);
}

void command_print_version(void)
{
    printf("sinklab %s (commit %s)\n%s %s\nMPI: %s\n", build_version(),
           build_commit(), build_compiler(), build_flags(), ranks_library());
}

/* ---- help ---------------------------------------------------------------- */

static void print_paragraphs(const char *text)
{
    printf("\n");
    text_print_words(stdout, text, 0, 0, COLUMNS);
}

static void print_option(char letter, const char *name, const char *value,
                         const char *help)
{
    int at =
        letter ? printf("  -%c, --%s", letter, name) : printf("  --%s", name);
    at += value ? printf(" %s", value) : 0;
    at += at < HELP_COLUMN ? printf("%*s", HELP_COLUMN - at, "") : 0;
    text_print_words(stdout, help, at, HELP_COLUMN, COLUMNS);
}

static void print_synopsis(const struct command *c, bool is_first)
{
    const char *line = c->synopsis;
    do {
        size_t n = strcspn(line, "\n");
        printf("%s sinklab %s%s%.*s\n", is_first ? "usage:" : "      ", c->name,
               n ? " " : "", (int)n, line);
        line += n + (line[n] == '\n');
        is_first = false;
    } while (*line);
}

static void print_parts(const struct command *c)
{
    for (idx i = 0; c->parts[i]; i++)
        print_synopsis(c->parts[i], i == 0);
    print_paragraphs(c->about);
    printf("\n");
    for (idx i = 0; c->parts[i]; i++) {
        int at = printf("  %-8s ", command_word(c->parts[i]));
        text_print_words(stdout, c->parts[i]->summary, at, at, COLUMNS);
    }
    printf("\nsinklab help %s: the first with its options, and so on.\n",
           c->parts[0]->name);
}

void command_usage(const struct command *c)
{
    if (c->parts) {
        print_parts(c);
        return;
    }
    print_synopsis(c, true);
    print_paragraphs(c->about);
    printf("\n");
    for (idx i = 0; i < count_options(c); i++)
        print_option(c->options[i].letter, c->options[i].name,
                     c->options[i].value, c->options[i].help);
    print_option('h', "help", NULL, "this text");
    if (c->more)
        print_paragraphs(c->more);
    if (c->print_more)
        c->print_more();
}

/* ---- reading ------------------------------------------------------------- */

static int put_number(const struct command *c, const struct command_option *o,
                      void *options, const char *value, struct err *e)
{
    struct err why = { 0 };
    const struct key key = {
        .type = o->type == OPTION_COUNT ? KEY_INT : KEY_REAL,
        .offset = o->offset,
        .min = o->min,
        .max = o->max,
    };
    if (key_parse(&key, options, value, &why) == OK)
        return OK;
    return err_set(e, ERR_USAGE, "%s: --%s: %s", c->name, o->name, why.text);
}

static int say_condition(const struct command *c,
                         const struct command_option *o, struct err *e)
{
    return err_prefix(e, "%s: --%s", c->name, o->name);
}

static int put_value(const struct command *c, const struct command_option *o,
                     void *options, const char *value, struct err *e)
{
    void *field = (char *)options + o->offset;
    switch (o->type) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return OK;
    case OPTION_TEXT:
        *(const char **)field = value;
        return OK;
    case OPTION_COUNT:
    case OPTION_NUMBER:
        return put_number(c, o, options, value, e);
    case OPTION_WHERE:
        return filter_add(field, value, e) ? say_condition(c, o, e) : OK;
    }
    return OK;
}

static int say_unknown(const struct command *c, const char *word, struct err *e)
{
    char name[NAME_BYTES], shown[TEXT_SHOW_MAX];
    struct nearest n = { .wanted = name };
    snprintf(name, sizeof name, "%s", word + strspn(word, "-"));
    name[strcspn(name, "=")] = '\0';
    for (idx i = 0; i < count_options(c); i++)
        nearest_offer(&n, c->options[i].name);
    text_show(shown, word);
    if (n.name)
        return err_set(e, ERR_USAGE,
                       "%s: unknown option %s, did you mean --%s?", c->name,
                       shown, n.name);
    return err_set(e, ERR_USAGE, "%s: unknown option %s", c->name, shown);
}

/* getopt_long takes beginnings of names, too, of which a script would mean
 * something else once there are more options; here a name is whole. */
static int check_name(const struct command *c, const char *word, struct err *e)
{
    if (strncmp(word, "--", 2) != 0 || !word[2])
        return OK;
    const char *name = word + 2;
    size_t n = strcspn(name, "=");
    for (idx i = 0; i < count_options(c); i++) {
        const struct command_option *o = &c->options[i];
        if (strlen(o->name) != n || strncmp(o->name, name, n) != 0)
            continue;
        return o->type == OPTION_FLAG && name[n]
                   ? err_set(e, ERR_USAGE, "%s: --%s takes no value", c->name,
                             o->name)
                   : OK;
    }
    return say_unknown(c, word, e);
}

/* section.key=value: a key has no slash, so runs/lr=0.1 is a path. */
static bool is_setting(const char *word)
{
    return word[strcspn(word, "/=")] == '=';
}

/* A word for which there is no place. */
static int say_superfluous(const struct command *c, const char *word,
                           bool is_plain, struct err *e)
{
    bool is_lost = is_plain && (*word == '-' || is_setting(word));
    const char *what = is_lost ? "stands behind --, where no options or "
                                 "settings are"
                               : "is neither an option nor an override "
                                 "section.key=value";
    if (c->takes_settings)
        return err_set(e, ERR_USAGE, "%s: %s %s", c->name, word, what);
    return err_set(e, ERR_USAGE, "%s: unexpected argument %s", c->name, word);
}

/* is_plain: behind --. */
static int put_word(const struct command *c, struct words *w, const char *word,
                    bool is_plain, struct err *e)
{
    bool is_full = c->words_max && w->n == c->words_max;
    bool may_be_setting = c->takes_settings && !is_plain;
    if (!*word)
        return err_set(e, ERR_USAGE,
                       "%s: a name or path is empty, as of a variable that is "
                       "not set: give one",
                       c->name);
    if (may_be_setting && (is_full || c->words_max != 1) && is_setting(word))
        w->settings[w->n_settings++] = word;
    else if (!is_full)
        w->at[w->n++] = word;
    else
        return say_superfluous(c, word, is_plain, e);
    return OK;
}

/* The tables of getopt_long. Words are to be told where they stand, so that
 * argv stays as it is, and a missing value is to be told apart: "-:". */
struct tables {
    struct option longs[OPTIONS_MAX];
    char letters[2 * OPTIONS_MAX + 3];
};

static void make_tables(struct tables *t, const struct command *c)
{
    struct text letters = { .at = t->letters, .cap_bytes = sizeof t->letters };
    text_add(&letters, "-:");
    *t->longs = (struct option){ 0 };
    for (idx i = 0; i < count_options(c); i++) {
        const struct command_option *o = &c->options[i];
        t->longs[i] = (struct option){
            .name = o->name,
            .has_arg = o->type == OPTION_FLAG ? no_argument : required_argument,
            .val = LONG_ONLY + (int)i,
        };
        t->longs[i + 1] = (struct option){ 0 };
        if (o->letter)
            text_add(&letters, "%c%s", o->letter,
                     o->type == OPTION_FLAG ? "" : ":");
    }
}

/* The option for which getopt_long returned this; NULL: none. */
static const struct command_option *option_of(const struct command *c, int code)
{
    if (code >= LONG_ONLY)
        return &c->options[code - LONG_ONLY];
    for (idx i = 0; i < count_options(c); i++)
        if (c->options[i].letter == code)
            return &c->options[i];
    return NULL;
}

/* o: of this code of getopt_long, NULL: there is none. */
static int put_option(const struct command *c, void *options,
                      const struct command_option *o, int code,
                      const char *word, struct err *e)
{
    const char *value = optarg;
    if (code != ':' && !o)
        return say_unknown(c, word, e);
    if (value == word + 2 && *value == '=') /* -o=FILE */
        value++;
    if (code == ':' || (value && !*value))
        return err_set(e, ERR_USAGE, "%s: %.*s without a value", c->name,
                       (int)strcspn(word, "="), word);
    return put_value(c, o, options, value, e);
}

/* Does this word's option have its value in the next one? -abc is -a -b -c. */
static bool wants_next(const struct command *c, const char *word)
{
    bool is_long = strncmp(word, "--", 2) == 0;
    for (idx i = 0; is_long && i < count_options(c); i++)
        if (strcmp(c->options[i].name, word + 2) == 0)
            return c->options[i].type != OPTION_FLAG;
    for (const char *s = word + 1; *word == '-' && !is_long && *s; s++) {
        const struct command_option *o = option_of(c, *s);
        if (!o || o->type != OPTION_FLAG)
            return o && !s[1];
    }
    return false;
}

bool command_asks(const struct command *c, int argc, char **argv,
                  const char *option)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], option) == 0)
            return true;
        i += c && wants_next(c, argv[i]);
    }
    return false;
}

static const char *ask(char words[NAME_BYTES], const struct command *c)
{
    snprintf(words, NAME_BYTES, "sinklab help %s", c->name);
    return c->ask ? c->ask : words;
}

/* Who fails while an option is read, NULL: another word, is told where its help
 * is; the grammar of conditions stands in one. */
static void add_remedy(struct err *e, const struct command *c,
                       const struct command_option *o)
{
    char help[NAME_BYTES];
    bool is_condition = o && o->type == OPTION_WHERE;
    size_t n = strlen(e->text);
    snprintf(e->text + n, sizeof e->text - n, " (see `%s`)",
             is_condition ? "sinklab help runs" : ask(help, c));
}

int command_parse(const struct command *c, void *options, struct words *words,
                  int argc, char **argv, struct err *e)
{
    enum { WORD = 1 };
    char help[NAME_BYTES];
    struct tables t;
    const struct command_option *option = NULL; /* that is being read */
    *words =
        (struct words){ .at = calloc(2 * (size_t)argc + 1, sizeof(char *)) };
    if (!words->at)
        return err_memory(e, NULL);
    words->settings = words->at + argc;
    make_tables(&t, c);
    optind = 0; /* glibc: from the start, whoever used it before */
    while (!e->code) {
        const char *word = argv[optind ? optind : 1];
        option = NULL;
        if (word && check_name(c, word, e))
            break;
        int code = getopt_long(argc, argv, t.letters, t.longs, NULL);
        if (code == -1)
            break;
        if (code == WORD)
            put_word(c, words, optarg, false, e);
        else
            put_option(c, options, option = option_of(c, code), code, word, e);
    }
    for (int i = optind; i < argc && !e->code; i++)
        put_word(c, words, argv[i], true, e);
    if (e->code == ERR_USAGE)
        add_remedy(e, c, option);
    if (!e->code && c->missing && words->n == 0)
        err_set(e, ERR_USAGE, "%s: %s, or `%s`", c->name, c->missing,
                ask(help, c));
    return e->code;
}

void words_release(struct words *words)
{
    free(words->at);
    *words = (struct words){ 0 };
}

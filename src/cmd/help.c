/* help.c - `sinklab help [COMMAND | config | attention | man | ...]`. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/completion.h"
#include "cmd/man_page.h"
#include "config/attention_document.h"
#include "config/config_document.h"
#include "sweep/sweep_options.h"

static void print_config(FILE *out)
{
    static const struct config_section beside[] = {
        { "sweep", "how the runs of a sweep are started; in sweep files only",
          sweep_keys, &n_sweep_keys, 0 },
        { .name = NULL },
    };
    config_document(out, beside);
}

const char *const help_topics[] = {
    "config", "attention", "man", "bash", "zsh", "fish", NULL,
};

/* What each of them prints. */
static void (*const pages[])(FILE *out) = {
    print_config,    attention_document, man_page,
    completion_bash, completion_zsh,     completion_fish,
};
_Static_assert(sizeof pages / sizeof *pages ==
                   sizeof help_topics / sizeof *help_topics - 1,
               "a page for each topic");

static void print_commands(void)
{
    printf("sinklab pre-trains small language models and shows how attention "
           "sinks emerge.\n\nusage: sinklab COMMAND ...\n\n");
    for (idx i = 0; commands[i]; i++)
        printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
    printf("\nsinklab --version: which program this is. A first run: sinklab "
           "train configs/quick.ini\n");
}

static int say_unknown(const char *topic, struct err *e)
{
    struct nearest n = { .wanted = topic };
    char shown[TEXT_SHOW_MAX];
    for (idx i = 0; i < COUNT_OF(pages); i++)
        nearest_offer(&n, help_topics[i]);
    for (idx i = 0; commands[i]; i++)
        nearest_offer(&n, commands[i]->name);
    return err_set(e, ERR_USAGE,
                   "no help on '%s'%s%s%s `sinklab help` lists the commands, "
                   "`sinklab help config` the keys, `sinklab help attention` "
                   "what attention can be made of",
                   text_show(shown, topic), n.name ? ", did you mean " : ":",
                   n.name ? n.name : "", n.name ? "?" : "");
}

/* Of a page that has the name of a command. */
static void say_command(const char *topic)
{
    for (idx i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, topic) == 0)
            printf("(The command of this name: %s)\n", commands[i]->ask);
}

/* -1: there is none of that name. */
static idx find_page(const char *topic)
{
    idx i = COUNT_OF(pages) - 1;
    while (i >= 0 && strcmp(help_topics[i], topic) != 0)
        i--;
    return i;
}

static void print_page(idx i)
{
    pages[i](stdout);
    if (isatty(STDOUT_FILENO)) {
        printf("\n(The whole, page by page: sinklab help %s | less)\n",
               help_topics[i]);
        say_command(help_topics[i]);
    }
}

static int print_topic(const struct words *words, struct err *e)
{
    struct err own = { 0 };
    idx n_taken = 1, page = find_page(words->at[0]);
    if (page >= 0 && words->n == 1) {
        print_page(page);
        return OK;
    }
    const struct command *c = command_find(&n_taken, words->n, words->at, &own);
    if (!c && page >= 0)
        return err_set(e, ERR_USAGE,
                       "help: unexpected argument %s: `sinklab help %s` prints "
                       "the whole page",
                       words->at[1], words->at[0]);
    if (!c && n_taken == 1)
        return say_unknown(words->at[0], e);
    if (!c)
        return err_pass(e, &own);
    if (n_taken < words->n)
        return err_set(e, ERR_USAGE, "help: unexpected argument %s",
                       words->at[n_taken]);
    command_usage(c);
    return OK;
}

static int run(int argc, char **argv, struct err *e)
{
    struct words words;
    if (!command_parse(&command_help, NULL, &words, argc, argv, e)) {
        if (words.n)
            print_topic(&words, e);
        else
            print_commands();
    }
    words_release(&words);
    return e->code;
}

const struct command command_help = {
    .name = "help",
    .summary = "this list; `help COMMAND`; `help config`, `help attention` for "
               "all keys",
    .synopsis =
        "[COMMAND [WORD] | config | attention]\nman | bash | zsh | fish",
    .about = "The commands; how one of them is used; docs/CONFIG.md, every key "
             "of a config; docs/ATTENTION.md, what attention can be made of. "
             "The second form prints what `make install` puts in place: the "
             "page of man, and what a shell completes.",
    .words_max = 2,
    .run = run,
};

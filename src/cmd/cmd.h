/* cmd.h - the subcommands, and the one way in which their command lines are
 * read: a command is a row that says what it is called, what words and options
 * it takes and what it does. Its help, the list of commands and the parser all
 * read that row.
 *
 * Options are spelled as getopt_long has it, but by whole names: `--jobs 4`,
 * `--jobs=4`, `-o FILE`, `-oFILE`; they may stand behind words. `--` ends them:
 * what follows is words, and no setting.
 */
#ifndef SINKLAB_CMD_H
#define SINKLAB_CMD_H

#include "base/base.h"
#include "base/err.h"

enum option_type {
    OPTION_FLAG,   /* bool: becomes true */
    OPTION_TEXT,   /* const char *: borrowed from argv; not empty */
    OPTION_COUNT,  /* idx */
    OPTION_NUMBER, /* double, finite */
    OPTION_WHERE,  /* struct filter: one more condition */
};

struct command_option {
    const char *name; /* behind -- */
    char letter;      /* behind -; 0: none */
    enum option_type type;
    size_t offset;     /* of the value in the command's own struct */
    const char *value; /* what help calls it; NULL for a flag */
    const char *help;
    double min, max; /* inclusive; of a count or number */
};

/* The row of commands that read what `analyze` measured: of a struct with a
 * const char *analysis. */
#define OPTION_ANALYSIS(options)                                               \
    {                                                                          \
        .name = "analysis", .value = "NAME", .type = OPTION_TEXT,              \
        .offset = offsetof(options, analysis),                                 \
        .help = "take what `sinklab analyze --as NAME` measured, which all "   \
                "runs must have"                                               \
    }

struct command {
    const char *name;
    const char *summary;  /* in the list of commands */
    const char *synopsis; /* its words; each line a way to call it */
    const char *about;    /* what it does; a blank line parts paragraphs */
    const struct command_option *options; /* ends with name NULL; or NULL */
    const char *more;                     /* below the options; or NULL */
    void (*print_more)(void); /* what no text can say, last; or NULL */
    idx words_max;            /* 0: any number */
    /* A word with = is section.key=value, unless a / in front makes it a path;
     * but of a command with one word, the first is that, whatever is in it. */
    bool takes_settings;
    bool is_shared; /* several processes of one job do it together, or some of
                       it: then it asks command_check_single itself */
    const char *missing; /* said where no word is given; NULL: none is needed */
    const char *ask;     /* what prints its help; NULL: "sinklab help NAME" */
    /* What the word behind the name chooses from: rows of their own, whose
     * names hold both words, "data prepare". NULL: none; else a command has its
     * name, summary and `about` alone. Ends with NULL. */
    const struct command *const *parts;
    /* Does the work and prints its result on standard output. OK, or the code
     * of the failure, whose message main.c prints; it is the exit status. */
    int (*run)(int argc, char **argv, struct err *e); /* argv[0]: its name */
};

extern const struct command command_train, command_sweep, command_analyze,
    command_compare, command_runs, command_data, command_verify, command_bench,
    command_list, command_export, command_help, command_sample,
    command_attention, command_import, command_inputs;
extern const struct command command_data_prepare, command_data_info,
    command_data_head;
extern const struct command *const commands[]; /* ends with NULL */

/* What `sinklab help` prints beside commands; ends with NULL. */
extern const char *const help_topics[];

/* command_find - by its name, the first of n words, and of a command with parts
 * by the second; the command itself if that is an option or not there.
 * *n_taken: words it took. NULL, and ERR_USAGE: there is none. */
const struct command *command_find(idx *n_taken, idx n,
                                   const char *const *words, struct err *e);

/* command_word - the last word of its name: "info" of "data info". */
const char *command_word(const struct command *c);

/* command_check_single - is this process one by itself? ERR_USAGE where a
 * launcher (mpirun, srun) started several, each of which would do all of it;
 * what: "analyze". */
int command_check_single(const char *what, struct err *e);

/* command_say_parts - a command with parts was called without: ERR_USAGE. */
int command_say_parts(const struct command *c, struct err *e);

/* What stands on a command line beside options; the strings are argv's. */
struct words {
    const char **at; /* (n) */
    idx n;
    const char **settings; /* (n_settings) section.key=value */
    idx n_settings;
};

/* command_parse - read argv[1] and what follows as the row says: the options'
 * values into the command's own struct, which holds their defaults, the rest
 * into words, to be released in any case. OK, ERR_USAGE, ERR_MEMORY. */
int command_parse(const struct command *c, void *options, struct words *words,
                  int argc, char **argv, struct err *e);
void words_release(struct words *words);

/* command_usage - print the help of a command, made from its row. */
void command_usage(const struct command *c);

/* `sinklab --version`: which program this is. */
void command_print_version(void);

/* command_asks - is the option (with its leading dashes) among these words of a
 * command line, before any -- and not as the value of another of c's options?
 * c NULL: it has none. */
bool command_asks(const struct command *c, int argc, char **argv,
                  const char *option);

#endif

/* draft.h - a config in the making: assignments by name, with all problems.
 *
 * The one way by which a value gets into struct config, wherever it stands: in
 * a file, in a stored text, on the command line. Wrong assignments change
 * nothing and are collected, so that a user sees all of them at once.
 * Used by config.c, and by sweep files for sections of their own. A zeroed
 * struct draft may be released.
 */
#ifndef SINKLAB_DRAFT_H
#define SINKLAB_DRAFT_H

#include "base/err.h"
#include "config/config_keys.h"

/* Where an assignment stands. */
struct place {
    const char *file; /* NULL: the command line */
    idx line;
    idx visit; /* number of this reading of the file; 0: none */
};

/* The reading of the file that a user names; those that it includes follow. */
enum { VISIT_NAMED = 1 };

/* One key's latest assignment. The text is for the resolved dump: "default",
 * "file:line", "command line", "preset llama (file:line)". */
enum { ORIGIN_MAX = 300 };
struct config_origin {
    char text[ORIGIN_MAX];
    bool is_given;   /* in this key's own name, so no preset moves it */
    idx order;       /* number of the assignment, 1 for the first; a key that a
                      preset sets has that one's, a default has 0 */
    idx visit, line; /* of the place; 0: the command line, or none */
};

enum { CONFIG_NOTES_MAX = 4096 };

struct config_source {
    idx n, n_given;                 /* keys; assignments so far */
    char notes[CONFIG_NOTES_MAX];   /* lines, for the user */
    struct config_origin origins[]; /* all keys, in the order of the tables */
};

void config_source_free(struct config_source *origins);

/* config_is_overruled - was b given after a, and in another file or on the
 * command line? */
bool config_is_overruled(const struct config_origin *a,
                         const struct config_origin *b);

/* config_notes - what a user should know of how a config came about, for
 * text_print_lines; "" if nothing. origins may be NULL. */
const char *config_notes(const struct config_source *origins);

struct draft;

/* Sections beside a run's own, for who reads more than that. */
struct config_extra {
    const char *const *sections; /* their names; ends with NULL */
    const char *whole; /* the one whose lines hold no keys: assigned to "" */
    void *user;
    /* An assignment in such a section, or on the command line. is_more: an
     * indented line that goes on with the one before. The strings and the
     * place live until it returns; problems go to d. */
    void (*assign)(void *user, struct draft *d, const struct place *at,
                   const char *section, const char *key, const char *text,
                   bool is_more);
    /* All is read, and d->config is what it says. */
    void (*finish)(void *user, struct draft *d);
};

struct draft {
    struct config *config;
    struct config_source *source;
    const struct config_extra *extra; /* NULL: a run's own sections only */
    const struct config *before;      /* what overrides change; NULL: nothing */
    idx n_before;           /* assignments that are no wish of this reading */
    bool is_foreign_told;   /* that a section is one of other files */
    unsigned flags;         /* keys without all of them must keep their value,
                               KEY_READ aside, which lets its keys change */
    int code;               /* of the first problem */
    idx n_problems, n_told; /* found; written to text */
    size_t text_n;
    char text[ERR_TEXT_MAX];
};

/* draft_open - borrows c, whose values stay; every origin is "default".
 * OK or ERR_MEMORY. */
int draft_open(struct draft *d, struct config *c, struct err *e);
void draft_release(struct draft *d);

/* draft_close - OK, or the first problem's code with all problems as text. */
int draft_close(struct draft *d, struct err *e);

/* draft_problem - record "place: message"; at NULL: the message alone. */
void draft_problem(struct draft *d, const struct place *at, int code,
                   const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The name of one of d->extra's sections, as it has it; or NULL. */
const char *draft_find_extra(const struct draft *d, const char *name);

/* The section or key of that name. If there is none: NULL, and a problem that
 * says which name is near or where the key belongs. section may be NULL: the
 * key stands in none, which is a problem, too. */
const struct config_section *
draft_find_section(struct draft *d, const struct place *at, const char *name);
const struct key *draft_find_key(struct draft *d, const struct place *at,
                                 const struct config_section *section,
                                 const char *name);

/* draft_assign - give the key a value. What a preset sets comes later. */
void draft_assign(struct draft *d, const struct place *at,
                  const struct config_section *section, const struct key *key,
                  const char *value);

/* draft_settle_preset - when all is assigned: the keys that nobody gave get the
 * preset's values, if there is one. */
void draft_settle_preset(struct draft *d);

/* draft_settle_idle - then: what is given and cannot do anything is a problem
 * (config_when.h). Unless it came first, and another place made the choice that
 * leaves it idle: then it gets its default, and the user a note. Values of
 * presets and of d->before that are idle just get their defaults. */
void draft_settle_idle(struct draft *d);

#endif

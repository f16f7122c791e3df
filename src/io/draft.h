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

#include "io/config.h"

/* Where an assignment stands. */
struct place {
    const char *file; /* NULL: the command line */
    idx line;
    idx visit; /* number of this reading of the file; 0: none */
};

/* One key's latest assignment. */
struct config_origin {
    char text[ORIGIN_MAX];
    idx visit, line; /* of the place, if a file names the key itself */
};

struct config_source {
    idx n;
    struct config_origin origins[]; /* all keys, in the order of the tables */
};

struct config_extra;

struct draft {
    struct config *config;
    struct config_source *source;
    const struct config_extra *extra; /* NULL: a run's own sections only */
    bool is_sweep_told;     /* that other sections belong to sweep files */
    unsigned flags;         /* keys without all of them must keep their value */
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

/* draft_problem - record "place: message". */
void draft_problem(struct draft *d, const struct place *at, int code,
                   const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The section or key of that name. If there is none: NULL, and a problem that
 * says which name is near or where the key belongs. section may be NULL: the
 * key stands in none, which is a problem, too. */
const struct config_section *
draft_find_section(struct draft *d, const struct place *at, const char *name);
const struct key *draft_find_key(struct draft *d, const struct place *at,
                                 const struct config_section *section,
                                 const char *name);

/* draft_assign - give the key a value, and for a preset all that it sets. */
void draft_assign(struct draft *d, const struct place *at,
                  const struct config_section *section, const struct key *key,
                  const char *value);

/* Number of a key among all keys of all sections. */
idx config_key_number(const struct config_section *section,
                      const struct key *key);

#endif

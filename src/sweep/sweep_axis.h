/* sweep_axis.h - the lines of [axes], [random] and [exclude]: what they say.
 *
 *     optim.lr = log 1e-4 to 1e-2, 5 if optim.name = adamw     (docs/SWEEPS.md)
 *
 * A line is read by itself; sweep_file.c gathers the lines and sees to it that
 * they go together. Every value is checked against its key here, so whoever
 * uses an axis cannot meet an unknown key, or a value out of bounds. Mistakes
 * become problems of the draft.
 */
#ifndef SINKLAB_SWEEP_AXIS_H
#define SINKLAB_SWEEP_AXIS_H

#include "base/pool.h"
#include "config/condition.h"
#include "config/draft.h"

enum {
    SWEEP_TOGETHER_MAX = 8,   /* keys of one axis: a & b & ... */
    SWEEP_VALUES_MAX = 10000, /* of one axis */
};

enum sweep_draw {
    DRAW_ALL,        /* not random: every value */
    DRAW_CHOICE,     /* one of the values */
    DRAW_UNIFORM,    /* low to high */
    DRAW_LOGUNIFORM, /* uniform in the logarithm */
};

/* Keys that move together. */
struct sweep_axis {
    const char *file;
    idx line;
    const char *name; /* "optim.lr", "optim.lr & train.steps" */
    const char *text; /* behind the =, as written, with its line ends */
    idx n_keys;
    struct config_key keys[SWEEP_TOGETHER_MAX];
    enum sweep_draw draw;
    idx n_values;
    const char **values; /* (n_values,n_keys), as key_print has them */
    idx n_left_out;      /* the last so many, by sweep.seeds */
    double low, high;    /* DRAW_UNIFORM, DRAW_LOGUNIFORM */
    struct condition when;
};

/* An assignment as it was written. */
struct sweep_line {
    struct sweep_line *next;
    struct place at;
    const char *section, *key;
    const char *text; /* indented lines that go on with it follow a \n */
};

/* A line being read; strings and values go to the pool. */
struct sweep_parse {
    struct pool *memory;
    struct draft *d;
    const struct sweep_line *line;
};

/* "file:line: [section] key: message"; returns false. */
bool sweep_problem(struct sweep_parse *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* sweep_axis_parse - a line of [axes] or [random]. False, and told, if it is
 * not right or memory ran out. */
bool sweep_axis_parse(struct sweep_axis *a, struct sweep_parse *p);

/* sweep_exclude_parse - the same of a line of [exclude]. */
bool sweep_exclude_parse(struct condition *c, struct sweep_parse *p);

/* Pieces of lines, for claim.h: the line in one piece, where is_list with a
 * comma between its lines (NULL: no memory, or told), the key "section.key"
 * (false: told), a value as key_print has it (NULL: told). Texts may be
 * changed. */
char *sweep_join_lines(struct sweep_parse *p, bool is_list);
bool sweep_key_find(struct sweep_parse *p, struct config_key *k, char *name);
const char *sweep_take_value(struct sweep_parse *p, struct config_key k,
                             char *text);

/* sweep_axis_has - does it set this key? */
bool sweep_axis_has(const struct sweep_axis *a, const struct key *key);

/* sweep_axis_is_of_seeds - does it vary seeds, all values of them, and nothing
 * else? */
bool sweep_axis_is_of_seeds(const struct sweep_axis *a);

/* sweep_condition_has - does it speak of a key for which is_it says so? */
bool sweep_condition_has(const struct condition *c,
                         bool (*is_it)(struct config_key k, const void *user),
                         const void *user);

#endif

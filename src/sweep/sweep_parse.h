/* sweep_parse.h - what the lines of [axes], [random] and [exclude] say.
 *
 * Private to sweep_file.c, which gathers the lines. Mistakes become problems
 * of the draft; a line that has one adds nothing.
 */
#ifndef SINKLAB_SWEEP_PARSE_H
#define SINKLAB_SWEEP_PARSE_H

#include "config/draft.h"
#include "sweep/sweep_file.h"

/* An assignment as it was written; the strings live in the file's pool. */
struct sweep_line {
    struct sweep_line *next;
    struct place at;
    const char *section, *key;
    const char *text; /* indented lines that go on with it follow a \n */
};

/* A line being read. */
struct sweep_parse {
    struct sweep_file *f;
    struct draft *d;
    const struct sweep_line *line;
};

/* "file:line: [section] key: message" */
void sweep_problem(struct sweep_parse *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The key of a name "section.key"; false, and told, if there is none. */
bool sweep_find_key(struct sweep_parse *p, struct sweep_key *k, char *name);

/* Cut *rest at the next separator outside of braces: the part before it,
 * trimmed; *rest is what follows, NULL after the last part. */
char *sweep_part(char **rest, char separator);

/* The first place outside of braces where this word stands between blanks (or
 * at an end), or NULL. */
char *sweep_word(char *text, const char *word);

/* The value as key_print has it, braces around it taken off; NULL, and told,
 * if the key refuses it. */
const char *sweep_value(struct sweep_parse *p, const struct sweep_key *k,
                        char *text);

/* term and term and ...; false, and told, if it is not right. */
bool sweep_parse_condition(struct sweep_parse *p, struct sweep_condition *c,
                           char *text);

/* The values of an axis whose keys are known: a list, a range, a draw. */
bool sweep_parse_values(struct sweep_parse *p, struct sweep_axis *a,
                        char *text);

void sweep_parse_axis(struct sweep_parse *p);
void sweep_parse_exclude(struct sweep_parse *p);

#endif

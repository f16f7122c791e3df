/* condition.h - conditions on settings, and on what else is known of a run.
 *
 *     condition = all { "or" all }              one of them holds
 *     all       = term { "and" term }           each of them holds
 *     term      = NAME SIGN VALUE { "|" VALUE } one of the values fits; with
 *                                               != none of them
 *               | FACT                          a word of the reader's own
 *     SIGN      = "=" | "==" | "!=" | "<" | "<=" | ">" | ">="
 *
 * One grammar for the rows of keys (`when`, config_when.h), for what a sweep
 * file says behind `if` and in [exclude] (sweep/sweep_axis.h) and for --where
 * (report/filter.h). What names and values are is the reader's to say. "or", as
 * it may be part of a text, joins only if NAME and SIGN follow; a text in which
 * that happens stands in braces or quotes. Numbers are compared as numbers, all
 * else as text, by = and != only.
 */
#ifndef SINKLAB_CONDITION_H
#define SINKLAB_CONDITION_H

#include "base/pool.h"
#include "config/config_keys.h"

enum condition_sign {
    SIGN_EQUAL,
    SIGN_UNEQUAL,
    SIGN_LESS,
    SIGN_AT_MOST,
    SIGN_MORE,
    SIGN_AT_LEAST,
    SIGN_NONE, /* a fact */
};

struct condition_value {
    const char *text;      /* of a name that is no number */
    double number;         /* of one that is, unless there is a key: */
    struct config_key key; /* whose value it is; .key NULL: none */
};

struct condition_term {
    bool is_or;            /* an alternative begins here */
    struct config_key key; /* .key NULL: it is no key, but */
    const void *other;     /* the reader's own */
    bool is_number;        /* else a text */
    bool is_plain;         /* "|" is part of the text and splits nothing */
    enum condition_sign sign;
    idx n;
    struct condition_value *values; /* (n) */
};

enum { CONDITION_TERMS_MAX = 16 };

/* No terms: it always holds. Texts and values live in the pool. */
struct condition {
    const char *text; /* as written */
    idx n;
    struct condition_term terms[CONDITION_TERMS_MAX];
};

struct condition_reader {
    void *user;
    bool has_quotes;     /* '...' and "..." hold a text together; else {...} */
    bool has_facts;      /* `other` of a term that is no key is one */
    const char *example; /* "a condition as x = 1", for messages */
    /* Set key, or other and is_number; is_plain. An error without text was told
     * otherwise. */
    int (*find)(void *user, struct condition_term *t, const char *name,
                struct err *e);
    /* Set what t's kind asks for; text is trimmed, and may be changed. */
    int (*read)(void *user, struct condition_value *v,
                const struct condition_term *t, struct pool *pool, char *text,
                struct err *e);
};

/* condition_parse - OK, or ERR_MEMORY, or the code of a callback, ERR_USAGE for
 * what is wrong otherwise; the message quotes the term, unless it is empty. */
int condition_parse(struct condition *c, struct pool *pool, const char *text,
                    const struct condition_reader *r, struct err *e);

/* condition_holds - by a judge of its terms. */
typedef bool condition_judge(const struct condition_term *t, const void *user);
bool condition_holds(const struct condition *c, condition_judge *judge,
                     const void *user);

/* condition_fits_number, condition_fits_text - does the value fit the term's
 * number, or its text? Of what is not known (NAN; NULL) only != holds. */
bool condition_fits_number(const struct condition_term *t, double number);
bool condition_fits_text(const struct condition_term *t, const char *text);

/* condition_fits_config - a judge of terms whose names are keys; config is a
 * struct config. */
bool condition_fits_config(const struct condition_term *t, const void *config);

/* condition_read_key - read a value of t's key as the key does, bounds
 * included. */
int condition_read_key(struct condition_value *v,
                       const struct condition_term *t, struct pool *pool,
                       const char *text, struct err *e);

#endif

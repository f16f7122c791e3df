/* key.h - a typed configuration key, declared once as a table row.
 *
 * Each module lists the keys of its options struct beside that struct. The one
 * row drives parsing, default, bounds, help, the resolved dump, docs/CONFIG.md,
 * the axes of sweeps, and whether a setting can do anything (`when`, in the
 * grammar of config/config_when.h). Nothing here knows INI files.
 * Tables are const and live for the whole program.
 */
#ifndef SINKLAB_KEY_H
#define SINKLAB_KEY_H

#include "base/base.h"
#include "base/err.h"

enum key_type {
    KEY_INT,    /* idx */
    KEY_REAL,   /* double */
    KEY_BOOL,   /* bool; yes/no, true/false, on/off, 1/0 */
    KEY_TEXT,   /* char[KEY_TEXT_MAX] */
    KEY_CHOICE, /* int, index into the names that choice(0..) returns */
    KEY_LIST,   /* struct key_list: integers separated by commas */
    KEY_STEPS,  /* struct key_steps: a number, or several in turn */
};

enum { KEY_TEXT_MAX = 1024, KEY_LIST_MAX = 256, KEY_STEPS_MAX = 64 };

/* Bytes that any value fits in when printed: a full list of 16-digit items. */
enum { KEY_PRINT_MAX = 8192 };

struct key_list {
    idx n;
    idx v[KEY_LIST_MAX];
};

/* A number that changes at given steps, "0 until 1000, 1e-4": each piece holds
 * for the updates up to number `until`, the last, whose until is 0, for all
 * behind. Untils rise; neighbours differ, so that one number has one form. */
struct key_steps {
    idx n;
    struct key_piece {
        idx until;
        double value;
    } piece[KEY_STEPS_MAX];
};

/* The value that counts for the update behind so many. */
double key_steps_at(const struct key_steps *s, idx updates_done);

/* KEY_RESUME: may be changed when a run goes on (its past stays valid).
 * KEY_COSMETIC: changes no number that the run computes (paths, threads, log
 * and save intervals); left out of the run's identity. Implies KEY_RESUME.
 * KEY_STAYS: cosmetic, and a run that goes on keeps it all the same.
 * KEY_MEASURES: cosmetic, and what `sinklab analyze` finds depends on it.
 * KEY_SEED: a seed over which runs are averaged.
 * KEY_READ: whoever only reads a run may change it, too: by what its numbers
 * are computed, which is not everywhere that a run is taken to. */
enum {
    KEY_RESUME = 1,
    KEY_COSMETIC = 2 | KEY_RESUME,
    KEY_STAYS = 4,
    KEY_SEED = 8,
    KEY_MEASURES = 16 | KEY_COSMETIC,
    KEY_READ = 32,
};

struct key {
    const char *name; /* within its section */
    enum key_type type;
    size_t offset;        /* of the value in the section's options struct */
    const char *fallback; /* default, written as in an INI file */
    double min, max;      /* inclusive; of numbers, of those in a list or in
                             turn */
    const char *(*choice)(int i); /* KEY_CHOICE: name i, NULL past the end */
    unsigned flags;
    const char
        *help; /* one sentence, with unit; no full stop at the end; what a
                         number means that is none of these last: "; 0: all" */
    const char *when; /* the settings with which it is read; NULL: all */
};

/* key_parse - read text into the field of `options` that the row describes.
 * OK or ERR_CONFIG; on error the field is unchanged and the message says what
 * was got and what is wanted (no place: the caller adds it).
 * Numbers are decimal and exact: no hexadecimal, nan or inf; 1e4 is an integer.
 * A text must survive an INI file: one line without control characters, blanks
 * at its ends, or anything that starts a comment there (# or ; first or after
 * a blank). Bytes of a field behind its value are zero. */
int key_parse(const struct key *key, void *options, const char *text,
              struct err *e);

/* key_defaults - give the fields of n rows their defaults. */
void key_defaults(const struct key *keys, idx n, void *options);

/* key_copy_text - a text that key_parse has let through once, from one field to
 * another; the bytes behind it become zero. */
void key_copy_text(char value[KEY_TEXT_MAX], const char *text);

/* key_print - write the field's value as key_parse reads it back, exactly:
 * a real is printed with the fewest digits that give the same double.
 * Returns the length as snprintf does; cap bounds what is written. */
int key_print(const struct key *key, const void *options, char *text,
              size_t cap);

/* key_meaning - what its help says that this value means: "all" of "0" where it
 * says "; 0: all"; "" where it says nothing so short. Returns text. */
enum { KEY_MEANING_MAX = 17 };
const char *key_meaning(char text[KEY_MEANING_MAX], const struct key *key,
                        const char *value);

/* key_describe - "integer, 1 to 64", "one of softmax, sigmoid", ... for help
 * and error messages. Returns the length as snprintf does. */
int key_describe(const struct key *key, char *text, size_t cap);

#endif

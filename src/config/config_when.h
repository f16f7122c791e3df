/* config_when.h - which settings a run reads: the conditions of the key rows
 * (`when` in base/key.h), and what follows from them.
 *
 * Their grammar is config/condition.h's, with VALUE as key_print has it, or the
 * name of another key whose value is a number. A FACT is a word whose meaning
 * is code, in config_when.c. No condition: a key is always read. A value that
 * equals the default needs no reader: it may stand anywhere.
 *
 * Pure functions over the table of sections.
 */
#ifndef SINKLAB_CONFIG_WHEN_H
#define SINKLAB_CONFIG_WHEN_H

#include "config/config_keys.h"

/* config_is_read - does a run with c read key k? */
bool config_is_read(const struct config *c, struct config_key k);

/* config_is_idle - is the value of k other than its default, and not read? */
bool config_is_idle(const struct config *c, struct config_key k);

/* config_would_be_read - the same as config_is_read, but a term that fails is
 * passed over where is_excused says so of one of its keys, other than k. */
typedef bool config_excuse(void *user, struct config_key k);
bool config_would_be_read(const struct config *c, struct config_key k,
                          config_excuse *is_excused, void *user);

/* config_why_idle - "is read only with attention.weights = clipped; this run
 * has softmax", cut to cap bytes. */
void config_why_idle(char *text, size_t cap, const struct config *c,
                     struct config_key k);

/* The keys that the condition of k speaks of, other than k, none twice; returns
 * how many. */
enum { CONFIG_DECIDERS_MAX = 8 };
idx config_deciders(struct config_key found[CONFIG_DECIDERS_MAX],
                    struct config_key k);

/* config_drop_idle - every value that is not read becomes its default. */
void config_drop_idle(struct config *c);

/* config_show_when - the condition in words, "" for none; the word that goes
 * before it behind "is read only": "with", or "where". */
const char *config_show_when(const struct key *key);
const char *config_when_word(const struct key *key);

#endif

/* config_differ.h - the keys in which configurations differ.
 *
 * Pure functions over the table of sections.
 */
#ifndef SINKLAB_CONFIG_DIFFER_H
#define SINKLAB_CONFIG_DIFFER_H

#include "base/base.h"
#include "config/config.h"

/* More differing keys than this are not looked for. */
enum { DIFFERING_MAX = 128 };

/* config_differing - the keys in which not all of n configurations agree, in
 * the order of the table, without cosmetic ones; a text that is known by its
 * data.hash is one wherever it lies. Returns how many. at(list, i) gives
 * configuration i, or NULL if it is not known: then it does not count. */
typedef const struct config *config_at(const void *list, idx i);
idx config_differing(struct config_key found[DIFFERING_MAX], config_at *at,
                     const void *list, idx n);

/* config_key_tells - do two of them that read k differ in it, or does none say
 * that it reads it? Else that they differ follows from what decides who reads
 * it. */
bool config_key_tells(struct config_key k, config_at *at, const void *list,
                      idx n);

/* config_key_has_paths - does it say where texts lie (data/paths.h)? */
bool config_key_has_paths(struct config_key k);

/* config_other_text - the first two of n configurations that read files at the
 * same places and know them by another data.hash; false: none. */
bool config_other_text(idx *a, idx *b, config_at *at, const void *list, idx n);

/* config_past_differs - is there a key in which the two differ, of those that
 * may change neither when a run goes on nor when it is read (all without
 * KEY_RESUME and KEY_READ)? The first of them. */
bool config_past_differs(struct config_key *found, const struct config *a,
                         const struct config *b);

/* config_key_is_local - does it say where a run lies, or how many threads it
 * has, alone? Then runs that differ in it may be one and the same. */
bool config_key_is_local(struct config_key k);

/* config_value_order - < 0, 0, > 0 as a's value comes before b's: numbers by
 * size, choices as the table lists them, text by its bytes. */
int config_value_order(const struct config *a, const struct config *b,
                       struct config_key k);

/* Is the name without its section clear: does none of the n keys share it, and
 * no column of ours ("steps")? */
bool config_key_is_clear(const struct config_key *keys, idx n, idx k);

#endif

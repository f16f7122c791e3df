/* setting.h - "section.key = value" as one word, of a command line or of who
 * makes such words: the one place that takes it apart.
 *
 * Blanks around name and value do not count. Pure functions.
 */
#ifndef SINKLAB_SETTING_H
#define SINKLAB_SETTING_H

#include "config/config_keys.h"

/* Bytes of a word, NUL included; longer ones are none. */
enum { SETTING_MAX = 2 * KEY_PRINT_MAX };

/* setting_split - cut a copy of the word in two; both parts lie in text. false:
 * it has no "=", or is too long. */
bool setting_split(char text[SETTING_MAX], char **name, char **value,
                   const char *word);

/* setting_key - the key that the word sets; {0}: it sets none. */
struct config_key setting_key(const char *word);

/* setting_read - the value that the last of n words which set `key`,
 * "section.key", gives it, into c. false: none does, or what it says is no
 * value of that key, which config_load tells. */
bool setting_read(struct config *c, const char *const *words, idx n,
                  const char *key);

#endif

/* config_print.h - a config as text, and its identity. */
#ifndef SINKLAB_CONFIG_PRINT_H
#define SINKLAB_CONFIG_PRINT_H

#include "config/draft.h"

/* config_print - the resolved config, every key, as an INI text that
 * config_load_text reads back to the same struct. With origins, each line ends
 * in a comment that says where its value came from. The caller frees the
 * string; NULL when out of memory. */
char *config_print(const struct config *c, const struct config_source *origins);

/* config_print_given - the same without the keys that the preset sets because
 * nobody gave them: another preset may still do so. */
char *config_print_given(const struct config *c,
                         const struct config_source *origins);

/* config_id - 16 hex digits and NUL: the hash of the keys that are read and
 * differ from their defaults, without KEY_COSMETIC ones. Two runs with the same
 * id compute the same numbers; a version with more keys gives the same id, so a
 * default may never change what it means. */
enum { CONFIG_ID_MAX = 17 };
void config_id(char id[CONFIG_ID_MAX], const struct config *c);

#endif

/* config_document.h - docs/CONFIG.md, from the tables of keys. */
#ifndef SINKLAB_CONFIG_DOCUMENT_H
#define SINKLAB_CONFIG_DOCUMENT_H

#include <stdio.h>

#include "config/config_keys.h"

/* config_document - every key: type, bounds, default, help. beside: sections
 * that others read, to come last; ends with name NULL; or NULL. */
void config_document(FILE *out, const struct config_section *beside);

#endif

/* config_word.h - the config that the first word of a command line names: a
 * file, or the folder of a run. */
#ifndef SINKLAB_CONFIG_WORD_H
#define SINKLAB_CONFIG_WORD_H

#include "cmd/cmd.h"
#include "config/config.h"

/* Is it the name of a config file, or a folder with a run? *is_it; OK,
 * ERR_IO. */
int word_is_config(bool *is_it, const char *word, struct err *e);

/* config_of_word - read it, with the settings of the command line; what a user
 * should know of them goes to standard error. OK, or as config_load and
 * run_config_load; ERR_USAGE: a folder without a run. */
int config_of_word(struct config *c, const struct words *words, struct err *e);

#endif

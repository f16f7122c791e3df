/* paths.h - every path that the [data] keys name: data.path, data.val_path,
 * data.bigram_path, and those in data.mixture. */
#ifndef SINKLAB_DATA_PATHS_H
#define SINKLAB_DATA_PATHS_H

#include "data/options.h"

/* data_map_paths - let a function change each path that is given; `key` is what
 * messages call it, "data.path". OK, or what it returned; ERR_CONFIG:
 * data.mixture would become too long. */
typedef int path_map(void *user, const char *key, char path[KEY_TEXT_MAX],
                     struct err *e);
int data_map_paths(struct data_options *o, path_map *map, void *user,
                   struct err *e);

/* data_path_key - what messages call the path of a corpus (options of a part of
 * a mixture, too): "data.path", "data.mixture". */
const char *data_path_key(const struct data_options *o);

/* data_forget_paths - where files lie is not part of what a run is: their
 * tokens are (data.hash), and that there is a data.bigram_path. */
void data_forget_paths(struct data_options *o);

/* data_copy_paths - the same corpus, from where `from` has it. */
void data_copy_paths(struct data_options *to, const struct data_options *from);

/* data_share_paths - a text is one wherever it lies: if both are known to have
 * one (data.hash), `to` takes the paths that `from` has; true if so. */
bool data_share_paths(struct data_options *to, const struct data_options *from);

/* data_is_one_place - do both read files at the same places, in one way? */
bool data_is_one_place(const struct data_options *a,
                       const struct data_options *b);

/* data_key_has_paths - is it one of the keys above, of data_keys? */
bool data_key_has_paths(const struct key *k);

#endif

/* run_paths.h - where a config's run goes, and where its text lies. */
#ifndef SINKLAB_RUN_PATHS_H
#define SINKLAB_RUN_PATHS_H

#include "config/config.h"
#include "run/run.h"

/* run_dir_default - runs/<name of the config file>. OK or ERR_CONFIG. */
int run_dir_default(char dir[RUN_DIR_MAX], const char *path, struct err *e);

/* run_data_path - make the paths of [data] and sink.path absolute, as seen from
 * anywhere, so that the run in dir can go on from another folder. A path to
 * nothing stays: the source says what is wrong with it. OK, or ERR_CONFIG: a
 * folder of texts that holds dir, or a path too long. */
int run_data_path(struct config *c, const char *dir, struct err *e);

#endif

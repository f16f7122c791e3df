/* corpus_json.h - what corpus_info.h tells, for programs: an object on a line.
 * docs/DATA.md, "info", has its members. */
#ifndef SINKLAB_CORPUS_JSON_H
#define SINKLAB_CORPUS_JSON_H

#include <stdio.h>

#include "base/err.h"
#include "config/config.h"

/* corpus_json_print, corpus_json_print_config - as corpus_info_print and
 * corpus_info_print_config. */
int corpus_json_print(FILE *out, const struct data_options *o, struct err *e);
int corpus_json_print_config(FILE *out, const struct config *c, struct err *e);

#endif

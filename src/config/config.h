/* config.h - from INI files and overrides to one resolved struct config.
 *
 * Order: every key's default; then the file, line by line (`include = a, b`
 * before the first section splices those files in, relative to the including
 * file); then the command line's section.key=value. A later assignment wins;
 * the same key twice in one file is an error. `preset = NAME` in [model] is for
 * the keys that nobody gave, in any order; the last preset given counts.
 *
 * A value that is given and that nothing reads (config_when.h) is an error. If
 * a later file, or the command line, made the choice that leaves it idle, it
 * has its default instead, and a note says so. So a key that is not read has
 * its default in every config that was loaded; stored ones are taken as they
 * are.
 *
 * Errors are ERR_CONFIG with "file:line: [section] key: got X, want Y", or
 * "command line: section.key: ..." for an override; all found errors are told,
 * one a line. Code that sets a text field itself must go through key_parse, or
 * config_print may write what does not read back.
 */
#ifndef SINKLAB_CONFIG_H
#define SINKLAB_CONFIG_H

#include "base/base.h"
#include "base/err.h"
#include "config/config_keys.h"
#include "config/config_print.h"
#include "config/draft.h"

/* config_load - defaults, then the file at path (NULL: none), then the
 * overrides "section.key=value" (n of them). origins may be NULL; else
 * *origins is set and must be given to config_source_free.
 * OK, ERR_CONFIG (see above), ERR_IO (cannot be read), ERR_MEMORY. */
int config_load(struct config *c, const char *path,
                const char *const *overrides, idx n,
                struct config_source **origins, struct err *e);

/* config_load_extra - the same of a file with sections beside a run's own, that
 * are handed over line by line; what keys need of each other is not checked. */
int config_load_extra(struct config *c, const char *path,
                      const char *const *overrides, idx n,
                      struct config_source **origins,
                      const struct config_extra *extra, struct err *e);

/* config_load_text - the same from a string, as stored in a checkpoint;
 * `place` stands for the file name in messages. It may not include files. */
int config_load_text(struct config *c, const char *text, const char *place,
                     struct err *e);

/* config_load_sealed - config.ini of a run, or a frozen config of a sweep: as
 * written by this program, with a seal (io/sealed_text.h) unless an older
 * version wrote it, which may have let settings pass that do nothing: no reason
 * to lose its runs. OK; ERR_CONFIG: changed since, "path: ...; remedy", or as
 * config_load; ERR_IO, ERR_MEMORY. */
int config_load_sealed(struct config *c, const char *path, const char *remedy,
                       struct err *e);

/* config_override - apply overrides to a config that is already there, as a
 * resumed run does. Keys without all of `flags` may only be given the value
 * they have (a run's past must stay valid); with KEY_READ among them those that
 * have it are allowed, too. flags 0 allows every key.
 * from: where c's values came from, so that a preset knows which of them were
 * given; NULL: none was. Overrides must be read; what they leave idle of c gets
 * its default. origins as in config_load, with notes on the overrides.
 * OK, or ERR_CONFIG or ERR_MEMORY and c as it was. */
int config_override(struct config *c, const struct config_source *from,
                    const char *const *overrides, idx n, unsigned flags,
                    struct config_source **origins, struct err *e);

#endif

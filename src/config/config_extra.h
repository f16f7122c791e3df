/* config_extra.h - sections beside a run's own, for who reads more than that.
 *
 * config.c hands over what stands in them, line by line, and goes on telling
 * all problems of a file together. One user: sweep_file.c.
 */
#ifndef SINKLAB_CONFIG_EXTRA_H
#define SINKLAB_CONFIG_EXTRA_H

#include "config/config.h"
#include "config/draft.h"

/* Names of the sections that make a file a sweep file; ends with NULL. */
extern const char *const config_sweep_sections[];

struct config_extra {
    void *user;
    /* An assignment in such a section, or on the command line. is_more: an
     * indented line that goes on with the one before. The strings and the
     * place live until it returns; problems go to d. */
    void (*assign)(void *user, struct draft *d, const struct place *at,
                   const char *section, const char *key, const char *text,
                   bool is_more);
    /* All is read, and d->config is what it says. */
    void (*finish)(void *user, struct draft *d);
};

/* config_load_extra - config_load, which also takes config_sweep_sections;
 * what keys need of each other is not checked. */
int config_load_extra(struct config *c, const char *path,
                      const char *const *overrides, idx n,
                      struct config_source **origins,
                      const struct config_extra *extra, struct err *e);

#endif

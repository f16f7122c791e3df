/* train_target.h - what `sinklab train` is to train, and where: a config file
 * and a folder to be made, or a run folder to go on with. */
#ifndef SINKLAB_TRAIN_TARGET_H
#define SINKLAB_TRAIN_TARGET_H

#include "config/config.h"
#include "run/run.h"

struct train_target {
    /* as the command line says it */
    const char *path;             /* config file or run folder */
    const char *const *overrides; /* (n_overrides) section.key=value */
    idx n_overrides;
    bool wants_resume, wants_restart;

    /* found out */
    struct config config; /* run.dir empty: a run folder may be moved */
    struct config_source *origins; /* NULL for a resumed run; owned */
    struct config_source *changes; /* that overrides made to one; owned */
    char dir[RUN_DIR_MAX];
    bool is_resumed;
    bool has_lost_config; /* the run's config.ini is damaged or missing */
    idx kept_steps;       /* of the run that is there */
};

/* train_same_run - do both describe one run, at different lengths and with the
 * text in different places perhaps? */
bool train_same_run(const struct config *a, const struct config *b);

/* train_config_check - is the config.ini of the run in dir one that was not cut
 * off? Whole lines without a seal may be an older version's; where they do not
 * describe the run that its checkpoints are of, they are what is left of more.
 * OK, also where there is none; ERR_CONFIG: damaged; ERR_IO, ERR_MEMORY. */
int train_config_check(const char *dir, struct err *e);

/* train_check_length - OK; ERR_CONFIG: c has fewer steps than the run in dir
 * was planned for. */
int train_check_length(const struct config *c, idx planned, const char *dir,
                       struct err *e);

/* train_target_resolve - fill the second half from the first. is_dry: a run
 * that is there already does not matter.
 * OK; ERR_USAGE: a folder without a run; ERR_CONFIG: the config is wrong, is
 * not that of the run in the folder, or an override may not change it; ERR_IO.
 * The caller frees origins and changes by config_source_free, in any case. */
int train_target_resolve(struct train_target *t, bool is_dry, struct err *e);

#endif

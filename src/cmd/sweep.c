/* sweep.c - `sinklab sweep`: many runs from one file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "config/setting.h"
#include "report/claims.h"
#include "sweep/sweep_dry.h"
#include "sweep/sweep_freeze.h"
#include "sweep/sweep_index.h"
#include "sweep/sweep_launch.h"
#include "sweep/sweep_reuse.h"
#include "sweep/sweep_slurm.h"
#include "sweep/sweep_status.h"
#include "verify/verify.h"

enum sweep_action {
    ACTION_LAUNCH,
    ACTION_DRY,
    ACTION_LIST,
    ACTION_INDEX,
    ACTION_SLURM,
    ACTION_STATUS,
};

/* ---- the command line -------------------------------------------------- */

struct sweep_args {
    bool is_dry, is_list, is_slurm, is_status;
    struct sweep_dry_options dry; /* is_json also of status */
    idx index;                    /* -1: not given */
};

#define FIELD(f) .offset = offsetof(struct sweep_args, f)
static const struct command_option options[] = {
    { .name = "dry-run",
      FIELD(is_dry),
      .help = "print the runs, parameters, expected time and disk, from some "
              "steps of the first that are timed" },
    { .name = "rate",
      .value = "R",
      .type = OPTION_NUMBER,
      FIELD(dry.rate),
      .min = 1e-6,
      .max = 1e18,
      .help = "with --dry-run: each at R tokens a second, without timing" },
    { .name = "json",
      FIELD(dry.is_json),
      .help = "with --dry-run and status: for programs, on one line" },
    { .name = "list",
      FIELD(is_list),
      .help = "print a command for each run that is not finished" },
    { .name = "index",
      .value = "I",
      .type = OPTION_COUNT,
      FIELD(index),
      .max = HUGE_VAL,
      .help = "train run I of the list here, and nothing else" },
    { .name = "slurm",
      FIELD(is_slurm),
      .help = "submit the runs to Slurm instead; see docs/SWEEPS.md" },
    { .name = NULL },
};
#undef FIELD

static int find_action(enum sweep_action *action, const struct sweep_args *a,
                       struct err *e)
{
    const bool asked[] = {
        [ACTION_DRY] = a->is_dry,       [ACTION_LIST] = a->is_list,
        [ACTION_INDEX] = a->index >= 0, [ACTION_SLURM] = a->is_slurm,
        [ACTION_STATUS] = a->is_status,
    };
    *action = ACTION_LAUNCH;
    for (int i = 0; i < COUNT_OF(asked); i++) {
        if (asked[i] && *action != ACTION_LAUNCH)
            return err_set(e, ERR_USAGE,
                           "sweep: --dry-run, --list, --index, --slurm and "
                           "status exclude each other");
        if (asked[i])
            *action = (enum sweep_action)i;
    }
    if (a->dry.rate > 0 && *action != ACTION_DRY)
        return err_set(e, ERR_USAGE,
                       "sweep: --rate goes with --dry-run (see `sinklab help "
                       "sweep`)");
    if (a->dry.is_json && *action != ACTION_DRY && *action != ACTION_STATUS)
        return err_set(e, ERR_USAGE,
                       "sweep: --json goes with --dry-run or status (see "
                       "`sinklab help sweep`)");
    return *action == ACTION_INDEX ? OK : command_check_single("sweep", e);
}

/* What is there is shown as it is: run.dir says where, the rest nothing. */
static int check_status(const struct words *words, struct err *e)
{
    for (idx i = 0; i < words->n_settings; i++) {
        struct config_key k = setting_key(words->settings[i]);
        if (k.key != config_key_find("run.dir").key)
            return err_set(e, ERR_USAGE,
                           "sweep: %s does nothing with status, which shows "
                           "what is there: leave it out",
                           words->settings[i]);
    }
    return OK;
}

/* ---- the command ------------------------------------------------------- */

/* The list up to date, and what is done elsewhere taken: `--index` leaves both
 * to who made the list. */
static int update(struct sweep *s, struct sweep_file *f, FILE *out,
                  struct err *e)
{
    return sweep_update(s, f, out, e)
               ? e->code
               : sweep_reuse(s, f->options.reuse, verify_is_sound, out, e);
}

static void note_reuse(enum sweep_action action, const struct sweep_file *f)
{
    if (f->options.reuse[0] && (action == ACTION_DRY || action == ACTION_INDEX))
        fprintf(stderr, "note: %s does not look in sweep.reuse\n",
                action == ACTION_DRY ? "--dry-run" : "--index");
}

static int act(enum sweep_action action, const struct sweep_args *a,
               struct sweep_file *f, struct sweep *s, struct err *e)
{
    switch (action) {
    case ACTION_DRY:
        return sweep_dry_run(f, &a->dry, claims_tell, e);
    case ACTION_STATUS:
        return sweep_open(s, f->dir, e) ? e->code
                                        : sweep_status(s, a->dry.is_json, e);
    case ACTION_INDEX:
        return sweep_open_or_make(s, f, e)
                   ? e->code
                   : sweep_index(s, &f->options, a->index, e);
    case ACTION_LIST:
        return update(s, f, stderr, e) ? e->code
                                       : sweep_print_list(s, &f->options, e);
    case ACTION_SLURM:
        return update(s, f, stdout, e) ? e->code
                                       : sweep_submit(s, &f->options, e);
    case ACTION_LAUNCH:
        break;
    }
    return update(s, f, stdout, e) ? e->code : sweep_launch(s, &f->options, e);
}

static int run(int argc, char **argv, struct err *e)
{
    struct sweep_args a = { .index = -1 };
    enum sweep_action action;
    struct sweep s = { 0 };
    struct words words;
    a.is_status = argc > 1 && strcmp(argv[1], "status") == 0;
    command_parse(&command_sweep, &a, &words, argc - a.is_status,
                  argv + a.is_status, e);
    struct sweep_file *f = calloc(1, sizeof *f);
    if (!f)
        err_memory(e, NULL);
    if (!e->code && !find_action(&action, &a, e) &&
        (action != ACTION_STATUS || !check_status(&words, e)) &&
        !sweep_file_read(f, words.at[0], words.settings, words.n_settings, e) &&
        !sweep_reuse_check(f->options.reuse, e) &&
        (f->is_frozen || !claims_check(f, e))) {
        note_reuse(action, f);
        act(action, &a, f, &s, e);
    }
    sweep_close(&s);
    if (f)
        sweep_file_release(f);
    free(f);
    words_release(&words);
    return e->code;
}

const struct command command_sweep = {
    .name = "sweep",
    .summary = "train many runs from one file",
    .synopsis = "SWEEP.ini [section.key=value ...] [options]\n"
                "FOLDER [section.key=value ...] [options]\n"
                "status SWEEP.ini [run.dir=FOLDER] | FOLDER",
    .about = "Trains all runs that SWEEP.ini describes, several at a time, "
             "each in a folder below run.dir. The same command again goes on: "
             "what is finished stays, what was interrupted resumes, what is "
             "new in the file is added.",
    .options = options,
    .more = "sweep.jobs=N, sweep.threads=N, sweep.retries=N and the other keys "
            "of [sweep] say how runs are started; sweep.reuse=FOLDER takes "
            "those that are done there. The grammar: docs/SWEEPS.md",
    .words_max = 1,
    .takes_settings = true,
    .missing = "which sweep file, or folder? See docs/SWEEPS.md",
    .is_shared = true,
    .run = run,
};

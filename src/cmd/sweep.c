/* sweep.c - `sinklab sweep`: many runs from one file. */
#include "sweep/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/shell.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "sweep/sweep_run.h"
#include "sweep/sweep_slurm.h"

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
    idx index; /* -1: not given */
};

#define FIELD(f) .offset = offsetof(struct sweep_args, f)
static const struct command_option options[] = {
    { .name = "dry-run",
      FIELD(is_dry),
      .help = "print the runs, parameters, expected time and disk" },
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
    return OK;
}

/* ---- freezing ---------------------------------------------------------- */

static void print_news(FILE *out, const struct sweep *s,
                       const struct sweep_points *p,
                       const struct sweep_news *news)
{
    if (news->is_new)
        fprintf(out, "%s: %td runs\n", s->dir, s->n);
    else if (news->added)
        fprintf(out, "%s: %td runs are new in the file and were added\n",
                s->dir, news->added);
    if (news->dropped)
        fprintf(out,
                "%s: %td runs are no longer in the file: they stay, but are "
                "not started\n",
                s->dir, news->dropped);
    if (news->revived)
        fprintf(out, "%s: %td runs are in the file again\n", s->dir,
                news->revived);
    if (news->updated)
        fprintf(out,
                "%s: %td runs that have not begun take the file's new "
                "cosmetic settings\n",
                s->dir, news->updated);
    if (news->kept)
        fprintf(out,
                "%s: %td runs that have begun keep their former cosmetic "
                "settings\n",
                s->dir, news->kept);
    if (news->repaired)
        fprintf(out,
                "%s: %td frozen configurations were damaged or missing and "
                "were written anew\n",
                s->dir, news->repaired);
    if (p->n_duplicates)
        fprintf(out,
                "note: %td combinations equal another one and are not run "
                "again: %s\n",
                p->n_duplicates, p->twins);
    text_print_lines(out, "note: ", p->notes);
    if (p->idle)
        fprintf(out, "note: an exclusion excludes nothing: %s\n", p->idle);
    fflush(out);
}

/* Bring the folder up to the file; s is open and locked then. Notes go to
 * `out`. */
static int freeze(struct sweep *s, struct sweep_file *f, FILE *out,
                  struct err *e)
{
    struct sweep_points p = { 0 };
    struct sweep_news news;
    if (!sweep_expand(&p, f, e) && !sweep_lock(s, f->dir, e) &&
        !sweep_freeze(s, f, &p, &news, e))
        print_news(out, s, &p, &news);
    sweep_points_release(&p);
    return e->code;
}

/* For --index: the list as it is; the first of many processes makes it, and
 * the others wait until it is there. */
static int open_list(struct sweep *s, struct sweep_file *f, struct err *e)
{
    const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
    for (;;) {
        struct err busy = { 0 };
        bool holds, is_run;
        if (sweep_holds_sweep(&holds, f->dir, e))
            return e->code;
        if (holds)
            return sweep_open(s, f->dir, e);
        if (freeze(s, f, stdout, &busy) == OK) {
            lock_release(&s->lock);
            return OK;
        }
        sweep_close(s);
        if (busy.code != ERR_BUSY || run_holds_run(&is_run, f->dir, NULL) ||
            is_run) {
            *e = busy;
            return e->code;
        }
        nanosleep(&pause, NULL);
    }
}

/* ---- the command ------------------------------------------------------- */

static int dry_run(const struct sweep_file *f, struct err *e)
{
    struct sweep_points p = { 0 };
    if (!sweep_expand(&p, f, e))
        sweep_dry_run(f, &p, e);
    sweep_points_release(&p);
    return e->code;
}

static int act(enum sweep_action action, idx index, struct sweep_file *f,
               struct sweep *s, struct err *e)
{
    switch (action) {
    case ACTION_DRY:
        return dry_run(f, e);
    case ACTION_STATUS:
        return sweep_open(s, f->dir, e) ? e->code : sweep_status(s, e);
    case ACTION_INDEX:
        return open_list(s, f, e) ? e->code
                                  : sweep_index(s, &f->options, index, e);
    case ACTION_LIST:
        return freeze(s, f, stderr, e) ? e->code
                                       : sweep_print_list(s, &f->options, e);
    case ACTION_SLURM:
        return freeze(s, f, stdout, e) ? e->code
                                       : sweep_submit(s, &f->options, e);
    case ACTION_LAUNCH:
        break;
    }
    return freeze(s, f, stdout, e) ? e->code : sweep_launch(s, &f->options, e);
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
        err_set(e, ERR_MEMORY, "out of memory");
    if (!e->code && !find_action(&action, &a, e) &&
        !sweep_file_read(f, words.at[0], words.settings, words.n_settings, e))
        act(action, a.index, f, &s, e);
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
                "status SWEEP.ini | FOLDER",
    .about = "Trains all runs that SWEEP.ini describes, several at a time, "
             "each in a folder below run.dir. The same command again goes on: "
             "what is finished stays, what was interrupted resumes, what is "
             "new in the file is added.",
    .options = options,
    .more = "sweep.jobs=N, sweep.threads=N, sweep.retries=N and the other keys "
            "of [sweep] say how runs are started. The grammar: docs/SWEEPS.md",
    .words_max = 1,
    .takes_settings = true,
    .missing = "which sweep file, or folder? See docs/SWEEPS.md",
    .run = run,
};

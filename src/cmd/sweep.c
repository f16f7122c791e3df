/* sweep.c - `sinklab sweep`: many runs from one file. */
#include "sweep/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/shell.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "sweep/sweep_run.h"
#include "sweep/sweep_slurm.h"

static const char usage[] =
    "usage: sinklab sweep SWEEP.ini [section.key=value ...] [--dry-run]\n"
    "       sinklab sweep FOLDER [...]\n"
    "       sinklab sweep status SWEEP.ini | FOLDER\n"
    "\n"
    "Trains all runs that SWEEP.ini describes, several at a time, each in a\n"
    "folder below run.dir. The same command again goes on: what is finished "
    "stays,\n"
    "what was interrupted resumes, what is new in the file is added.\n"
    "\n"
    "  --dry-run    print the runs, parameters, expected time and disk\n"
    "  --list       print a command for each run that is not finished\n"
    "  --index I    train run I of the list here, and nothing else\n"
    "  --slurm      submit the runs to Slurm instead; see docs/SWEEPS.md\n"
    "\n"
    "sweep.jobs=N, sweep.threads=N, sweep.retries=N and the other keys of "
    "[sweep]\n"
    "say how runs are started. The grammar: docs/SWEEPS.md\n";

enum sweep_action {
    ACTION_LAUNCH,
    ACTION_DRY,
    ACTION_LIST,
    ACTION_INDEX,
    ACTION_SLURM,
    ACTION_STATUS,
};

struct sweep_args {
    enum sweep_action action;
    const char *path;
    const char **overrides; /* (n) */
    idx n;
    idx index;
};

/* ---- the command line -------------------------------------------------- */

static int set_action(struct sweep_args *a, enum sweep_action action,
                      struct err *e)
{
    if (a->action != ACTION_LAUNCH)
        return err_set(e, ERR_USAGE,
                       "sweep: --dry-run, --list, --index, --slurm and status "
                       "exclude each other");
    a->action = action;
    return OK;
}

static int parse_index(struct sweep_args *a, const char *text, struct err *e)
{
    char *end;
    if (!text)
        return err_set(e, ERR_USAGE, "sweep: --index wants a number");
    long long index = strtoll(text, &end, 10);
    if (*end || end == text || index < 0)
        return err_set(e, ERR_USAGE,
                       "sweep: --index: got '%s', want a number of the list, "
                       "0 or more",
                       text);
    a->index = (idx)index;
    return set_action(a, ACTION_INDEX, e);
}

static int parse_arguments(struct sweep_args *a, int argc, char **argv,
                           struct err *e)
{
    int first = 1;
    if (argc > 1 && !strcmp(argv[1], "status")) {
        a->action = ACTION_STATUS;
        first = 2;
    }
    for (int i = first; i < argc && !e->code; i++) {
        const char *arg = argv[i];
        if (!strcmp(arg, "--dry-run"))
            set_action(a, ACTION_DRY, e);
        else if (!strcmp(arg, "--list"))
            set_action(a, ACTION_LIST, e);
        else if (!strcmp(arg, "--slurm"))
            set_action(a, ACTION_SLURM, e);
        else if (!strcmp(arg, "--index"))
            parse_index(a, i + 1 < argc ? argv[++i] : NULL, e);
        else if (arg[0] == '-')
            err_set(e, ERR_USAGE,
                    "sweep: unknown option %s (see `sinklab help sweep`)", arg);
        else if (!a->path)
            a->path = arg;
        else if (strchr(arg, '='))
            a->overrides[a->n++] = arg;
        else
            err_set(e, ERR_USAGE,
                    "sweep: %s is neither an option nor an override "
                    "section.key=value",
                    arg);
    }
    if (!e->code && !a->path)
        err_set(e, ERR_USAGE,
                "sweep: which sweep file, or folder? See `sinklab help "
                "sweep`");
    return e->code;
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

static int act(const struct sweep_args *a, struct sweep_file *f,
               struct sweep *s, struct err *e)
{
    switch (a->action) {
    case ACTION_DRY:
        return dry_run(f, e);
    case ACTION_STATUS:
        return sweep_open(s, f->dir, e) ? e->code : sweep_status(s, e);
    case ACTION_INDEX:
        return open_list(s, f, e) ? e->code
                                  : sweep_index(s, &f->options, a->index, e);
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

int cmd_sweep(int argc, char **argv, struct err *e)
{
    struct sweep_args a = { 0 };
    struct sweep s = { 0 };
    if (argc == 2 &&
        (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return OK;
    }
    struct sweep_file *f = calloc(1, sizeof *f);
    a.overrides = calloc((size_t)argc, sizeof *a.overrides);
    if (!f || !a.overrides)
        err_set(e, ERR_MEMORY, "out of memory");
    else if (!parse_arguments(&a, argc, argv, e) &&
             !sweep_file_read(f, a.path, a.overrides, a.n, e))
        act(&a, f, &s, e);
    sweep_close(&s);
    if (f)
        sweep_file_release(f);
    free(f);
    free(a.overrides);
    return e->code;
}

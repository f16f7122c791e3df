#include "sweep/sweep_index.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shell.h"
#include "base/text.h"
#include "io/ranks.h"
#include "sweep/sweep_journal.h"
#include "train/train.h"

void sweep_command(struct sweep_command *c, const struct sweep *s,
                   const struct sweep_run *r, const struct sweep_options *o,
                   const char *program)
{
    static const char key[] = "run.dir=";
    sweep_config_path(c->config, s, r);
    strcpy(c->dir, key);
    sweep_run_dir(c->dir + strlen(key), s, r);
    snprintf(c->threads, sizeof c->threads, "train.threads=%td", o->threads);
    const char *const words[SWEEP_COMMAND_WORDS] = {
        program, "train", c->config, c->dir, c->threads, "--resume", NULL
    };
    memcpy(c->words, words, sizeof words);
}

int sweep_print_list(const struct sweep *s, const struct sweep_options *o,
                     struct err *e)
{
    char program[PATH_MAX], line[8 * RUN_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n < 0)
        n = snprintf(program, sizeof program, "sinklab");
    program[n] = '\0';
    for (idx i = 0; i < s->n; i++) {
        const struct sweep_run *r = &s->runs[i];
        struct sweep_command c;
        struct text t = { .at = line, .cap_bytes = sizeof line };
        if (r->is_dropped ||
            run_states[sweep_run_state(s, r, NULL, ERR_IGNORED)].is_finished)
            continue;
        sweep_command(&c, s, r, o, program);
        for (idx w = 0; c.words[w]; w++) {
            text_add(&t, "%s", w ? " " : "");
            shell_add(&t, c.words[w]);
        }
        if (t.n >= t.cap_bytes)
            return err_set(e, ERR_CONFIG,
                           "%s: its path is too long to be quoted for a "
                           "shell: use a shorter run.dir",
                           s->dir);
        puts(line);
    }
    return OK;
}

/* What a process that ended so did to its run. */
static enum run_state state_after(const struct sweep *s,
                                  const struct sweep_run *r,
                                  const struct err *end)
{
    char dir[RUN_DIR_MAX];
    switch (end->code) {
    case OK:
        return sweep_run_state(s, r, NULL, ERR_IGNORED) == RUN_STOPPED
                   ? RUN_STOPPED
                   : RUN_DONE;
    case ERR_INTERRUPTED:
        return RUN_PREEMPTED;
    case ERR_BUSY: /* another one was faster, or the place is another's */
        sweep_run_dir(dir, s, r);
        return lock_is_refusal(end->text, dir) ? RUN_PREEMPTED : RUN_FAILED;
    case ERR_DIVERGED:
        return RUN_DIVERGED;
    default:
        return RUN_FAILED;
    }
}

static int train(const struct sweep *s, const struct sweep_run *r,
                 const struct sweep_options *o, struct ranks *ranks,
                 struct err *e)
{
    struct sweep_command c;
    struct err ignored = { 0 };
    bool writes = ranks_writes(ranks);
    char *words[SWEEP_COMMAND_WORDS] = { NULL };
    struct config config;
    int argc = 0;
    if (sweep_config_load(&config, s, r, e) || sweep_journal_check(s, e))
        return e->code;
    sweep_command(&c, s, r, o, "sinklab");
    for (; c.words[argc + 1]; argc++) { /* copies: argv is not const */
        words[argc] = strdup(c.words[argc + 1]);
        if (!words[argc])
            err_memory(e, NULL);
    }
    const struct train_request request = {
        .path = c.config,
        .overrides = (const char *[]){ c.dir, c.threads },
        .n_overrides = 2,
        .wants_resume = true,
        .argc = argc,
        .argv = words,
    };
    if (!e->code &&
        (!writes || !sweep_journal_append(s, r, EVENT_STARTED, "", e))) {
        train_run_shared(&request, ranks, e);
        /* What training said counts more than a journal on a full disk */
        if (writes)
            sweep_journal_append(s, r, state_after(s, r, e),
                                 e->code ? e->text : "",
                                 e->code ? &ignored : e);
    }
    for (int i = 0; i < argc; i++)
        free(words[i]);
    return e->code;
}

/* Is it to be trained? Says why not, or sets the error. */
static bool is_due(const struct sweep *s, const struct sweep_run *r,
                   struct err *e)
{
    struct run_status found;
    if (r->is_dropped) {
        printf("%s/%s is no longer in the sweep file: not started\n", s->dir,
               r->name);
        return false;
    }
    switch (sweep_run_state(s, r, &found, ERR_IGNORED)) {
    case RUN_DONE:
        printf("%s/%s is done already, at step %td\n", s->dir, r->name,
               found.step);
        return false;
    case RUN_STOPPED:
        printf("%s/%s ended already, at step %td: %s\n", s->dir, r->name,
               found.step, found.reason);
        return false;
    case RUN_DIVERGED:
        err_set(e, ERR_DIVERGED, "%s/%s: %s", s->dir, r->name, found.reason);
        return false;
    case RUN_RUNNING:
        err_set(e, ERR_BUSY,
                "%s/%s is being trained by another process: wait until that "
                "ends",
                s->dir, r->name);
        return false;
    default:
        return true;
    }
}

/* Of several processes one looks how the run stands. */
int sweep_index(const struct sweep *s, const struct sweep_options *o, idx index,
                struct err *e)
{
    struct ranks ranks = { 0 };
    bool is_over = false;
    if (index >= s->n)
        return err_set(e, ERR_USAGE,
                       "sweep: --index %td: %s has %td runs, 0 to %td", index,
                       s->dir, s->n, s->n - 1);
    const struct sweep_run *r = &s->runs[index];
    train_watch_job();
    if (ranks_open(&ranks, "sweep --index", e) == OK) {
        if (ranks_writes(&ranks))
            is_over = !is_due(s, r, e);
        if (ranks_agree(&ranks, is_over, e) == OK && !is_over && !ranks.is_over)
            train(s, r, o, &ranks, e);
        ranks_agree(&ranks, false, e);
    }
    ranks_close(&ranks, e);
    return e->code;
}

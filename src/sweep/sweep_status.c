#include "sweep/sweep_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "io/grid.h"
#include "sweep/sweep_journal.h"
#include "sweep/sweep_slurm.h"

enum { CELL_COLUMNS = 60 };

static int find_planned_steps(idx *steps, const struct sweep *s,
                              const struct sweep_run *r, struct err *e)
{
    struct config c;
    int rc = sweep_config_load(&c, s, r, e);
    *steps = rc == OK ? c.train.steps : 0;
    return rc;
}

/* unread: what the system refused. */
static enum run_state fill_row(struct grid *g, const struct sweep *s, idx i,
                               const struct sweep_record *record,
                               struct err *unread)
{
    const struct sweep_run *r = &s->runs[i];
    struct run_status found;
    struct err own = { 0 };
    char shown[TEXT_SHOW_MAX], one[32] = "?", all[32] = "?";
    enum run_state state = sweep_run_state(s, r, &found, &own);
    idx step = 0, steps, row = i + 1;
    if (run_states[state].is_finished ||
        sweep_run_logged(&step, NULL, s, r, &own) == OK)
        snprintf(one, sizeof one, "%td", idx_max(step, found.step));
    if (find_planned_steps(&steps, s, r, &own) == OK)
        snprintf(all, sizeof all, "%td", steps);
    grid_set(g, row, 0, "%s", r->name);
    grid_set(g, row, 1, "%s%s", run_state_word(state),
             r->is_dropped ? " (dropped)" : "");
    grid_set(g, row, 2, "%s / %s", one, all);
    grid_set(g, row, 3, "%td", record->attempts);
    const char *note = found.reason;
    if (!*note && state == RUN_PENDING && record->last == RUN_FAILED)
        note = record->detail; /* it never got as far as a folder */
    if (state ==
        RUN_PREEMPTED) /* whichever signal a launcher, or Slurm, sends */
        note = found.state == RUN_PREEMPTED
                   ? "stopped by a signal, its state is saved"
                   : "killed: goes on from its last resume.h5";
    if (own.code == ERR_IO || own.code == ERR_MEMORY)
        err_set(unread, own.code, "%s", own.text);
    if (own.code)
        note = own.text;
    if (own.code || (state != RUN_DONE && state != RUN_RUNNING))
        grid_set(g, row, 4, "%s", text_show(shown, note));
    return state;
}

static void print_sums(const struct sweep *s, const idx count[RUN_STATES],
                       idx n_dropped)
{
    printf("\n%s: %td runs", s->dir, s->n - n_dropped);
    const char *mark = ": ";
    for (int i = 0; i < RUN_STATES; i++) {
        if (!count[i])
            continue;
        printf("%s%td %s", mark, count[i], run_states[i].word);
        mark = ", ";
    }
    if (n_dropped)
        printf("; %td more are no longer in the sweep file", n_dropped);
    printf("\n");
}

/* What Slurm says of runs that were handed to it; how many it knows. Nothing
 * where it cannot be asked: the runs' own folders tell most. */
static idx ask_queue(char (*queue)[QUEUE_NOTE_MAX], const struct sweep *s)
{
    char path[RUN_PATH_MAX];
    struct stat st;
    idx known = 0;
    sweep_path(path, s->dir, "slurm");
    if (stat(path, &st) == 0)
        sweep_queue_notes(queue, &known, s, true, &(struct err){ 0 });
    return known;
}

int sweep_status(const struct sweep *s, struct err *e)
{
    static const char *const heads[] = { "run",    "state", "step",
                                         "starts", "note",  "queue" };
    struct grid g = { 0 };
    idx count[RUN_STATES] = { 0 }, n_dropped = 0;
    struct err unread = { 0 };
    struct sweep_record *records = calloc((size_t)s->n + 1, sizeof *records);
    char(*queue)[QUEUE_NOTE_MAX] = calloc((size_t)s->n + 1, sizeof *queue);
    if (!records || !queue)
        err_set(e, ERR_MEMORY, "out of memory");
    idx known = queue ? ask_queue(queue, s) : 0;
    idx columns = COUNT_OF(heads) - (known == 0);
    if (e->code || sweep_journal_read(records, s, e) ||
        grid_init(&g, s->n + 1, columns, e))
        goto out;
    for (idx k = 0; k < columns; k++)
        grid_set(&g, 0, k, "%s", heads[k]);
    for (idx i = 0; i < s->n; i++) {
        enum run_state state = fill_row(&g, s, i, &records[i], &unread);
        if (known > 0)
            grid_set(&g, i + 1, 5, "%s", queue[i]);
        n_dropped += s->runs[i].is_dropped;
        count[state] += !s->runs[i].is_dropped;
    }
    if (grid_check(&g, e))
        goto out;
    grid_print(stdout, &g, CELL_COLUMNS, false);
    print_sums(s, count, n_dropped);
    if (unread.code) /* what is shown is not all */
        err_set(e, unread.code, "%s", unread.text);
out:
    grid_release(&g);
    free(records);
    free(queue);
    return e->code;
}

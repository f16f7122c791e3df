#include "sweep/sweep_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "io/grid.h"
#include "io/json.h"
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

/* How a run stands. */
struct row {
    enum run_state state;
    idx step, steps; /* UNKNOWN: nobody can say */
    idx starts;
    bool has_note;
    char note[RUN_REASON_MAX]; /* why it stands so; whether it is shown says
                                  has_note */
};
enum { UNKNOWN = -1 };

/* unread: what the system refused. */
static struct row look(const struct sweep *s, idx i,
                       const struct sweep_record *record, struct err *unread)
{
    const struct sweep_run *r = &s->runs[i];
    struct run_status found;
    struct err own = { 0 };
    struct row row = { .step = UNKNOWN, .starts = record->attempts };
    row.state = sweep_run_state(s, r, &found, &own);
    idx step = 0;
    if (run_states[row.state].is_finished ||
        sweep_run_logged(&step, NULL, s, r, &own) == OK)
        row.step = idx_max(step, found.step);
    if (find_planned_steps(&row.steps, s, r, &own) != OK)
        row.steps = UNKNOWN;
    const char *note = found.reason;
    if (!*note && row.state == RUN_PENDING && record->last == RUN_FAILED)
        note = record->detail; /* it never got as far as a folder */
    if (row.state ==
        RUN_PREEMPTED) /* whichever signal a launcher, or Slurm, sends */
        note = found.state == RUN_PREEMPTED
                   ? "stopped by a signal, its state is saved"
                   : "killed: goes on from its last resume.h5";
    char taken[SWEEP_DETAIL_MAX + 16];
    bool is_taken = row.state == RUN_DONE && row.step == row.steps &&
                    record->last == EVENT_TAKEN;
    snprintf(taken, sizeof taken, "taken from %s", record->detail);
    if (is_taken)
        note = taken;
    if (own.code == ERR_IO || own.code == ERR_MEMORY)
        err_set(unread, own.code, "%s", own.text);
    if (own.code)
        note = own.text;
    row.has_note = own.code || is_taken ||
                   (row.state != RUN_DONE && row.state != RUN_RUNNING);
    snprintf(row.note, sizeof row.note, "%.*s", (int)sizeof row.note - 1, note);
    return row;
}

static const char *show_step(char text[32], idx step)
{
    snprintf(text, 32, step == UNKNOWN ? "?" : "%td", step);
    return text;
}

static void fill_row(struct grid *g, const struct sweep *s, idx i,
                     const struct row *r)
{
    char shown[TEXT_SHOW_MAX], one[32], all[32];
    grid_set(g, i + 1, 0, "%s", s->runs[i].name);
    grid_set(g, i + 1, 1, "%s%s", run_state_word(r->state),
             s->runs[i].is_dropped ? " (dropped)" : "");
    grid_set(g, i + 1, 2, "%s / %s", show_step(one, r->step),
             show_step(all, r->steps));
    grid_set(g, i + 1, 3, "%td", r->starts);
    if (r->has_note)
        grid_set(g, i + 1, 4, "%s", text_show(shown, r->note));
}

static void put_step(struct json *j, const char *key, idx step)
{
    if (step == UNKNOWN)
        json_put_null(j, key);
    else
        json_put_count(j, key, step);
}

static void put_row(struct json *j, const struct sweep *s, idx i,
                    const struct row *r, const char *queue)
{
    json_begin_object(j, NULL);
    json_put_text(j, "run", s->runs[i].name);
    json_put_text(j, "state", run_state_word(r->state));
    json_put_bool(j, "is_dropped", s->runs[i].is_dropped);
    put_step(j, "step", r->step);
    put_step(j, "steps", r->steps);
    json_put_count(j, "starts", r->starts);
    json_put_text(j, "note", r->has_note ? r->note : "");
    if (*queue)
        json_put_text(j, "queue", queue);
    json_end(j);
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

static int print_table(const struct sweep *s, const struct row *rows,
                       char (*queue)[QUEUE_NOTE_MAX], bool is_queued,
                       struct err *e)
{
    static const char *const heads[] = { "run",    "state", "step",
                                         "starts", "note",  "queue" };
    struct grid g = { 0 };
    idx columns = COUNT_OF(heads) - !is_queued;
    if (grid_init(&g, s->n + 1, columns, e) == OK) {
        for (idx k = 0; k < columns; k++)
            grid_set(&g, 0, k, "%s", heads[k]);
        for (idx i = 0; i < s->n; i++) {
            fill_row(&g, s, i, &rows[i]);
            if (is_queued)
                grid_set(&g, i + 1, 5, "%s", queue[i]);
        }
        if (grid_check(&g, e) == OK)
            grid_print(stdout, &g, CELL_COLUMNS, false);
    }
    grid_release(&g);
    return e->code;
}

static int print_json(const struct sweep *s, const struct row *rows,
                      char (*queue)[QUEUE_NOTE_MAX], struct err *e)
{
    enum { DIGITS = 15 };
    struct json j = { .depth = 0 };
    json_begin_object(&j, NULL);
    json_put_text(&j, "folder", s->dir);
    json_begin_array(&j, "runs");
    for (idx i = 0; i < s->n; i++)
        put_row(&j, s, i, &rows[i], queue[i]);
    json_end(&j);
    json_end(&j);
    return json_write(stdout, &j, DIGITS, e);
}

static void count_and_print(const struct sweep *s, const struct row *rows)
{
    idx count[RUN_STATES] = { 0 }, n_dropped = 0;
    for (idx i = 0; i < s->n; i++) {
        n_dropped += s->runs[i].is_dropped;
        count[rows[i].state] += !s->runs[i].is_dropped;
    }
    print_sums(s, count, n_dropped);
}

int sweep_status(const struct sweep *s, bool is_json, struct err *e)
{
    struct err unread = { 0 };
    size_t n = (size_t)s->n + 1;
    struct sweep_record *records = calloc(n, sizeof *records);
    struct row *rows = calloc(n, sizeof *rows);
    char(*queue)[QUEUE_NOTE_MAX] = calloc(n, sizeof *queue);
    if (!records || !queue || !rows)
        err_memory(e, NULL);
    idx known = queue ? ask_queue(queue, s) : 0;
    if (!e->code && sweep_journal_read(records, s, e) == OK) {
        for (idx i = 0; i < s->n; i++)
            rows[i] = look(s, i, &records[i], &unread);
        if (is_json)
            print_json(s, rows, queue, e);
        else if (print_table(s, rows, queue, known > 0, e) == OK)
            count_and_print(s, rows);
        if (unread.code && !e->code) /* what is shown is not all */
            err_set(e, unread.code, "%s", unread.text);
    }
    free(rows);
    free(records);
    free(queue);
    return e->code;
}

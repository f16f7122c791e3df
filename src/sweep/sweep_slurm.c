#include "sweep/sweep_slurm.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/shell.h"
#include "io/fsys.h"
#include "sweep/slurm.h"
#include "sweep/sweep_journal.h"
#include "sweep/sweep_tasks.h"

enum {
    NAME_KEPT = 24,       /* of the sweep's own name */
    HASH_KEPT = 8,        /* digits */
    SCRIPT_MAX = 1 << 20, /* all indices of an array, and some paths */
    PART_MAX = 100000,    /* runs in one array, whatever Slurm allows */
};

struct submission {
    const struct sweep *sweep;
    const struct sweep_options *options;
    char dir[PATH_MAX], program[PATH_MAX]; /* as seen from anywhere */
    char name[SLURM_WORD_MAX];             /* of jobs; "+FIRST" may follow */
    double mem_mib;                        /* of the largest run */
    bool *is_wanted;                       /* (sweep->n) */
    idx part;                              /* runs in one array */
};

/* --- names -------------------------------------------------------------- */

/* "lr-1f2e3d4c": the folder's name, and its path's hash. */
static void make_name(char name[SLURM_WORD_MAX], const char *dir)
{
    const char *base = strrchr(dir, '/');
    char hex[HASH_HEX_MAX];
    base = base && base[1] ? base + 1 : dir;
    hash_hex(hex, hash_bytes(dir, strlen(dir)));
    snprintf(name, SLURM_WORD_MAX, "%.*s-%.*s", NAME_KEPT, base, HASH_KEPT,
             hex);
    for (char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
            *p = '_';
}

/* Array indices end early on many clusters, so a long list has several arrays:
 * the first run of each is in its name, "lr-1f2e3d4c+1000". */
static idx first_of(const struct slurm_task *task, const char *name)
{
    const char *rest = task->name + strlen(name);
    return *rest == '+' ? (idx)strtoll(rest + 1, NULL, 10) : 0;
}

static int find_dir(char dir[PATH_MAX], const struct sweep *s, struct err *e)
{
    if (!realpath(s->dir, dir))
        return err_set(e, ERR_IO, "%s: %s", s->dir, strerror(errno));
    return OK;
}

/* --- what Slurm knows --------------------------------------------------- */

int sweep_queue_notes(char (*notes)[QUEUE_NOTE_MAX], idx *n,
                      const struct sweep *s, bool is_all, struct err *e)
{
    char dir[PATH_MAX], name[SLURM_WORD_MAX];
    struct slurm_queue q = { 0 };
    *n = 0;
    memset(notes, 0, (size_t)s->n * sizeof *notes);
    if (find_dir(dir, s, e))
        return e->code;
    make_name(name, dir);
    if (is_all ? slurm_past_read(&q, name, e) : slurm_queue_read(&q, name, e))
        goto out;
    for (idx i = 0; i < q.n; i++) { /* a later one counts */
        const struct slurm_task *t = &q.tasks[i];
        idx index = first_of(t, name) + t->index;
        if (index < 0 || index >= s->n)
            continue;
        *n += notes[index][0] == '\0';
        snprintf(notes[index], QUEUE_NOTE_MAX, "%.40s %.40s%s%.60s", t->job,
                 t->state, t->reason[0] ? ": " : "", t->reason);
        for (char *p = notes[index]; *p && *p != ':'; p++)
            *p = (char)tolower((unsigned char)*p);
    }
out:
    slurm_queue_release(&q);
    return e->code;
}

/* --- the script --------------------------------------------------------- */

/* "0-3,7,9-12" of the wanted runs from first on, counted from there. */
static void add_indices(struct text *t, const struct submission *b, idx first,
                        idx end)
{
    const char *comma = "";
    for (idx i = first; i < end; i++) {
        idx last = i;
        if (!b->is_wanted[i])
            continue;
        while (last + 1 < end && b->is_wanted[last + 1])
            last++;
        text_add(t, "%s%td", comma, i - first);
        if (last > i)
            text_add(t, "-%td", last - first);
        comma = ",";
        i = last;
    }
}

static void add_option(struct text *t, const char *option, const char *value)
{
    if (*value)
        text_add(t, "#SBATCH --%s=%s\n", option, value);
}

static void add_head(struct text *t, const struct submission *b, idx first,
                     idx end)
{
    const struct sweep_options *o = b->options;
    text_add(t, "#!/bin/bash\n"
                "# Written and submitted by `sinklab sweep --slurm`.\n");
    text_add(t, "#SBATCH --job-name=%s", b->name);
    text_add(t, first > 0 ? "+%td\n" : "\n", first);
    text_add(t, "#SBATCH --array=");
    add_indices(t, b, first, end);
    text_add(t, o->jobs > 0 ? "%%%td\n" : "\n", o->jobs);
    text_add(t, "#SBATCH --ntasks=%td\n#SBATCH --cpus-per-task=%td\n",
             o->slurm_ranks, o->threads);
    if (o->slurm_mem[0])
        add_option(t, "mem", o->slurm_mem);
    else if (b->mem_mib > 0)
        text_add(t, "#SBATCH --mem=%.0fM\n",
                 b->mem_mib * (double)o->slurm_ranks); /* all on one node? */
    add_option(t, "time", o->slurm_time);
    add_option(t, "partition", o->slurm_partition);
    /* To the step, not to this script, which must live to queue it again */
    text_add(t, "#SBATCH --signal=USR1@%td\n", o->slurm_warning_s);
    text_add(t, "#SBATCH --requeue\n#SBATCH --open-mode=append\n");
    text_add(t, "#SBATCH --output=\"");
    for (const char *p = b->dir; *p; p++)
        text_add(t, "%s%c", *p == '%' ? "%" : "", *p);
    text_add(t, "/slurm/%%A_%%a.out\"\n");
    if (o->slurm_extra[0])
        text_add(t, "#SBATCH %s\n", o->slurm_extra);
}

/* Interrupted: ended by a signal, all saved. Busy: the run's last process is
 * still ending, or someone else is at it. Diverged is a result. */
static void add_body(struct text *t, const struct submission *b, idx first)
{
    text_add(t,
             "export OMP_NUM_THREADS=%td OMP_WAIT_POLICY=PASSIVE "
             "OPENBLAS_NUM_THREADS=1\n"
             "train() {\n"
             "    srun --ntasks=%td --cpus-per-task=%td ",
             b->options->threads, b->options->slurm_ranks, b->options->threads);
    /* Where one ends before it has found the others, they would wait for it */
    if (b->options->slurm_ranks > 1)
        text_add(t, "--mpi=${SLURM_MPI_TYPE:-pmix} --kill-on-bad-exit=1 ");
    shell_add(t, b->program);
    text_add(t, " sweep ");
    shell_add(t, b->dir);
    text_add(t,
             " \\\n        sweep.threads=%td --index "
             "$((SLURM_ARRAY_TASK_ID + %td))\n"
             "}\n"
             "train\n"
             "status=$?\n"
             "for try in 1 2 3 4 5 6; do\n"
             "    [ $status -eq %d ] || break\n"
             "    sleep 10\n"
             "    train\n"
             "    status=$?\n"
             "done\n"
             "[ $status -eq %d ] &&\n"
             "    scontrol requeue "
             "\"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\"\n"
             "[ $status -eq %d ] && exit 0\n"
             "exit $status\n",
             b->options->threads, first, ERR_BUSY, ERR_INTERRUPTED,
             ERR_DIVERGED);
}

static int write_script(char path[RUN_PATH_MAX], const struct submission *b,
                        idx first, idx end, struct err *e)
{
    char *buffer = malloc(SCRIPT_MAX);
    struct text t = { buffer, SCRIPT_MAX, 0 };
    char name[64];
    if (!buffer)
        return err_memory(e, NULL);
    add_head(&t, b, first, end);
    add_body(&t, b, first);
    BUG_ON(t.n >= SCRIPT_MAX);
    snprintf(name, sizeof name, "slurm/job-%td.sh", first);
    sweep_path(path, b->sweep->dir, name);
    fsys_replace(path, buffer, t.n, e);
    free(buffer);
    return e->code;
}

/* --- submitting --------------------------------------------------------- */

/* All that is neither finished nor in the queue; *queued: what is. */
static int choose(struct submission *b, idx *wanted, idx *queued,
                  const struct sweep_tasks *tasks, struct err *e)
{
    char(*notes)[QUEUE_NOTE_MAX] =
        calloc((size_t)b->sweep->n + 1, sizeof *notes);
    double largest = 0;
    idx known;
    if (!notes)
        return err_memory(e, NULL);
    *wanted = *queued = 0;
    if (sweep_queue_notes(notes, &known, b->sweep, false, e) == OK)
        for (idx i = 0; i < tasks->n; i++) {
            const struct sweep_task *task = &tasks->tasks[i];
            idx index = task->run->index;
            bool is_queued = notes[index][0] != '\0';
            b->is_wanted[index] = task->state == RUN_PENDING && !is_queued;
            *queued += task->state == RUN_PENDING && is_queued;
            *wanted += b->is_wanted[index];
            largest = fmax(largest, (double)task->bytes);
        }
    /* A quarter more: Slurm ends a job that takes more than it asked for */
    b->mem_mib = largest > 0 ? ceil(64 + 1.25 * largest / (1 << 20)) : 0;
    free(notes);
    return e->code;
}

static int prepare(struct submission *b, struct err *e)
{
    char path[RUN_PATH_MAX];
    if (find_dir(b->dir, b->sweep, e))
        return e->code;
    if (strpbrk(b->dir, "\"\\\n"))
        return err_set(e, ERR_CONFIG,
                       "%s: Slurm takes no path with a quotation mark, a "
                       "backslash or a line feed: use another run.dir",
                       b->dir);
    ssize_t n = readlink("/proc/self/exe", b->program, sizeof b->program - 1);
    if (n < 0)
        return err_set(e, ERR_IO, "/proc/self/exe: %s", strerror(errno));
    b->program[n] = '\0';
    make_name(b->name, b->dir);
    sweep_path(path, b->sweep->dir, "slurm");
    b->is_wanted = calloc((size_t)b->sweep->n + 1, sizeof *b->is_wanted);
    if (!b->is_wanted)
        return err_memory(e, NULL);
    if (slurm_array_size(&b->part, e))
        return e->code;
    b->part = idx_min(b->part, PART_MAX);
    return fsys_mkdirs(path, e);
}

static int submit_part(const struct submission *b, idx first, struct err *e)
{
    char path[RUN_PATH_MAX], job[SLURM_WORD_MAX], detail[SLURM_WORD_MAX + 64];
    idx end = idx_min(first + b->part, b->sweep->n), n = 0;
    for (idx i = first; i < end; i++)
        n += b->is_wanted[i];
    if (n == 0)
        return OK;
    if (write_script(path, b, first, end, e) || slurm_submit(job, path, e))
        return e->code;
    printf("%s: %td run%s submitted as job %s\n", b->sweep->dir, n,
           n == 1 ? "" : "s", job);
    snprintf(detail, sizeof detail, "job %s: %td runs", job, n);
    return sweep_journal_append(b->sweep, NULL, EVENT_SUBMITTED, detail, e);
}

int sweep_submit(const struct sweep *s, const struct sweep_options *o,
                 struct err *e)
{
    struct submission b = { .sweep = s, .options = o };
    struct sweep_tasks tasks = { 0 };
    idx wanted = 0, queued = 0;
    BUG_ON(!s->lock.is_held);
    if (prepare(&b, e) || sweep_tasks_init(&tasks, s, o, e) ||
        choose(&b, &wanted, &queued, &tasks, e))
        goto out;
    if (queued > 0)
        printf("%s: %td runs are in the queue already\n", s->dir, queued);
    if (wanted == 0 && queued == 0)
        printf("%s: all %td runs are finished\n", s->dir, tasks.n);
    for (idx first = 0; first < s->n && !e->code; first += b.part)
        submit_part(&b, first, e);
    if (!e->code && wanted + queued > 0) {
        char dir[RUN_DIR_MAX];
        shell_word(dir, sizeof dir, s->dir);
        printf("how far they are: sinklab sweep status %s\n", dir);
    }
out:
    sweep_tasks_release(&tasks);
    free(b.is_wanted);
    return e->code;
}

#include "sweep/slurm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "io/tool.h"

enum { LINE_MAX_BYTES = 4096 };

/* Run a command and give what it printed, rewound; the caller closes it.
 * NULL with the error set. */
static FILE *ask(const char *const *words, struct err *e)
{
    FILE *in = fopen("/dev/null", "re"), *out = tmpfile(), *bad = tmpfile();
    int status, rc = ERR_IO;
    if (!in || !out || !bad)
        err_set(e, ERR_IO, "cannot make a temporary file: %s", strerror(errno));
    else if ((rc = tool_run(&status, words, in, out, bad, ERR_IGNORED)) ==
             ERR_TOOL)
        err_set(e, ERR_TOOL,
                "%s: %s: on this machine there is no Slurm to "
                "submit to; leave out --slurm to run the sweep here",
                words[0], errno == ENOENT ? "not found" : strerror(errno));
    else if (rc == OK)
        rc = tool_check(status, words[0], bad, e);
    else
        err_set(e, rc, "cannot wait for %s", words[0]);
    if (in)
        fclose(in);
    if (bad)
        fclose(bad);
    if (out && rc != OK)
        fclose(out);
    if (rc != OK)
        return NULL;
    rewind(out);
    return out;
}

/* --- the queue ---------------------------------------------------------- */

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void copy_word(char word[SLURM_WORD_MAX], const char *text)
{
    snprintf(word, SLURM_WORD_MAX, "%.*s", SLURM_WORD_MAX - 1, text);
}

/* "123_4|PENDING|BeginTime|name" or, of the past, without reason. A task that
 * is no array's, or bears another name, is left out: false. */
static bool parse_task(struct slurm_task *t, char *line, const char *name)
{
    char *field[4] = { line }, *end;
    idx n = 1;
    line[strcspn(line, "\n")] = '\0';
    for (char *bar; n < 4 && (bar = strchr(field[n - 1], '|')); n++) {
        *bar = '\0';
        field[n] = bar + 1;
    }
    char *index = strchr(field[0], '_');
    if (n < 4 || !index || !begins_with(field[3], name))
        return false;
    t->index = (idx)strtoll(index + 1, &end, 10);
    copy_word(t->job, field[0]);
    copy_word(t->state, field[1]);
    copy_word(t->reason, strcmp(field[2], "None") ? field[2] : "");
    copy_word(t->name, field[3]);
    return end > index + 1 && *end == '\0' && t->index >= 0;
}

static int add_tasks(struct slurm_queue *q, const char *const *words,
                     const char *name, struct err *e)
{
    char line[LINE_MAX_BYTES];
    struct slurm_task task;
    FILE *out = ask(words, e);
    if (!out)
        return e->code;
    while (fgets(line, sizeof line, out) && !e->code) {
        if (!parse_task(&task, line, name))
            continue;
        if (GROW(q->tasks, q->n))
            q->tasks[q->n++] = task;
        else
            err_memory(e, NULL);
    }
    fclose(out);
    return e->code;
}

int slurm_queue_read(struct slurm_queue *q, const char *name, struct err *e)
{
    const char *words[] = { "squeue", "-h", "-r",          "--me", "-S",
                            "i",      "-o", "%i|%T|%r|%j", NULL };
    return add_tasks(q, words, name, e);
}

int slurm_past_read(struct slurm_queue *q, const char *name, struct err *e)
{
    const char *base[] = { "sacct", "-n",
                           "-X",    "-P",
                           "-S",    "now-30days",
                           "-o",    "JobID,State,Reason,JobName",
                           NULL };
    const char *recent[] = { "squeue", "-h",  "-r", "--me",        "-S", "i",
                             "-t",     "all", "-o", "%i|%T|%r|%j", NULL };
    struct err none = { 0 }; /* many clusters keep no data base */
    add_tasks(q, base, name, &none);
    return add_tasks(q, recent, name, e);
}

void slurm_queue_release(struct slurm_queue *q)
{
    free(q->tasks);
    *q = (struct slurm_queue){ 0 };
}

/* --- the others --------------------------------------------------------- */

int slurm_submit(char job[SLURM_WORD_MAX], const char *path, struct err *e)
{
    const char *words[] = { "sbatch", "--parsable", path, NULL };
    char line[LINE_MAX_BYTES] = "";
    FILE *out = ask(words, e);
    if (!out)
        return e->code;
    bool is_read = fgets(line, sizeof line, out) != NULL;
    fclose(out);
    line[strcspn(line, ";\n")] = '\0'; /* "ID;CLUSTER" */
    copy_word(job, line);
    return is_read && *job ? OK
                           : err_set(e, ERR_TOOL, "sbatch gave no job number");
}

int slurm_array_size(idx *size, struct err *e)
{
    const char *words[] = { "scontrol", "show", "config", NULL };
    char line[LINE_MAX_BYTES];
    long long found = 0;
    FILE *out = ask(words, e);
    if (!out)
        return e->code;
    while (found == 0 && fgets(line, sizeof line, out))
        if (sscanf(line, "MaxArraySize = %lld", &found) != 1)
            found = 0;
    fclose(out);
    *size = (idx)found;
    return found > 0 ? OK
                     : err_set(e, ERR_TOOL,
                               "scontrol show config: no MaxArraySize above 0: "
                               "this Slurm allows no array jobs");
}

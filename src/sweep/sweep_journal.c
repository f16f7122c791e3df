#include "sweep/sweep_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/moment.h"
#include "base/stopwatch.h"
#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "io/jobs.h"
#include "io/sealed_line.h"

enum {
    JOURNAL_VERSION = 1,
    JOURNAL_MAX_BYTES = 1 << 28,
    LINE_MAX_BYTES = 1024,
    HOST_MAX = 128,
};
static const char journal_word[] = "sinklab-sweep-journal";

const char *sweep_event_name(int event)
{
    static const char *const names[] = { "frozen", "launched", "submitted",
                                         "left",   "started",  "taken" };
    BUG_ON(event < 0 || event >= EVENTS);
    return event < RUN_STATES ? run_state_word((enum run_state)event)
                              : names[event - RUN_STATES];
}

/* EVENTS: there is none of this name. */
static int find_event(const char *name)
{
    int i = RUN_PENDING + 1;
    while (i < EVENTS && strcmp(sweep_event_name(i), name) != 0)
        i++;
    return i;
}

/* ---- appending --------------------------------------------------------- */

/* The line of an event that happens now. */
static void print_event(struct text *t, const struct sweep_run *r, int event,
                        const char *detail)
{
    char host[HOST_MAX] = "";
    size_t start = t->n;
    gethostname(host, sizeof host - 1);
    text_add_now(t);
    if (r)
        text_add(t, "\t%04td\t%s", r->index, r->id);
    else
        text_add(t, "\t-\t-");
    text_add(t, "\t%s\t%s %ld\t%.*s", sweep_event_name(event), host,
             (long)getpid(), SWEEP_DETAIL_MAX - 1, detail ? detail : "");
    int tabs = 0;
    for (size_t i = start; i < t->n; i++) {
        unsigned char c = (unsigned char)t->at[i];
        tabs += c == '\t';
        if ((c < ' ' && (c != '\t' || tabs > 5)) || c == 127)
            t->at[i] = ' '; /* a detail stays in its field */
    }
    sealed_line_end(t, start);
}

/* With the file locked: where the last whole line ends; *is_new: the file has
 * no head yet. -1: the system refuses. */
static off_t find_end(int fd, bool *is_new)
{
    char bytes[LINE_MAX_BYTES];
    off_t end = lseek(fd, 0, SEEK_END);
    while (end > 0) {
        off_t n = end < (off_t)sizeof bytes ? end : (off_t)sizeof bytes;
        if (!fsys_read_at(fd, bytes, (size_t)n, end - n))
            return -1;
        char *lf = memrchr(bytes, '\n', (size_t)n);
        end -= n;
        if (lf) {
            end += lf + 1 - bytes;
            break;
        }
    }
    *is_new = end == 0;
    return end;
}

/* Another version's journal is left alone. */
static int check_head(int fd, off_t end, const char *path, struct err *e)
{
    char head[64], *text = head;
    size_t n = end < (off_t)sizeof head ? (size_t)end : sizeof head - 1;
    if (!fsys_read_at(fd, head, n, 0))
        return err_system(e, path, "read");
    head[n] = '\0';
    return sealed_line_head(&text, path, journal_word, JOURNAL_VERSION,
                            SWEEP_ELSEWHERE, e);
}

/* With a line "" the file is mended alone. */
static int append_locked(int fd, const char *path, const char *line,
                         struct err *e)
{
    char both[LINE_MAX_BYTES + 64];
    struct text t = { .at = both, .cap_bytes = sizeof both };
    bool is_new = false;
    off_t end = find_end(fd, &is_new);
    if (end < 0)
        return err_system(e, path, "read");
    int rc = is_new ? OK : check_head(fd, end, path, e);
    if (rc != OK)
        return rc;
    if (end < lseek(fd, 0, SEEK_END) && fsys_call_ftruncate(fd, (size_t)end))
        return err_system(e, path, "cut off its torn last line");
    if (is_new)
        text_add(&t, "%s %d\n", journal_word, JOURNAL_VERSION);
    text_add(&t, "%s", line);
    BUG_ON(t.n >= t.cap_bytes);
    if (t.n == 0)
        return OK;
    if (fsys_call_write_all(fd, both, t.n) == 0 && fsys_call_fsync(fd) == 0)
        return OK;
    rc = err_system(e, path, "write");
    (void)!fsys_call_ftruncate(fd, (size_t)end); /* or a torn line stays */
    return rc;
}

/* Ours hold it for a line and its way to the disk, several hundred of a Slurm
 * array perhaps one behind the other, and nobody is served in turn: so the wait
 * is far longer than all of them need. Who has it for longer hangs, or is a
 * stranger. A line that is soon written is worth more than to obey a signal at
 * once; a long wait ends with one. */
static int lock_line(int fd, const char *path, struct err *e)
{
    const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
    const double PATIENCE_S = 3, WAIT_MAX_S = 600;
    double start_s = clock_s();
    bool is_long = false;
    while (flock(fd, LOCK_EX | LOCK_NB)) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            break; /* it knows no locks: one write() is as good as it gets */
        double waited_s = moment_value("journal", clock_s() - start_s);
        if (waited_s >= WAIT_MAX_S)
            return err_set(e, ERR_BUSY,
                           "%s is locked by another process, which should be "
                           "done with it at once: end that (`lslocks` names "
                           "it), then give the command again",
                           path);
        if (!is_long && waited_s >= PATIENCE_S)
            fprintf(stderr, "waiting for the lock of %s\n", path);
        is_long = is_long || waited_s >= PATIENCE_S;
        if (is_long && jobs_is_asked())
            return err_set(e, ERR_INTERRUPTED,
                           "stopped by a signal while %s was locked by another "
                           "process (`lslocks` names it), so the rest of this "
                           "history is not in it, which changes no run",
                           path);
        nanosleep(&pause, NULL);
    }
    return OK;
}

/* The line "" waits for no lock: who has it appends, which mends, too. */
static int append(const struct sweep *s, const char *line, struct err *e)
{
    char path[RUN_PATH_MAX];
    sweep_path(path, s->dir, SWEEP_JOURNAL);
    int fd = fsys_call_open(path, O_RDWR | O_APPEND | O_CREAT);
    if (fd < 0)
        return err_system(e, path, "open");
    bool is_taken =
        !*line && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    int rc = *line ? lock_line(fd, path, e) : OK;
    if (rc == OK && !is_taken)
        rc = append_locked(fd, path, line, e);
    if (fsys_call_close(fd) && rc == OK)
        rc = err_system(e, path, "close");
    return rc;
}

int sweep_journal_append(const struct sweep *s, const struct sweep_run *r,
                         int event, const char *detail, struct err *e)
{
    char buffer[LINE_MAX_BYTES];
    struct text line = { .at = buffer, .cap_bytes = sizeof buffer };
    BUG_ON(event <= RUN_PENDING);
    print_event(&line, r, event, detail);
    BUG_ON(line.n >= line.cap_bytes);
    return append(s, buffer, e);
}

int sweep_journal_mend(const struct sweep *s, struct err *e)
{
    return append(s, "", e);
}

/* ---- reading ----------------------------------------------------------- */

/* time, index, identity, event, host and process, detail */
static bool parse_event(struct sweep_record *records, const struct sweep *s,
                        char *line)
{
    char *field[6];
    for (int i = 0; i < 6; i++)
        if (!(field[i] = sealed_line_field(&line)))
            return false;
    int event = find_event(field[3]);
    if (line || event == EVENTS)
        return false;
    if (!strcmp(field[1], "-"))
        return true;
    char *end;
    long long index = strtoll(field[1], &end, 10);
    if (*end || index < 0)
        return false;
    if (index >= s->n)
        return true; /* of a run that was added after we read the list */
    if (strcmp(s->runs[index].id, field[2]) != 0)
        return false;
    records[index].attempts += event == EVENT_STARTED;
    records[index].last = event;
    snprintf(records[index].detail, SWEEP_DETAIL_MAX, "%s", field[5]);
    return true;
}

int sweep_journal_read(struct sweep_record *records, const struct sweep *s,
                       struct err *e)
{
    char path[RUN_PATH_MAX], *text;
    size_t n;
    memset(records, 0, (size_t)s->n * sizeof *records);
    sweep_path(path, s->dir, SWEEP_JOURNAL);
    bool is_there;
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK || !is_there)
        return rc;
    rc = fsys_read_file(&text, &n, path, JOURNAL_MAX_BYTES, e);
    if (rc)
        return rc;
    char *at = text, *line;
    bool is_torn = !memchr(text, '\n', n); /* killed while it was made */
    if (!is_torn)
        rc = sealed_line_head(&at, path, journal_word, JOURNAL_VERSION,
                              SWEEP_ELSEWHERE, e);
    for (idx number = 2; rc == OK && !is_torn; number++) {
        line = sealed_line_next(&at);
        if (!line)
            break;
        if (!sealed_line_open(line) || !parse_event(records, s, line))
            rc = err_set(e, ERR_DATA,
                         "%s:%td: damaged, or of another sweep: this line is "
                         "not what was written; put a copy of the file back, "
                         "or move it away (it is history only)",
                         path, number);
    }
    if (rc == OK && !is_torn && strlen(at) != (size_t)(text + n - at) &&
        memchr(at, '\n', (size_t)(text + n - at)))
        rc = err_set(e, ERR_DATA,
                     "%s: damaged: it holds NUL bytes; put a copy of the "
                     "file back, or move it away (it is history only)",
                     path);
    free(text);
    return rc;
}

int sweep_journal_check(const struct sweep *s, struct err *e)
{
    struct sweep_record *records = calloc((size_t)s->n + 1, sizeof *records);
    int rc = records ? sweep_journal_read(records, s, e) : err_memory(e, NULL);
    free(records);
    return rc;
}

/* faults.c - every n-th system call of the program fails: what is left?
 *
 *   faults [-j N] [--short | --half | --few] [--only SCENARIO[:KIND[:N]]]
 *          [--list] [--keep]
 *
 * A scenario is a folder and a command. The command is run once undisturbed,
 * which gives the bytes that it shall leave behind and the number of its calls
 * of each kind; then once for every call and every way in which that can fail.
 * After each of these,
 * - it has ended by itself, with a documented status and one sentence that
 *   names the place, the reason and the remedy (or with 0, having done all);
 * - every file is the old one, or one that the undisturbed command wrote whole;
 * - the same command, undisturbed now, ends with the undisturbed bytes.
 *
 * Prints TAP. Beside this one lie the program, with a shared HDF5 so that it
 * tells its own calls from that one's, and the library of shim.c; work is done
 * in a folder below TMPDIR. -j N shares it out to N processes; --short takes
 * one call for each kind and way to fail, --half one for every second way and
 * --few for every fourth, which those are changing
 * from scenario to scenario; --only shows what the program said, too.
 */
#include "fault.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Nothing here depends on how long anything takes: after ten minutes without a
 * process that ends it hangs, on a busy machine, too. */
enum { WORDS_MAX = 24, LINE_MAX_BYTES = 4096, HANGS_S = 600 };

/* Of more calls than this of a kind every second, third ... is taken. */
enum { WHOLE_MAX = 1000 };

#define COUNT_OF(a) ((long)(sizeof(a) / sizeof((a)[0])))

/* What goes wrong here is the suite's or the machine's fault. */
#define NEED(condition) need((condition), #condition, __LINE__)

static void need(bool holds, const char *what, int line)
{
    if (holds)
        return;
    printf("Bail out! tests/faults/faults.c:%d: %s (%s)\n", line, what,
           strerror(errno));
    fflush(stdout);
    _exit(3);
}

static const char *format(const char *f, ...)
{
    static char text[8][LINE_MAX_BYTES];
    static int next;
    va_list args;
    char *t = text[next++ % 8];
    va_start(args, f);
    vsnprintf(t, LINE_MAX_BYTES, f, args);
    va_end(args);
    return t;
}

/* ---- folders in memory ------------------------------------------------- */

struct file {
    char *path; /* from the folder's top */
    bool is_folder;
    char *bytes; /* and a NUL */
    size_t n;
};

struct tree {
    struct file *files; /* a folder comes before what is in it */
    long n;
};

static char *read_bytes(const char *path, size_t *n)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    NEED(fd >= 0 && fstat(fd, &st) == 0);
    char *bytes = malloc((size_t)st.st_size + 1);
    NEED(bytes);
    ssize_t got = read(fd, bytes, (size_t)st.st_size);
    NEED(got == st.st_size);
    bytes[got] = '\0';
    *n = (size_t)got;
    close(fd);
    return bytes;
}

static void write_bytes(const char *path, const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    NEED(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
}

static void tree_add(struct tree *t, const char *top, const char *path)
{
    char whole[PATH_MAX];
    snprintf(whole, sizeof whole, "%s%s%s", top, *path ? "/" : "", path);
    struct dirent **names;
    int n = scandir(whole, &names, NULL, alphasort);
    NEED(n >= 0);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            char inner[PATH_MAX];
            struct stat st;
            snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "/" : "",
                     name);
            NEED(lstat(format("%s/%s", top, inner), &st) == 0);
            t->files = realloc(t->files, (size_t)(t->n + 1) * sizeof *t->files);
            NEED(t->files);
            struct file *f = &t->files[t->n++];
            *f = (struct file){ strdup(inner), S_ISDIR(st.st_mode), NULL, 0 };
            if (f->is_folder)
                tree_add(t, top, inner);
            else
                f->bytes = read_bytes(format("%s/%s", top, inner), &f->n);
        }
        free(names[i]);
    }
    free(names);
}

static struct tree tree_read(const char *top)
{
    struct tree t = { 0 };
    tree_add(&t, top, "");
    return t;
}

static void tree_release(struct tree *t)
{
    for (long i = 0; i < t->n; i++) {
        free(t->files[i].path);
        free(t->files[i].bytes);
    }
    free(t->files);
    *t = (struct tree){ 0 };
}

static const struct file *tree_find(const struct tree *t, const char *path)
{
    for (long i = 0; i < t->n; i++)
        if (strcmp(t->files[i].path, path) == 0)
            return &t->files[i];
    return NULL;
}

static void empty_folder(const char *top)
{
    struct tree t = tree_read(top);
    for (long i = t.n; i-- > 0;) {
        const char *path = format("%s/%s", top, t.files[i].path);
        NEED((t.files[i].is_folder ? rmdir(path) : unlink(path)) == 0);
    }
    tree_release(&t);
}

static void tree_restore(const struct tree *t, const char *top)
{
    empty_folder(top);
    for (long i = 0; i < t->n; i++) {
        const char *path = format("%s/%s", top, t->files[i].path);
        if (t->files[i].is_folder)
            NEED(mkdir(path, 0777) == 0);
        else
            write_bytes(path, t->files[i].bytes, t->files[i].n);
    }
}

/* ---- running the program ----------------------------------------------- */

struct place {
    char top[FAULT_PATH_MAX / 2], work[FAULT_PATH_MAX], keep[FAULT_PATH_MAX];
    struct fault *fault;
    char state[FAULT_PATH_MAX];
    char sinklab[FAULT_PATH_MAX];
    char shim[FAULT_PATH_MAX];
};

struct outcome {
    int status; /* -1: by a signal */
    int signal; /* 0: none */
    bool hangs;
    char *out, *err;
};

static void outcome_release(struct outcome *o)
{
    free(o->out);
    free(o->err);
    *o = (struct outcome){ 0 };
}

/* All of our children are gone, the first with this wait status. */
static int wait_all(pid_t first, bool *hangs)
{
    int found = 0, status;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    const struct timespec limit = { .tv_sec = HANGS_S };
    *hangs = false;
    for (;;) {
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended == first)
            found = status;
        if (ended < 0 && errno == ECHILD)
            return found;
        if (ended == 0 && sigtimedwait(&child, NULL, &limit) < 0 &&
            errno == EAGAIN) {
            *hangs = true;
            kill(-first, SIGKILL);
            kill(first, SIGKILL);
        }
    }
}

static _Noreturn void exec_program(const struct place *p, const char *command)
{
    char line[LINE_MAX_BYTES], *words[WORDS_MAX] = { 0 }, *rest = line;
    int n = 0;
    char program[] = "sinklab";
    words[n++] = program;
    snprintf(line, sizeof line, "%s", command);
    for (char *w; (w = strsep(&rest, " ")) && n < WORDS_MAX - 1;)
        words[n++] = w;
    int null = open("/dev/null", O_RDONLY);
    int out =
        open(format("%s/out", p->top), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    int err =
        open(format("%s/err", p->top), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    NEED(chdir(p->work) == 0 && null >= 0 && out >= 0 && err >= 0);
    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setenv("LD_PRELOAD", p->shim, 1);
    setenv(FAULT_STATE, p->state, 1);
    setenv(FAULT_BELOW, p->work, 1);
    setenv("OMP_NUM_THREADS", "1", 1);
    setenv("LC_ALL", "C", 1);
    execv(p->sinklab, words);
    _exit(126);
}

/* Run `sinklab COMMAND` in the work folder as p->fault says. */
static struct outcome run(const struct place *p, const char *command)
{
    struct outcome o = { 0 };
    size_t n;
    fflush(NULL);
    pid_t process = fork();
    NEED(process >= 0);
    if (process == 0)
        exec_program(p, command);
    int status = wait_all(process, &o.hangs);
    o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    o.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    o.out = read_bytes(format("%s/out", p->top), &n);
    o.err = read_bytes(format("%s/err", p->top), &n);
    return o;
}

static void arm(const struct place *p, int kind, int mode, int errnum, long at)
{
    memset(p->fault, 0, sizeof *p->fault);
    p->fault->kind = kind;
    p->fault->mode = mode;
    p->fault->errnum = errnum;
    p->fault->at = at;
}

static struct outcome run_undisturbed(const struct place *p,
                                      const char *command)
{
    arm(p, FAULT_OFF, FAULT_ONCE, 0, 0);
    return run(p, command);
}

/* ---- scenarios --------------------------------------------------------- */

static const char config[] = "[model]\n"
                             "layers = 1\n"
                             "width = 8\n"
                             "heads = 2\n"
                             "context = 8\n"
                             "[train]\n"
                             "steps = 4\n"
                             "batch = 1\n"
                             "threads = 1\n"
                             "log_every = 1\n"
                             "val_every = 2\n"
                             "val_tokens = 16\n"
                             "sample_tokens = 3\n"
                             "[sink]\n"
                             "tokens = 8\n"
                             "probe_every = 2\n"
                             "probe_sequences = 1\n"
                             "sequences = 2\n"
                             "val_tokens = 16\n"
                             "[checkpoint]\n"
                             "every = 2\n"
                             "resume_every = 2\n";

static const char axes[] = "[sweep]\n"
                           "jobs = 1\n"
                           "threads = 1\n"
                           "retries = 0\n"
                           "[axes]\n"
                           "run.seed = 1, 2\n";

static const char claims[] = "[claims]\n"
                             "expect = sink_1 stays under 0.5\n"
                             "expect = val_loss > 1\n";

static const char on_text[] = "[data]\n"
                              "source = text\n"
                              "path = texts\n";

static const char one[] = "to be or not to be, that is the question\n"
                          "to be or not to be, that is the question\n";
static const char two[] = "whether 'tis nobler in the mind to suffer\n"
                          "whether 'tis nobler in the mind to suffer\n";

struct scenario {
    const char *name;
    const char *prepare[4]; /* commands that make what is there before */
    const char *command;
    /* Status 0 means that it printed what it prints undisturbed. */
    bool prints;
    /* One command more that is made to stop, or one of its processes killed,
   * when half of its files are in place. */
    const char *stopped;
    bool is_killed;
    int statuses[3]; /* documented beside 0 and 5, or 9 for memory */
    /* A temporary file that it could not remove stays until training goes on
     * there, which alone holds the lock. */
    bool leaves;
    /* What is taken from elsewhere undisturbed may be trained instead, which
     * gives the same numbers and other notes beside them. */
    bool trains;
    const char *done; /* folder of a run that is done at the end */
    /* What is run in its place where it refuses to do again what is done; it
     * changes nothing. */
    const char *instead;
    const char *needs; /* a program, without which it is passed over */
};

static const struct scenario scenarios[] = {
    { .name = "train",
      .command = "train words.ini run.dir=run",
      .done = "run" },
    { .name = "train-resume",
      .command = "train words.ini run.dir=run --resume",
      .done = "run" },
    { .name = "resume",
      .stopped = "train words.ini run.dir=run train.steps=6",
      .command = "train run",
      .done = "run" },
    { .name = "extend",
      .prepare = { "train c.ini run.dir=run" },
      .command = "train run train.steps=6",
      .done = "run" },
    { .name = "analyze",
      .leaves = true,
      .prepare = { "train words.ini run.dir=run" },
      .command = "analyze run",
      .prints = true },
    { .name = "analyze-again",
      .leaves = true,
      .prepare = { "train c.ini run.dir=run", "analyze run sink.eps=0.2" },
      .command = "analyze run",
      .prints = true },
    { .name = "sample",
      .prepare = { "train words.ini run.dir=run" },
      .command = "sample run --prompt to --tokens 8",
      .prints = true },
    { .name = "attention",
      .prepare = { "train words.ini run.dir=run" },
      .command = "attention run --text to -o maps.h5",
      .prints = true,
      .leaves = true },
    { .name = "compare",
      .leaves = true,
      .prepare = { "train c.ini run.dir=runs/a",
                   "train c.ini run.dir=runs/b run.seed=2", "analyze runs/a" },
      .command = "compare runs/a runs/b --csv table.csv",
      .prints = true },
    { .name = "compare-groups",
      .prepare = { "train c.ini run.dir=runs/a",
                   "train c.ini run.dir=runs/b run.seed=2", "analyze runs/a" },
      .command = "compare runs",
      .prints = true },
    { .name = "compare-claims",
      .leaves = true,
      .prepare = { "sweep claims.ini", "analyze runs/claims" },
      .command = "compare claims.ini --claims --csv v.csv --markdown v.md",
      .prints = true },
    { .name = "compare-figure",
      .leaves = true,
      .prepare = { "train c.ini run.dir=runs/a", "analyze runs/a" },
      .command = "compare runs/a -o heads.svg --figure heads --markdown t.md "
                 "--latex t.tex",
      .statuses = { 10 },
      .prints = true },
    { .name = "compare-report",
      .leaves = true,
      .prepare = { "train c.ini run.dir=runs/a",
                   "train c.ini run.dir=runs/b run.seed=2", "analyze runs/a" },
      .command = "compare runs --report page",
      .statuses = { 10 },
      .prints = true },
    { .name = "export",
      .leaves = true,
      .prepare = { "train c.ini run.dir=runs/a",
                   "train c.ini run.dir=runs/b run.seed=2", "analyze runs/a" },
      .command = "export runs --jsonl rows.jsonl --tensorboard events",
      .prints = true },
    { .name = "export-model",
      .prepare = { "train c.ini run.dir=run" },
      .command = "export run --step 4 -o model",
      .instead = "runs run" },
    { .name = "import",
      .prepare = { "train c.ini run.dir=run", "export run --step 2 -o step2",
                   "export run --step 4 -o step4" },
      .command = "import step2 step4 -o in",
      .instead = "runs in",
      .done = "in" },
    { .name = "import-again",
      .prepare = { "train c.ini run.dir=run", "export run --step 2 -o step2",
                   "export run --step 4 -o step4" },
      .stopped = "import step2 step4 -o in",
      .is_killed = true,
      .command = "import step2 step4 -o in",
      .instead = "runs in",
      .done = "in" },
    { .name = "import-state",
      .prepare = { "train c.ini run.dir=run", "export run --step 4 -o step4" },
      .command = "import step4 -o in --state train.batch=1 sink.probe_every=0 "
                 "train.val_every=0",
      .instead = "runs in",
      .done = "in" },
    { .name = "inputs",
      .leaves = true,
      .prepare = { "train c.ini run.dir=run" },
      .command = "inputs run --csv table.csv",
      .statuses = { 11 } },
    { .name = "runs",
      .prepare = { "train c.ini run.dir=runs/a",
                   "train c.ini run.dir=runs/b run.seed=2" },
      .command = "runs runs",
      .prints = true },
    { .name = "sweep",
      .command = "sweep sweep.ini run.dir=all",
      .statuses = { 11 } },
    { .name = "sweep-again",
      .stopped = "sweep sweep.ini run.dir=all",
      .is_killed = true,
      .command = "sweep all",
      .statuses = { 11 } },
    { .name = "sweep-reuse",
      .prepare = { "sweep sweep.ini run.dir=runs/a" },
      .command = "sweep sweep.ini run.dir=runs/b sweep.reuse=runs",
      .trains = true,
      .statuses = { 11 } },
    { .name = "sweep-status",
      .prepare = { "sweep sweep.ini run.dir=all" },
      .command = "sweep status all",
      .prints = true },
    { .name = "sweep-status-json",
      .prepare = { "sweep sweep.ini run.dir=all" },
      .command = "sweep status all --json",
      .prints = true },
    { .name = "data-info-json",
      .command = "data info words.ini --json",
      .prints = true },
    { .name = "data-prepare", .command = "data prepare texts -o corpus" },
    { .name = "data-prepare-pieces",
      .command = "data prepare texts -o corpus --vocab 300",
      .needs = "spm_train",
      .statuses = { 10 } },
};

/* A scenario as it was found undisturbed. It borrows its base. */
struct known {
    const struct scenario *s;
    struct tree base, end;
    struct tree kept; /* what renames have put in place; paths may repeat */
    struct outcome outcome;
    long count[FAULT_KINDS];
};

/* What scenarios before have begun with, which others may, too. */
static struct tree bases[COUNT_OF(scenarios)];

static void known_release(struct known *k)
{
    tree_release(&k->end);
    tree_release(&k->kept);
    outcome_release(&k->outcome);
}

static void put_inputs(const struct place *p)
{
    char text[LINE_MAX_BYTES];
    empty_folder(p->work);
    write_bytes(format("%s/c.ini", p->work), config, strlen(config));
    int n = snprintf(text, sizeof text, "%s%s", config, on_text);
    write_bytes(format("%s/words.ini", p->work), text, (size_t)n);
    n = snprintf(text, sizeof text, "%s%s", config, axes);
    write_bytes(format("%s/sweep.ini", p->work), text, (size_t)n);
    n = snprintf(text, sizeof text, "%s%s%s", config, axes, claims);
    write_bytes(format("%s/claims.ini", p->work), text, (size_t)n);
    NEED(mkdir(format("%s/texts", p->work), 0777) == 0);
    write_bytes(format("%s/texts/1.txt", p->work), one, strlen(one));
    write_bytes(format("%s/texts/2.txt", p->work), two, strlen(two));
}

static void need_ok(const struct outcome *o, const char *command)
{
    if (o->status == 0)
        return;
    printf("Bail out! undisturbed, `sinklab %s` ends with %d, signal %d: %s\n",
           command, o->status, o->signal, o->err);
    fflush(stdout);
    _exit(3);
}

static bool begin_alike(const struct scenario *a, const struct scenario *b)
{
    for (int i = 0; i < COUNT_OF(a->prepare); i++)
        if (!a->prepare[i] != !b->prepare[i] ||
            (a->prepare[i] && strcmp(a->prepare[i], b->prepare[i]) != 0))
            return false;
    return !a->stopped && !b->stopped;
}

static void prepare(const struct place *p, const struct scenario *s)
{
    put_inputs(p);
    for (int i = 0; i < COUNT_OF(s->prepare) && s->prepare[i]; i++) {
        struct outcome o = run_undisturbed(p, s->prepare[i]);
        need_ok(&o, s->prepare[i]);
        outcome_release(&o);
    }
    if (!s->stopped)
        return;
    struct tree before = tree_read(p->work);
    struct outcome o = run_undisturbed(p, s->stopped);
    need_ok(&o, s->stopped);
    outcome_release(&o);
    long half = p->fault->count[FAULT_RENAME] / 2;
    tree_restore(&before, p->work);
    tree_release(&before);
    arm(p, FAULT_RENAME, s->is_killed ? FAULT_KILL : FAULT_STOP, 0, half);
    o = run(p, s->stopped);
    NEED(p->fault->hits == 1 &&
         (o.signal == SIGKILL || o.status == (s->is_killed ? 11 : 75)));
    outcome_release(&o);
}

static void learn(struct known *k, const struct place *p,
                  const struct scenario *s)
{
    const struct scenario *like = scenarios;
    *k = (struct known){ .s = s };
    while (like < s && !(bases[like - scenarios].n && begin_alike(like, s)))
        like++;
    struct tree *base = &bases[like - scenarios];
    if (like == s) {
        prepare(p, s);
        *base = tree_read(p->work);
    }
    k->base = *base; /* borrowed */
    tree_restore(base, p->work);
    empty_folder(p->keep);
    arm(p, FAULT_OFF, FAULT_ONCE, 0, 0);
    snprintf(p->fault->keep, FAULT_PATH_MAX, "%s", p->keep);
    k->outcome = run(p, s->command);
    need_ok(&k->outcome, s->command);
    k->end = tree_read(p->work);
    for (int i = 0; i < FAULT_KINDS; i++)
        k->count[i] = p->fault->count[i];
    k->kept = (struct tree){ calloc((size_t)p->fault->n_kept + 1,
                                    sizeof(struct file)),
                             p->fault->n_kept };
    for (long i = 0; i < k->kept.n; i++) {
        const char *path = p->fault->kept[i];
        size_t n = strlen(p->work);
        struct file *f = &k->kept.files[i];
        f->path = strdup(path[0] == '/' ? path + n + 1 : path);
        f->bytes = read_bytes(format("%s/%ld", p->keep, i), &f->n);
    }
}

/* ---- what must hold afterwards ----------------------------------------- */

/* The verdict on one trial: the first thing that is wrong. */
struct verdict {
    char text[LINE_MAX_BYTES];
};

static void complain(struct verdict *v, const char *f, ...)
{
    va_list args;
    if (v->text[0])
        return;
    va_start(args, f);
    vsnprintf(v->text, sizeof v->text, f, args);
    va_end(args);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_named(const struct file *f, const char *name)
{
    return strcmp(base_name(f->path), name) == 0;
}

/* So are folders on their way in or out, with what is in them. */
static bool is_temporary(const struct file *f)
{
    return strncmp(base_name(f->path), ".tmp-", 5) == 0 ||
           strstr(f->path, "/.removed-") || strstr(f->path, "/.taken");
}

static bool are_same(const struct file *a, const struct file *b)
{
    return a->is_folder == b->is_folder && a->n == b->n &&
           (a->is_folder || memcmp(a->bytes, b->bytes, a->n) == 0);
}

static bool ends_in_line(const struct file *f)
{
    return f->n > 0 && f->bytes[f->n - 1] == '\n';
}

static bool is_status(const struct file *f)
{
    static const char *const states[] = { "pending\n",   "running\n",
                                          "done\n",      "failed\n",
                                          "preempted\n", "diverged\n" };
    for (long i = 0; i < COUNT_OF(states); i++)
        if (strncmp(f->bytes, states[i], strlen(states[i])) == 0)
            return ends_in_line(f) &&
                   strncmp(f->bytes + strlen(states[i]), "step ", 5) == 0;
    return false;
}

/* Every line a comment, a section, or an assignment. */
static bool is_manifest(const struct file *f)
{
    if (!ends_in_line(f) || strncmp(f->bytes, "; ", 2) != 0)
        return false;
    for (const char *line = f->bytes; *line;) {
        size_t n = strcspn(line, "\n");
        const char *equals = strstr(line, " =");
        bool is_fine = n == 0 || line[0] == ';' || line[0] == '[' ||
                       (equals && equals < line + n);
        if (!is_fine)
            return false;
        line += n + 1;
    }
    return true;
}

/* Files whose bytes differ from run to run: they hold times, process numbers,
 * and how often something was started. */
static bool is_volatile(const struct file *f)
{
    static const char *const names[] = { "status",   "manifest.ini",
                                         "lock",     "timing.csv",
                                         "journal",  "log.txt",
                                         "table.csv" };
    for (long i = 0; i < COUNT_OF(names); i++)
        if (is_named(f, names[i]))
            return true;
    return false;
}

/* A note beside the numbers of a run that may have been trained or taken. */
static bool is_note(const struct known *k, const struct file *f)
{
    return k->s->trains &&
           (is_named(f, "lock") || is_named(f, "log.txt") ||
            is_named(f, "config.ini") || is_named(f, "timing.csv"));
}

/* Old, or written whole, or a log that goes so far. */
static bool is_legitimate(const struct known *k, const struct file *f)
{
    if (is_note(k, f))
        return true;
    const struct file *was = tree_find(&k->base, f->path);
    const struct file *becomes = tree_find(&k->end, f->path);
    if ((was && are_same(was, f)) || (becomes && are_same(becomes, f)))
        return true;
    for (long i = 0; i < k->kept.n; i++)
        if (strcmp(k->kept.files[i].path, f->path) == 0 &&
            are_same(&k->kept.files[i], f))
            return true;
    if (!becomes)
        return false;
    if (is_named(f, "status"))
        return is_status(f);
    if (is_named(f, "manifest.ini"))
        return is_manifest(f);
    if (is_named(f, "metrics.csv") || is_named(f, "samples.csv"))
        return f->n <= becomes->n &&
               memcmp(f->bytes, becomes->bytes, f->n) == 0;
    return is_volatile(f) && !is_named(f, "table.csv");
}

/* Of a line of analysis.csv what was measured: all but the hashes of the arrays
 * beside it and of the line. */
static size_t measured_bytes(const char *line)
{
    size_t n = strcspn(line, "\n");
    for (int commas = 0; n > 0 && commas < 2; commas += line[n] == ',')
        n--;
    return n;
}

/* What an analysis had measured when it was told to stop: the first rows, and
 * arrays of as many steps, whose bytes no other run has. */
static bool is_begun(const struct known *k, const struct file *f)
{
    const struct file *becomes = tree_find(&k->end, f->path);
    if (strncmp(base_name(f->path), "analysis", 8) != 0 || !becomes)
        return false;
    if (!strstr(f->path, ".csv"))
        return strstr(f->path, ".h5");
    const char *x = f->bytes, *y = becomes->bytes;
    while (*x && *y) {
        size_t n = measured_bytes(x);
        if (n != measured_bytes(y) || memcmp(x, y, n) != 0)
            return false;
        x += strcspn(x, "\n");
        y += strcspn(y, "\n");
        x += *x == '\n';
        y += *y == '\n';
    }
    return !*x && ends_in_line(f);
}

static void check_between(struct verdict *v, const struct known *k,
                          const struct tree *now, int mode)
{
    for (long i = 0; i < now->n; i++) {
        const struct file *f = &now->files[i];
        if (is_temporary(f) && mode == FAULT_ONCE &&
            !tree_find(&k->base, f->path))
            complain(v, "leaves %s", f->path);
        else if (mode == FAULT_STOP && is_named(f, "resume.h5"))
            continue; /* of a step that undisturbed saves no state */
        else if (mode == FAULT_STOP && is_begun(k, f))
            continue;
        else if (!is_temporary(f) && !is_legitimate(k, f))
            complain(v, "%s is neither old nor new", f->path);
    }
    for (long i = 0; i < k->base.n; i++)
        if (!is_temporary(&k->base.files[i]) &&
            !tree_find(now, k->base.files[i].path))
            complain(v, "%s is gone", k->base.files[i].path);
}

/* The steps that the rows of timing.csv begin with. */
static bool has_same_rows(const struct file *a, const struct file *b)
{
    const char *x = a->bytes, *y = b->bytes;
    while (*x && *y) {
        size_t n = strcspn(x, ",\n");
        if (strcspn(y, ",\n") != n || strncmp(x, y, n) != 0)
            return false;
        x += strcspn(x, "\n");
        y += strcspn(y, "\n");
        x += *x == '\n';
        y += *y == '\n';
    }
    return !*x && !*y;
}

static void check_end(struct verdict *v, const struct known *k,
                      const struct tree *now, const char *when)
{
    for (long i = 0; i < k->end.n; i++) {
        const struct file *want = &k->end.files[i];
        const struct file *f = tree_find(now, want->path);
        if (!f)
            complain(v, "%s, %s is missing", when, want->path);
        else if (is_note(k, f))
            continue;
        else if (is_named(f, "timing.csv") && !has_same_rows(f, want))
            complain(v, "%s, %s has other rows", when, f->path);
        else if (is_named(f, "status") && !is_status(f))
            complain(v, "%s, %s is damaged", when, f->path);
        else if (is_named(f, "manifest.ini") && !is_manifest(f))
            complain(v, "%s, %s is damaged", when, f->path);
        else if (is_named(f, "table.csv") && !are_same(f, want))
            complain(v, "%s, %s is another one", when, f->path);
        else if (!is_volatile(f) && !are_same(f, want))
            complain(v, "%s, %s has other bytes than undisturbed", when,
                     f->path);
    }
    for (long i = 0; i < now->n; i++)
        if (!tree_find(&k->end, now->files[i].path) &&
            !is_note(k, &now->files[i]) &&
            !(k->s->leaves && is_temporary(&now->files[i])))
            complain(v, "%s, there is %s", when, now->files[i].path);
    if (!k->s->done)
        return;
    const struct file *f = tree_find(now, format("%s/status", k->s->done));
    if (!f || strncmp(f->bytes, "done\n", 5) != 0)
        complain(v, "%s, %s is not done", when, k->s->done);
}

/* One line that says where, what and what to do. */
static void check_message(struct verdict *v, const struct outcome *o,
                          const struct fault *fault)
{
    static const char *const foreign[] = { "HDF5-DIAG", "internal error",
                                           "Sanitizer", "runtime error",
                                           "(null)" };
    size_t n = strcspn(o->err, "\n");
    if (strncmp(o->err, "sinklab: ", 9) != 0 || n < 20)
        complain(v, "says '%.*s'", (int)n, o->err);
    else if (o->err[n] && o->err[n + 1] && fault->kind < FAULT_ALLOC)
        complain(v, "says more than one line: %s", o->err);
    for (long i = 0; i < COUNT_OF(foreign); i++)
        if (strstr(o->err, foreign[i]))
            complain(v, "says '%s'", foreign[i]);
    if (o->status != 5 || fault->kind >= FAULT_ALLOC)
        return;
    if (!strstr(o->err, strerror(fault->errnum)))
        complain(v, "does not say why: %s", o->err);
    if (!strchr(o->err, ';'))
        complain(v, "does not say what to do: %s", o->err);
    if (fault->mode == FAULT_FROM)
        return; /* the first that failed need not be the one that mattered */
    const char *name = base_name(fault->path);
    if (strcmp(name, "work") == 0)
        return; /* it is told as "." */
    if (strncmp(name, ".tmp-", 5) == 0 && strchr(name + 5, '-'))
        name = strchr(name + 5, '-') + 1;
    /* of a folder's file the folder may be told, and the other way round */
    char path[FAULT_PATH_MAX];
    snprintf(path, sizeof path, "%.*s",
             (int)(base_name(fault->path) - fault->path - 1), fault->path);
    if (!strstr(o->err, name) && !strstr(o->err, base_name(path)))
        complain(v, "does not say where: %s", o->err);
}

static bool is_allowed(const struct scenario *s, const struct fault *f,
                       int status)
{
    for (int i = 0; i < 3; i++)
        if (s->statuses[i] && s->statuses[i] == status)
            return true;
    return status == 0 || status == (f->kind >= FAULT_ALLOC ? 9 : 5);
}

/* Does the line say how the others were come by, not what they say? */
static bool says_how(const char *line, const char *end)
{
    static const char *const how[] = {
        " checkpoints were measured before and bear the same seal",
        " of the analysis before ",
        "this analysis takes the place of ",
    };
    for (int i = 0; i < COUNT_OF(how); i++) {
        const char *found = strstr(line, how[i]);
        if (found && found < end)
            return true;
    }
    return false;
}

static const char *skip_how(const char *line)
{
    const char *end;
    while ((end = strchr(line, '\n')) && says_how(line, end))
        line = end + 1;
    return line;
}

/* The same lines, however they were come by? */
static bool prints_same(const char *a, const char *b)
{
    for (;;) {
        a = skip_how(a);
        b = skip_how(b);
        size_t n = strcspn(a, "\n"), more = a[n] == '\n';
        if (strncmp(a, b, n + more) != 0)
            return false;
        if (!more)
            return !b[n];
        a += n + 1;
        b += n + 1;
    }
}

static void check_ending(struct verdict *v, const struct known *k,
                         const struct outcome *o, const struct fault *f)
{
    if (o->hangs)
        complain(v, "does not end");
    if (f->mode == FAULT_KILL && (o->signal == SIGKILL || k->s->statuses[0]))
        return; /* a sweep outlives its runs */
    if (f->mode == FAULT_STOP && (o->signal == SIGTERM || o->status == 75))
        return;
    if (o->signal)
        complain(v, "crashes with signal %d: %s", o->signal, o->err);
    else if (!is_allowed(k->s, f, o->status))
        complain(v, "ends with status %d: %s", o->status, o->err);
    else if (o->status != 0)
        check_message(v, o, f);
    else if (k->s->prints && !prints_same(o->out, k->outcome.out) &&
             !strstr(o->out, "note: ") && !strstr(o->out, "cannot "))
        complain(v, "ends with 0 but prints something else");
}

/* Start it again, and do as it says where it refuses to begin anew. */
static struct outcome go_on(const struct place *p, const struct scenario *s)
{
    struct outcome o = run_undisturbed(p, s->command);
    const char *advice = o.status == 7 ? strstr(o.err, "`sinklab ") : NULL;
    char command[LINE_MAX_BYTES];
    if (o.status == 7 && s->instead) {
        outcome_release(&o);
        return run_undisturbed(p, s->instead);
    }
    if (!advice)
        return o;
    advice += strlen("`sinklab ");
    snprintf(command, sizeof command, "%.*s", (int)strcspn(advice, "`"),
             advice);
    outcome_release(&o);
    return run_undisturbed(p, command);
}

/* ---- trials ------------------------------------------------------------ */

struct trial {
    int kind, mode, errnum;
};

static const struct trial trials[] = {
    { FAULT_OPEN, FAULT_ONCE, EIO },
    { FAULT_OPEN, FAULT_FROM, EMFILE },
    { FAULT_READ, FAULT_ONCE, EIO },
    { FAULT_READ, FAULT_FROM, EIO },
    { FAULT_READ, FAULT_ONCE, EINTR },
    { FAULT_READ, FAULT_SHORT, 0 },
    { FAULT_WRITE, FAULT_ONCE, EIO },
    { FAULT_WRITE, FAULT_FROM, ENOSPC },
    { FAULT_WRITE, FAULT_ONCE, EINTR },
    { FAULT_WRITE, FAULT_SHORT, 0 },
    { FAULT_FSYNC, FAULT_ONCE, EIO },
    { FAULT_FSYNC, FAULT_FROM, EIO },
    { FAULT_RESERVE, FAULT_ONCE, ENOSPC },
    { FAULT_RESERVE, FAULT_FROM, ENOSPC },
    { FAULT_RENAME, FAULT_ONCE, EIO },
    { FAULT_RENAME, FAULT_FROM, EROFS },
    { FAULT_REMOVE, FAULT_ONCE, EIO },
    { FAULT_REMOVE, FAULT_FROM, EROFS },
    { FAULT_MKDIR, FAULT_ONCE, ENOSPC },
    { FAULT_MKDIR, FAULT_FROM, ENOSPC },
    { FAULT_STAT, FAULT_ONCE, EIO },
    { FAULT_STAT, FAULT_FROM, EACCES },
    { FAULT_READDIR, FAULT_ONCE, EIO },
    { FAULT_READDIR, FAULT_FROM, EIO },
    { FAULT_CLOSE, FAULT_ONCE, EIO },
    { FAULT_CLOSE, FAULT_FROM, EIO },
    { FAULT_LOCK, FAULT_ONCE, EIO },
    { FAULT_LOCK, FAULT_FROM, EIO },
    { FAULT_DISK, FAULT_FROM, EIO },
    { FAULT_DISK, FAULT_KILL, 0 },
    { FAULT_DISK, FAULT_STOP, 0 },
    { FAULT_ALLOC, FAULT_ONCE, ENOMEM },
    { FAULT_ALLOC, FAULT_FROM, ENOMEM },
    /* If asked for: the libraries' own, HDF5's above all. */
    { FAULT_ALLOC_SYSTEM, FAULT_ONCE, ENOMEM },
    { FAULT_ALLOC_OTHER, FAULT_ONCE, ENOMEM },
};

static const char *const kind_names[] = {
    "open",   "read",  "write",      "fsync",       "reserve", "rename",
    "remove", "mkdir", "stat",       "readdir",     "close",   "lock",
    "disk",   "alloc", "alloc-libc", "alloc-other",
};
static const char *const mode_names[] = { "once", "from", "short", "kill",
                                          "stop" };

struct options {
    bool is_short, is_list, is_kept;
    int one_of;           /* so many ways to fail: 1 all, 2 --half, 4 --few */
    const char *scenario; /* of --only; NULL: all */
    int kind;             /* or FAULT_OFF: all */
    long at;              /* or 0 */
    int jobs, job;
};

static void tell(const struct options *o, const char *name,
                 const struct outcome *out)
{
    if (!o->scenario || !o->at)
        return;
    printf("# %s: status %d, signal %d\n# stdout: %s\n# stderr: %s\n", name,
           out->status, out->signal, out->out, out->err);
}

static void try_one(struct verdict *v, const struct place *p,
                    const struct known *k, const struct trial *t, long at,
                    const struct options *options)
{
    tree_restore(&k->base, p->work);
    arm(p, t->kind, t->mode, t->errnum, at);
    struct outcome o = run(p, k->s->command);
    struct fault fault = *p->fault;
    struct tree now = tree_read(p->work);
    tell(options, k->s->command, &o);
    if (fault.hits == 0)
        complain(v, "is never reached");
    check_ending(v, k, &o, &fault);
    check_between(v, k, &now, t->mode);
    bool is_whole = o.status == 0 && t->mode != FAULT_KILL;
    if (is_whole)
        check_end(v, k, &now, "with status 0");
    bool is_harmless = t->mode == FAULT_SHORT || t->errnum == EINTR;
    if (is_harmless && o.status != 0)
        complain(v, "is harmless, and yet: status %d, %s", o.status, o.err);
    tree_release(&now);
    outcome_release(&o);

    o = go_on(p, k->s);
    tell(options, "again", &o);
    now = tree_read(p->work);
    if (o.hangs)
        complain(v, "started again, does not end");
    else if (o.status != 0)
        complain(v, "started again, ends with status %d, signal %d: %s",
                 o.status, o.signal, o.err);
    else if (k->s->prints && !prints_same(o.out, k->outcome.out))
        complain(v, "started again, prints something else");
    check_end(v, k, &now, "started again");
    tree_release(&now);
    outcome_release(&o);
    if (v->text[0])
        complain(v, "%s", "");
}

/* Which of n calls the short form takes: the first, and one that moves on from
 * one kind to the next. */
static bool is_taken(const struct options *o, long at, long n, long nth)
{
    if (o->at)
        return at == o->at;
    if (!o->is_short)
        return n <= WHOLE_MAX ||
               at % (n / WHOLE_MAX + 1) == nth % (n / WHOLE_MAX + 1);
    return at == 1 + (nth * 7919) % n;
}

static void try_all(const struct place *p, const struct options *o,
                    const struct known *k, long *n_done, long *n_bad)
{
    for (long i = 0; i < COUNT_OF(trials); i++) {
        const struct trial *t = &trials[i];
        long n = k->count[t->kind],
             nth = (k->s - scenarios) * COUNT_OF(trials) + i;
        if ((k->s - scenarios + i) % o->one_of)
            continue;
        bool is_asked = o->kind == t->kind;
        if (!is_asked && (o->kind != FAULT_OFF || t->kind > FAULT_ALLOC))
            continue;
        if (t->mode == FAULT_STOP && !k->s->done && !k->s->statuses[0])
            continue; /* what has nothing to save ends at once: as a kill */
        long n_taken = nth; /* so that those of which one is taken part, too */
        for (long at = 1; at <= n; at++) {
            struct verdict v = { "" };
            if (!is_taken(o, at, n, nth) || n_taken++ % o->jobs != o->job)
                continue;
            try_one(&v, p, k, t, at, o);
            printf("%sok %ld - %s: %s %ld of %ld, %s%s%s\n",
                   v.text[0] ? "not " : "", ++*n_done, k->s->name,
                   kind_names[t->kind], at, n, mode_names[t->mode],
                   t->errnum ? ", " : "", t->errnum ? strerror(t->errnum) : "");
            if (!v.text[0])
                continue;
            ++*n_bad;
            arm(p, FAULT_OFF, FAULT_ONCE, 0, 0);
            for (char *c = v.text; *c; c++)
                if (*c == '\n' && c[1])
                    *c = '/';
            printf("# %s\n", v.text);
        }
    }
}

static bool is_in_path(const char *program)
{
    char folders[LINE_MAX_BYTES], *rest = folders;
    snprintf(folders, sizeof folders, "%s", getenv("PATH"));
    for (char *folder; (folder = strsep(&rest, ":"));)
        if (access(format("%s/%s", folder, program), X_OK) == 0)
            return true;
    return false;
}

/* The path of a file beside this program. */
static void find_beside(char path[FAULT_PATH_MAX], const char *name)
{
    ssize_t n = readlink("/proc/self/exe", path, FAULT_PATH_MAX - 16);
    NEED(n > 0 && strlen(name) < 16);
    path[n] = '\0';
    strcpy(strrchr(path, '/') + 1, name);
    NEED(access(path, R_OK) == 0);
}

static int work(const struct options *o, const char *top)
{
    struct place p = { .top = "" };
    long n_done = 0, n_bad = 0;
    NEED(snprintf(p.top, sizeof p.top, "%s/%d", top, o->job) <
         (int)sizeof p.top);
    snprintf(p.work, sizeof p.work, "%s/work", p.top);
    snprintf(p.keep, sizeof p.keep, "%s/keep", p.top);
    snprintf(p.state, sizeof p.state, "%s/state", p.top);
    find_beside(p.shim, "shim.so");
    find_beside(p.sinklab, "sinklab");
    NEED(mkdir(p.top, 0777) == 0 && mkdir(p.work, 0777) == 0 &&
         mkdir(p.keep, 0777) == 0);
    int fd = open(p.state, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    NEED(fd >= 0 && ftruncate(fd, sizeof *p.fault) == 0);
    p.fault =
        mmap(NULL, sizeof *p.fault, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    NEED(p.fault != MAP_FAILED);
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* we wait for a sweep's runs, too */
    for (long i = 0; i < COUNT_OF(scenarios); i++) {
        struct known k;
        if (o->scenario && strcmp(o->scenario, scenarios[i].name) != 0)
            continue;
        if (scenarios[i].needs && !is_in_path(scenarios[i].needs)) {
            printf("# %s is not installed: %s is passed over\n",
                   scenarios[i].needs, scenarios[i].name);
            continue;
        }
        learn(&k, &p, &scenarios[i]);
        for (int kind = 0; o->is_list && kind < FAULT_KINDS; kind++)
            printf("%s%s %ld%s", kind ? ", " : format("%s: ", k.s->name),
                   kind_names[kind], k.count[kind],
                   kind + 1 < FAULT_KINDS ? "" : "\n");
        if (!o->is_list)
            try_all(&p, o, &k, &n_done, &n_bad);
        known_release(&k);
    }
    if (!o->is_list)
        printf("1..%ld\n", n_done);
    fflush(stdout);
    return n_bad > 0;
}

/* ---- the command ------------------------------------------------------- */

static int find_kind(const char *name)
{
    for (int i = 0; i < FAULT_KINDS; i++)
        if (strcmp(kind_names[i], name) == 0)
            return i;
    fprintf(stderr, "faults: no kind of call '%s'\n", name);
    exit(2);
}

static void parse_only(struct options *o, char *text)
{
    o->scenario = strsep(&text, ":");
    const char *kind = strsep(&text, ":");
    if (kind)
        o->kind = find_kind(kind);
    if (text)
        o->at = atol(text);
}

static void parse(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--short") == 0)
            o->is_short = true;
        else if (strcmp(argv[i], "--half") == 0)
            o->is_short = true, o->one_of = 2;
        else if (strcmp(argv[i], "--few") == 0)
            o->is_short = true, o->one_of = 4;
        else if (strcmp(argv[i], "--list") == 0)
            o->is_list = true;
        else if (strcmp(argv[i], "--keep") == 0)
            o->is_kept = true;
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            parse_only(o, argv[++i]);
        else if (strcmp(argv[i], "-j") == 0 && i + 1 < argc)
            o->jobs = atoi(argv[++i]);
        else {
            fprintf(stderr, "faults: %s: not understood\n", argv[i]);
            exit(2);
        }
    }
    if (o->jobs < 1 || o->is_list || o->at)
        o->jobs = 1;
}

/* One process for each job, its output in a file; then all of it in order. */
static int share_out(struct options *o, const char *top)
{
    int rc = 0, status;
    for (o->job = 0; o->job < o->jobs; o->job++) {
        fflush(NULL);
        pid_t process = fork();
        NEED(process >= 0);
        if (process == 0) {
            NEED(freopen(format("%s/%d.tap", top, o->job), "w", stdout));
            _exit(work(o, top));
        }
    }
    while (wait(&status) > 0)
        if (status != 0)
            rc = WIFEXITED(status) ? WEXITSTATUS(status) : 3;
    for (int i = 0; i < o->jobs; i++) {
        size_t n;
        char *text = read_bytes(format("%s/%d.tap", top, i), &n);
        fputs(text, stdout);
        free(text);
    }
    if (rc > 1)
        printf("not ok 1 - the suite itself works\n1..1\n");
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = { .kind = FAULT_OFF, .jobs = 1, .one_of = 1 };
    const char *tmp = getenv("TMPDIR");
    char top[FAULT_PATH_MAX / 4], *real_top;
    sigset_t child;
    parse(&o, argc, argv);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    snprintf(top, sizeof top, "%s/sinklab-faults.XXXXXX", tmp ? tmp : "/tmp");
    NEED(mkdtemp(top));
    real_top = realpath(top, NULL);
    NEED(real_top);
    int rc = share_out(&o, real_top);
    if (o.is_kept) {
        printf("# kept: %s\n", real_top);
    } else {
        empty_folder(real_top);
        rmdir(real_top);
    }
    free(real_top);
    return rc;
}

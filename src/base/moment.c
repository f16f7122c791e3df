#include "base/moment.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RULES_MAX = 16, WORD_MAX = 16, PATH_BYTES = 256 };

enum action { ACTION_SIGNAL, ACTION_WAIT, ACTION_VALUE };

struct rule {
    char moment[WORD_MAX];
    idx number, seen; /* seen: how often moment_next came by */
    enum action action;
    int signal;
    bool is_for_parent;
    char path[PATH_BYTES];
    double value;
};

/* A mutable static: tests must reach the program as it is, and rules handed
 * down through every signature would put test plumbing into all contracts
 * between. Outside of tests there is no rule. */
static struct {
    idx n;
    struct rule rules[RULES_MAX];
} given;

static const char *const names[] = { "step",    "call",   "row",
                                     "start",   "end",    "signal",
                                     "journal", "obeyed", "checkpoint",
                                     "taken",   "hash",   "meeting",
                                     "poll",    "timing", "memory" };

static bool is_name(const char *word)
{
    for (idx i = 0; i < COUNT_OF(names); i++)
        if (strcmp(names[i], word) == 0)
            return true;
    return false;
}

static int signal_number(const char *word)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {
        { "KILL", SIGKILL }, { "STOP", SIGSTOP }, { "TERM", SIGTERM },
        { "INT", SIGINT },   { "HUP", SIGHUP },   { "USR1", SIGUSR1 },
    };
    for (idx i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i].name, word) == 0)
            return known[i].number;
    return 0;
}

/* The action's word and what stands behind it, empty if nothing does. */
static bool read_action(struct rule *r, const char *word, const char *rest)
{
    char *end;
    if (strcmp(word, "wait") == 0) {
        r->action = ACTION_WAIT;
        snprintf(r->path, sizeof r->path, "%s", rest);
        return rest[0] != '\0';
    }
    if (strcmp(word, "value") == 0) {
        r->action = ACTION_VALUE;
        r->value = strtod(rest, &end);
        return rest[0] && !*end;
    }
    r->action = ACTION_SIGNAL;
    r->signal = signal_number(word);
    r->is_for_parent = strcmp(rest, "parent") == 0;
    return r->signal && (r->is_for_parent || !rest[0]);
}

static bool read_rule(struct rule *r, char command[WORD_MAX], const char *text)
{
    char number[WORD_MAX], action[WORD_MAX], rest[PATH_BYTES] = "", *end;
    *r = (struct rule){ 0 };
    if (sscanf(text, "%15s %15s %15s %15s %255s", command, r->moment, number,
               action, rest) < 4 ||
        !is_name(r->moment))
        return false;
    r->number = strtol(number, &end, 10);
    return !*end && r->number >= 0 && read_action(r, action, rest);
}

int moments_read(const char *text, const char *command, struct err *e)
{
    given.n = 0;
    while (text && *text) {
        char one[2 * PATH_BYTES], of[WORD_MAX];
        struct rule r;
        size_t n = strcspn(text, ";");
        snprintf(one, sizeof one, "%.*s", (int)n, text);
        if (n >= sizeof one || !read_rule(&r, of, one) || given.n == RULES_MAX)
            return err_set(e, ERR_USAGE,
                           "SINKLAB_TEST: got '%s', want at most %d rules of "
                           "base/moment.h; it is for tests only: unset it",
                           one, RULES_MAX);
        if (strcmp(of, command) == 0)
            given.rules[given.n++] = r;
        text += n + (text[n] == ';');
    }
    return OK;
}

static void wait_for_writer(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    BUG_ON(fd < 0); /* the test made it, or is wrong */
    close(fd);
}

static void act(const struct rule *r, double *value)
{
    switch (r->action) {
    case ACTION_SIGNAL:
        kill(r->is_for_parent ? getppid() : getpid(), r->signal);
        break;
    case ACTION_WAIT:
        wait_for_writer(r->path);
        break;
    case ACTION_VALUE:
        *value = r->value;
        break;
    }
}

void moment_at(const char *moment, idx number)
{
    double unused;
    for (idx i = 0; i < given.n; i++)
        if (given.rules[i].number == number &&
            strcmp(given.rules[i].moment, moment) == 0)
            act(&given.rules[i], &unused);
}

double moment_value(const char *moment, double value)
{
    for (idx i = 0; i < given.n; i++)
        if (strcmp(given.rules[i].moment, moment) == 0 &&
            ++given.rules[i].seen == given.rules[i].number)
            act(&given.rules[i], &value);
    return value;
}

void moment_next(const char *moment)
{
    moment_value(moment, 0);
}

#include "io/ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/moment.h"
#include "base/stop.h"

/* What process 0 says is enough. */
static void hush(FILE *f)
{
    if (!freopen("/dev/null", "w", f))
        fclose(f);
}

/* What a process says where all meet. */
struct ranks_word {
    int code, signal;
    bool is_over;
};

const char *ranks_library(void)
{
    return transport_name();
}

static bool get_room(struct ranks *r)
{
    size_t n = (size_t)r->n;
    r->hosts = calloc(n, sizeof *r->hosts);
    r->messages = calloc(2 * n, sizeof *r->messages);
    r->cuts = calloc(n + 1, sizeof *r->cuts);
    r->words = calloc(n, sizeof *r->words);
    return r->hosts && r->messages && r->cuts && r->words;
}

/* What a process says of itself when it begins. */
struct member {
    char job[RANKS_JOB_MAX];
    struct core_list cores;
};

static bool share_cores(const struct member *a, const struct member *b)
{
    return a->cores.n == b->cores.n &&
           !memcmp(a->cores.core, b->cores.core,
                   (size_t)a->cores.n * sizeof *a->cores.core);
}

/* Each finds the same first one that is to do something else. */
static int meet(struct ranks *r, const char *job, struct err *e)
{
    struct member *m = calloc((size_t)r->n, sizeof *m), *own = m + r->rank;
    if (!m) {
        r->is_lost = true;
        return err_memory(e, NULL);
    }
    snprintf(own->job, sizeof own->job, "%s", job);
    machine_cores(&own->cores);
    ranks_gather(r, m, sizeof *m, e);
    for (int i = 0; i < r->n && !e->code; i++)
        r->beside +=
            !strcmp(r->hosts[i], r->hosts[r->rank]) && share_cores(&m[i], own);
    for (int i = 1; i < r->n && !e->code; i++)
        if (strcmp(m[i].job, m[0].job) != 0)
            err_set(e, ERR_USAGE,
                    "process %d (%s) is to `%s`, process 0 (%s) to `%s`: start "
                    "one command everywhere",
                    i, r->hosts[i], m[i].job, r->hosts[0], m[0].job);
    free(m);
    return e->code;
}

int ranks_open(struct ranks *r, const char *job, struct err *e)
{
    *r = (struct ranks){ .n = 1, .limit_s = RANKS_LIMIT_S };
    if (transport_open(&r->rank, &r->n, e) || r->n == 1)
        return e->code;
    if (!get_room(r)) { /* nobody could be told: the launcher ends the others */
        r->is_lost = true;
        return err_memory(e, NULL);
    }
    if (r->rank != 0)
        hush(stdout);
    if (gethostname(r->hosts[r->rank], RANKS_HOST_MAX - 1))
        strcpy(r->hosts[r->rank], "unknown");
    return ranks_gather(r, r->hosts, sizeof *r->hosts, e) ? e->code
                                                          : meet(r, job, e);
}

/* Where one is lost, leaving in order would wait for it: the process just ends,
 * and the launcher ends the others. */
void ranks_close(struct ranks *r, struct err *e)
{
    if (r->n > 1 && r->rank != 0 && !r->is_lost) {
        hush(stderr);
        *e = (struct err){ 0 };
    }
    if (r->n > 1 && !r->is_lost)
        transport_close();
    free(r->words);
    free(r->cuts);
    free(r->messages);
    free(r->hosts);
    *r = (struct ranks){ 0 };
}

int ranks_move(struct ranks *r, const struct ranks_message *list, idx n,
               struct err *e)
{
    int late = -1;
    double limit_s = ranks_writes(r) ? r->limit_s : 1.5 * r->limit_s;
    struct err own = { 0 };
    BUG_ON(r->is_lost);
    if (transport_move(&late, list, n, limit_s, &own) == OK)
        return OK;
    r->is_lost = true;
    if (late < 0)
        return err_pass(e, &own);
    return err_set(e, own.code,
                   "process %d (%s) does not answer process %d (%s) for %g s: "
                   "look at that machine, then begin again, or where a run "
                   "has begun, go on with `sinklab train RUN`; a longer wait: "
                   "train.wait_limit_s",
                   late, r->hosts[late], r->rank, r->hosts[r->rank], limit_s);
}

int ranks_spread(struct ranks *r, void *all, const idx *cuts, size_t bytes,
                 struct err *e)
{
    if (ranks_n(r) == 1)
        return OK;
    struct ranks_message *list = r->messages;
    idx n = 0, own = r->rank;
    char *at = all;
    /* Each begins with its right neighbour, so that not all go to one */
    for (int i = 1; i < r->n; i++) {
        int to = (r->rank + i) % r->n, from = (r->rank + r->n - i) % r->n;
        list[n++] = (struct ranks_message){
            from, false, at + (size_t)cuts[from] * bytes,
            (size_t)(cuts[from + 1] - cuts[from]) * bytes
        };
        list[n++] =
            (struct ranks_message){ to, true, at + (size_t)cuts[own] * bytes,
                                    (size_t)(cuts[own + 1] - cuts[own]) *
                                        bytes };
    }
    return ranks_move(r, list, n, e);
}

int ranks_gather(struct ranks *r, void *all, size_t bytes, struct err *e)
{
    if (ranks_n(r) == 1)
        return OK;
    for (int i = 0; i <= r->n; i++)
        r->cuts[i] = i;
    return ranks_spread(r, all, r->cuts, bytes, e);
}

/* From one to the next, twice as many each time; the places are counted from
 * `from`. */
int ranks_broadcast(struct ranks *r, int from, void *bytes, size_t n,
                    struct err *e)
{
    if (ranks_n(r) == 1)
        return OK;
    int place = (r->rank + r->n - from) % r->n;
    for (int have = 1; have < r->n; have *= 2) {
        int peer = place < have ? place + have : place - have;
        if (place >= 2 * have || peer >= r->n)
            continue;
        struct ranks_message m = { (peer + from) % r->n, place < have, bytes,
                                   n };
        if (ranks_move(r, &m, 1, e))
            return e->code;
    }
    return OK;
}

/* ---- meeting ------------------------------------------------------------ */

/* Each gives its word, and all get all. A test may bound this wait alone. */
static int gather_words(struct ranks *r, bool is_over, struct err *e)
{
    struct err own = { 0 };
    double limit_s = r->limit_s;
    if (limit_s > 0)
        r->limit_s = moment_value("meeting", limit_s);
    r->words[r->rank] = (struct ranks_word){ e->code, stop_signal(), is_over };
    int rc = ranks_gather(r, r->words, sizeof *r->words, &own);
    r->limit_s = limit_s;
    return rc == OK || e->code ? rc : err_pass(e, &own);
}

/* All take the words of process `who`. */
static int take_words(struct ranks *r, int who, struct err *e)
{
    struct err own = { 0 }, words = { 0 };
    if (who == r->rank)
        words = *e;
    if (ranks_broadcast(r, who, &words, sizeof words, &own))
        return e->code ? e->code : err_pass(e, &own);
    *e = (struct err){ 0 };
    r->is_told = true;
    return who == 0 ? err_pass(e, &words)
                    : err_set(e, words.code, "process %d (%s): %s", who,
                              r->hosts[who], words.text);
}

int ranks_agree(struct ranks *r, bool is_over, struct err *e)
{
    if (ranks_n(r) == 1 || r->is_told || r->is_lost)
        return e->code;
    int failed = -1;
    if (gather_words(r, is_over, e))
        return e->code;
    for (int i = r->n - 1; i >= 0; i--) {
        const struct ranks_word *said = &r->words[i];
        r->signal = said->signal ? said->signal : r->signal;
        r->is_over |= said->is_over;
        failed = said->code ? i : failed;
    }
    return failed < 0 ? OK : take_words(r, failed, e);
}

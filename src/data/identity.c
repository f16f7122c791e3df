#include "data/identity.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/moment.h"
#include "base/stopwatch.h"
#include "base/terminal.h"
#include "base/text.h"
#include "data/identity_note.h"
#include "io/mapping.h"

/* Tokens that are hashed at a time, so that they are read from memory once; and
 * bytes between two looks at the clock. */
enum { CHUNK = 1 << 14, STRIDE_BYTES = 1 << 24 };

/* How far the reading is, for a user who waits. */
struct waiting {
    const char *key;
    double bytes, done_bytes;
    double start_s, shown_s;
    bool is_terminal;
};

static void show(struct waiting *w)
{
    const double QUIET_S = 1, BETWEEN_S = 0.2;
    char text[256];
    struct text t = { text, sizeof text, 0 };
    double now_s = clock_s();
    if (!w->is_terminal || now_s - w->start_s < QUIET_S ||
        now_s - w->shown_s < BETWEEN_S)
        return;
    w->shown_s = now_s;
    text_add_bytes(&t, w->done_bytes);
    text_add(&t, " of ");
    text_add_bytes(&t, w->bytes);
    fprintf(stderr, "\r\033[Khashing %s, once: %s", w->key, text);
    terminal_open_line(STDERR_FILENO);
}

/* n tokens of a piece; bytes are hashed as 16-bit numbers, as those of texts
 * always were. */
static void hash_tokens(struct hash_run *run, idx *max,
                        const unsigned char *bytes, idx width, idx n)
{
    uint16_t wide[CHUNK];
    for (idx at = 0; at < n; at += CHUNK, bytes += CHUNK * width) {
        idx here = idx_min(CHUNK, n - at);
        *max = idx_max(*max, stored_max(bytes, width, here));
        for (idx i = 0; width == 1 && i < here; i++)
            wide[i] = bytes[i];
        if (width == 1)
            hash_more(run, wide, (size_t)here * sizeof *wide);
        else
            hash_more(run, bytes, (size_t)(here * width));
    }
}

static void hash_piece(struct hash_run *run, idx *max,
                       const struct stored_piece *p, idx width,
                       struct waiting *w)
{
    idx stride = STRIDE_BYTES / width;
    for (idx at = 0; at < p->n; at += stride) {
        const unsigned char *bytes = p->bytes + at * width;
        idx n = idx_min(stride, p->n - at);
        mapping_advise(p->map, bytes, (size_t)(n * width), MAPPING_WALK);
        hash_tokens(run, max, bytes, width, n);
        mapping_advise(p->map, bytes, (size_t)(n * width), MAPPING_ANY);
        mapping_advise(p->map, bytes, (size_t)(n * width), MAPPING_LEFT);
        w->done_bytes += (double)(n * width);
        show(w);
    }
}

static int hash_all(struct stored *s, const struct stored_query *q,
                    struct err *e)
{
    struct waiting w = { .key = q->key,
                         .bytes = (double)(s->n * s->width),
                         .start_s = clock_s(),
                         .is_terminal = terminal_is(STDERR_FILENO) };
    struct hash_run *run = hash_begin();
    if (!run)
        return err_set(e, ERR_MEMORY, "%s %s: no memory to hash it", q->key,
                       q->path);
    s->max_token = 0;
    for (idx i = 0; i < s->n_pieces; i++)
        hash_piece(run, &s->max_token, &s->pieces[i], s->width, &w);
    terminal_erase_line();
    hash_hex(s->hash, hash_end(run));
    s->is_hashed = true;
    return OK;
}

/* Seconds since 1970, or what a test says. */
static int64_t time_of_day(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)moment_value("hash", (double)t.tv_sec);
}

int identity_find(struct stored *s, const struct stored_query *q, struct err *e)
{
    struct identity_note note;
    bool is_noted = s->n * s->width >= IDENTITY_NOTED_BYTES && !q->is_anew;
    int rc = is_noted ? identity_note_of(&note, s, q, e) : OK;
    if (rc != OK || (is_noted && identity_note_read(&note, s)))
        return rc;
    int64_t hashed_at_s = time_of_day();
    rc = hash_all(s, q, e);
    if (rc == OK && is_noted)
        identity_note_write(&note, s, hashed_at_s);
    return rc;
}

int identity_place(char path[FSYS_PATH_MAX], const struct stored *s,
                   const struct stored_query *q, struct err *e)
{
    struct identity_note note;
    struct stored copy = *s; /* which a note may write to */
    path[0] = '\0';
    if (identity_note_of(&note, s, q, e))
        return e->code;
    const char *place = identity_note_read(&note, &copy);
    if (place)
        strcpy(path, place);
    return OK;
}

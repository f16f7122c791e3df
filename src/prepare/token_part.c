#include "prepare/token_part.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prepare/corpus_names.h"

/* KEEP WITH: docs/FORMATS.md, "Prepared corpora"; the layout is Megatron's */
static const char magic[9] = "MMIDIDX";
enum { VERSION = 1, TYPE_I32 = 4, TYPE_U16 = 8, LENGTH_BYTES = 8 };

enum { BUFFER_BYTES = 1 << 20, LENGTHS_BYTES = 1 << 16 };

static unsigned char *put(unsigned char *out, uint64_t value, int n)
{
    for (int i = 0; i < n; i++)
        *out++ = (unsigned char)(value >> 8 * i);
    return out;
}

static uint64_t get(const unsigned char *in, int n)
{
    uint64_t value = 0;
    for (int i = 0; i < n; i++)
        value |= (uint64_t)in[i] << 8 * i;
    return value;
}

int token_part_open(struct token_part *p, const char *dir, const char *name,
                    idx width, struct err *e)
{
    char path[FSYS_PATH_MAX];
    p->width = width;
    p->hash = hash_begin();
    p->buffer = malloc(BUFFER_BYTES);
    p->lengths_buffer = malloc(LENGTHS_BYTES);
    if (!p->hash || !p->buffer || !p->lengths_buffer)
        return err_memory(e, dir);
    corpus_path(path, dir, name, ".bin");
    if (fsys_stream_open(&p->bin, path, e))
        return e->code;
    corpus_path(path, dir, name, ".lengths");
    if (fsys_stream_open(&p->lengths, path, e))
        return e->code;
    corpus_path(path, dir, name, ".idx");
    return fsys_stream_open(&p->index, path, e);
}

static int flush(struct token_part *p, struct err *e)
{
    hash_more(p->hash, p->buffer, p->n_buffer);
    int rc = fsys_stream_write(&p->bin, p->buffer, p->n_buffer, e);
    p->n_buffer = 0;
    return rc;
}

int token_part_add(struct token_part *p, const int32_t *tokens, idx n,
                   struct err *e)
{
    for (idx i = 0; i < n; i++) {
        if (p->n_buffer + 4 > BUFFER_BYTES && flush(p, e))
            return e->code;
        put(p->buffer + p->n_buffer, (uint64_t)tokens[i], (int)p->width);
        p->n_buffer += (size_t)p->width;
    }
    p->n_now += n;
    p->facts.tokens += n;
    return OK;
}

static int flush_lengths(struct token_part *p, struct err *e)
{
    int rc = fsys_stream_write(&p->lengths, p->lengths_buffer, p->n_lengths, e);
    p->n_lengths = 0;
    return rc;
}

int token_part_end_document(struct token_part *p, size_t text_bytes,
                            struct err *e)
{
    idx n = p->n_now;
    p->facts.text_bytes += (idx)text_bytes;
    if (n == 0)
        return OK;
    if (p->n_lengths + LENGTH_BYTES > LENGTHS_BYTES && flush_lengths(p, e))
        return e->code;
    put(p->lengths_buffer + p->n_lengths, (uint64_t)n, LENGTH_BYTES);
    p->n_lengths += LENGTH_BYTES;
    p->facts.documents++;
    p->n_sequences += idx_ceil_div(n, TOKEN_SEQUENCE_MAX);
    p->n_now = 0;
    return OK;
}

/* ---- the index ----------------------------------------------------------- */

/* A walk over the documents, which writes numbers. */
struct walk {
    struct token_part *p;
    int lengths; /* the file, from its beginning */
    unsigned char in[LENGTHS_BYTES], out[LENGTHS_BYTES];
    size_t at, n, n_out;
    uint64_t sum; /* of what was written before */
};

static int write_number(struct walk *w, uint64_t value, int bytes,
                        struct err *e)
{
    put(w->out + w->n_out, value, bytes);
    w->n_out += (size_t)bytes;
    if (w->n_out + 8 <= sizeof w->out)
        return OK;
    size_t n = w->n_out;
    w->n_out = 0;
    return fsys_stream_write(&w->p->index, w->out, n, e);
}

/* The length of document i. */
static int read_length(struct walk *w, idx i, uint64_t *n, struct err *e)
{
    size_t place = (size_t)i * LENGTH_BYTES;
    if (place < w->at || place >= w->at + w->n) {
        size_t left = w->p->lengths.n - place;
        w->at = place;
        w->n = left < sizeof w->in ? left : sizeof w->in;
        if (!fsys_read_at(w->lengths, w->in, w->n, (off_t)place))
            return err_system(e, w->p->lengths.path, "read");
    }
    *n = get(w->in + (place - w->at), LENGTH_BYTES);
    return OK;
}

/* What to write for a sequence of n tokens. */
static int write_length(struct walk *w, uint64_t n, struct err *e)
{
    return write_number(w, n, 4, e);
}

static int write_pointer(struct walk *w, uint64_t n, struct err *e)
{
    uint64_t place = w->sum;
    w->sum += n * (uint64_t)w->p->width;
    return write_number(w, place, 8, e);
}

static int for_sequences(struct walk *w,
                         int (*act)(struct walk *w, uint64_t n, struct err *e),
                         struct err *e)
{
    uint64_t left;
    for (idx i = 0; i < w->p->facts.documents; i++) {
        if (read_length(w, i, &left, e))
            return e->code;
        for (uint64_t n; left; left -= n) {
            n = left < TOKEN_SEQUENCE_MAX ? left : TOKEN_SEQUENCE_MAX;
            if (act(w, n, e))
                return e->code;
        }
    }
    return OK;
}

/* The first sequence of each document, and behind the last. */
static int write_documents(struct walk *w, struct err *e)
{
    uint64_t n;
    w->sum = 0;
    for (idx i = 0; i < w->p->facts.documents; i++) {
        if (write_number(w, w->sum, 8, e) || read_length(w, i, &n, e))
            return e->code;
        w->sum += (n + TOKEN_SEQUENCE_MAX - 1) / TOKEN_SEQUENCE_MAX;
    }
    return write_number(w, w->sum, 8, e);
}

static int write_index(struct walk *w, struct err *e)
{
    struct token_part *p = w->p;
    unsigned char *at = w->out;
    memcpy(at, magic, sizeof magic);
    at = put(at + sizeof magic, VERSION, 8);
    at = put(at, p->width == 2 ? TYPE_U16 : TYPE_I32, 1);
    at = put(at, (uint64_t)p->n_sequences, 8);
    at = put(at, (uint64_t)p->facts.documents + 1, 8);
    w->n_out = (size_t)(at - w->out);
    if (for_sequences(w, write_length, e) ||
        for_sequences(w, write_pointer, e) || write_documents(w, e))
        return e->code;
    return fsys_stream_write(&p->index, w->out, w->n_out, e);
}

static int make_index(struct token_part *p, struct err *e)
{
    struct walk *w = calloc(1, sizeof *w);
    if (!w)
        return err_memory(e, p->index.path);
    w->p = p;
    w->lengths = open(p->lengths.temporary, O_RDONLY | O_CLOEXEC);
    if (w->lengths < 0)
        err_system(e, p->lengths.path, "open");
    else {
        write_index(w, e);
        close(w->lengths);
    }
    free(w);
    return e->code;
}

int token_part_finish(struct token_part *p, struct err *e)
{
    BUG_ON(p->n_now);
    if (flush(p, e) || flush_lengths(p, e))
        return e->code;
    hash_hex(p->facts.hash, hash_end(p->hash));
    p->hash = NULL;
    if (p->facts.tokens &&
        (fsys_stream_finish(&p->bin, e) || make_index(p, e) ||
         fsys_stream_finish(&p->index, e)))
        return e->code;
    struct fsys_stream *const unused[] = { &p->lengths, &p->bin, &p->index };
    for (idx i = 0; i < (p->facts.tokens ? 1 : COUNT_OF(unused)); i++) {
        if (fsys_remove(unused[i]->temporary, e))
            return e->code;
        unused[i]->is_temporary = false;
        fsys_stream_drop(unused[i]);
    }
    return OK;
}

int token_part_place(struct token_part *p, struct err *e)
{
    if (p->facts.tokens == 0)
        return OK;
    return fsys_stream_place(&p->bin, e) ? e->code
                                         : fsys_stream_place(&p->index, e);
}

void token_part_drop(struct token_part *p)
{
    fsys_stream_drop(&p->bin);
    fsys_stream_drop(&p->lengths);
    fsys_stream_drop(&p->index);
    if (p->hash)
        hash_end(p->hash);
    free(p->buffer);
    free(p->lengths_buffer);
    *p = (struct token_part){ 0 };
}

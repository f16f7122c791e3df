/* source_text.c - any text file, or all files of a folder, byte by byte.
 *
 * Tokens are the bytes 0..255; with data.eos an EOS token stands between
 * documents (one file is one document). The tail is held out for validation.
 * A sample of training is a window at a uniformly drawn place of its part. The
 * held-out part is cut into tiles, windows whose targets lie end to end; only
 * the last one lies over its neighbour, to end where the part ends. The seed
 * gives their order: validation reads it from its beginning, sinks from its
 * end, so that they share tiles only where there are too few.
 */
#include "data/source_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/permute.h"
#include "data/source.h"

/* Folders in folders; a bound for links that lead in a circle. */
enum { DEPTH_MAX = 64 };

/* The files to read, in the order of their names. */
struct files {
    char **paths;
    size_t *sizes;
    idx n;
};

static void files_release(struct files *f)
{
    for (idx i = 0; i < f->n; i++)
        free(f->paths[i]);
    free(f->paths);
    free(f->sizes);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static int add_file(struct files *f, const char *name, off_t size,
                    struct err *e)
{
    size_t n = (size_t)f->n + 1;
    char **paths = realloc(f->paths, n * sizeof *paths);
    if (paths)
        f->paths = paths;
    size_t *sizes = realloc(f->sizes, n * sizeof *sizes);
    if (sizes)
        f->sizes = sizes;
    char *path = strdup(name);
    if (!paths || !sizes || !path) {
        free(path);
        return err_set(e, ERR_MEMORY, "out of memory");
    }
    paths[f->n] = path;
    sizes[f->n++] = (size_t)size;
    return OK;
}

/* What errno says of a file of the text: a text that is not there is ERR_DATA,
 * one that cannot be read ERR_IO. */
static int cannot(struct err *e, const char *path, const char *what)
{
    char place[PATH_MAX + 16];
    int errnum = errno;
    if (errnum == ENOENT || errnum == ENOTDIR)
        return err_set(e, ERR_DATA, "data.path %s: %s", path, strerror(errnum));
    snprintf(place, sizeof place, "data.path %s", path);
    errno = errnum;
    return err_system(e, place, what);
}

/* Regular files below path (or path itself), hidden ones left out; links are
 * followed. Folders and files of a folder come in the order of their names. */
static int find_files(struct files *f, const char *path, idx depth,
                      struct err *e)
{
    struct stat st;
    struct dirent **names;
    int rc = OK;
    if (stat(path,
             &st)) /* also of a link to nothing: a text would be missing */
        return cannot(e, path, "look at it");
    if (S_ISREG(st.st_mode))
        return add_file(f, path, st.st_size, e);
    if (!S_ISDIR(st.st_mode))
        return err_set(
            e, ERR_DATA,
            "data.path %s: neither a file nor a folder: take it away", path);
    if (depth == DEPTH_MAX)
        return err_set(e, ERR_DATA,
                       "data.path %s: deeper than %d folders; does a link lead "
                       "back to a folder above it?",
                       path, DEPTH_MAX);
    int n = scandir(path, &names, is_visible, by_name);
    if (n < 0)
        return cannot(e, path, "read this folder");
    for (int i = 0; i < n; i++) {
        char inner[PATH_MAX];
        if (rc == OK && snprintf(inner, sizeof inner, "%s/%s", path,
                                 names[i]->d_name) >= PATH_MAX)
            rc = err_set(e, ERR_DATA, "data.path %s: a path is too long", path);
        if (rc == OK)
            rc = find_files(f, inner, depth + 1, e);
        free(names[i]);
    }
    free(names);
    return rc;
}

/* Append one file's bytes to the stream; *n tokens so far. */
static int read_file(uint16_t *stream, idx *n, const char *path, size_t size,
                     struct err *e)
{
    unsigned char buffer[1 << 15];
    size_t total = 0;
    int rc = OK, fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cannot(e, path, "open");
    while (rc == OK && total < size) {
        size_t left = size - total;
        ssize_t got =
            read(fd, buffer, left < sizeof buffer ? left : sizeof buffer);
        for (ssize_t i = 0; i < got; i++)
            stream[(*n)++] = buffer[i];
        if (got > 0)
            total += (size_t)got;
        else if (got == 0)
            rc = err_set(e, ERR_DATA,
                         "data.path %s: could read %zu of %zu bytes; it was "
                         "shortened meanwhile",
                         path, total, size);
        else if (errno != EINTR)
            rc = cannot(e, path, "read");
    }
    close(fd);
    return rc;
}

/* Tokens of the text in a whole sample: BOS is not in the text. */
static idx body_of(const struct source *s)
{
    return s->n_sample - (s->bos != NO_TOKEN);
}

/* Tokens of the held-out part that can be targets: without BOS the first one
 * has nothing in front of it. */
static idx n_targets(const struct source *s, idx n_val)
{
    return n_val - (s->bos == NO_TOKEN);
}

/* Lengths of the two parts; each must hold one whole sample. */
static int divide(struct source *s, struct source_text *own,
                  const struct data_options *o, idx total, struct err *e)
{
    idx body = body_of(s);
    own->n_val = (idx)(o->val_fraction * (double)total);
    own->n_train = total - own->n_val;
    if (total == 0)
        return err_set(e, ERR_DATA, "data.path %s: the text is empty", o->path);
    if (own->n_train < body || own->n_val < body)
        return err_set(
            e, ERR_DATA,
            "data.path %s: %td tokens for training and %td held out, but one "
            "sequence of model.context takes %td: give more text, a smaller "
            "context, or another data.val_fraction",
            o->path, own->n_train, own->n_val, body);
    s->n_tiles = idx_ceil_div(n_targets(s, own->n_val), s->n_sample - 1);
    return OK;
}

static int open_text(struct source *s, const struct data_options *o,
                     struct err *e)
{
    struct files files = { 0 };
    struct source_text parts = { 0 };
    char path[KEY_TEXT_MAX];
    snprintf(path, sizeof path, "%s", o->path);
    if (!path[0])
        return err_set(e, ERR_DATA,
                       "[data] path is empty: source = text needs "
                       "data.path=FILE or data.path=FOLDER");
    if (find_files(&files, path, 0, e))
        goto out;
    if (files.n == 0) {
        err_set(e, ERR_DATA, "data.path %s: no regular file there", path);
        goto out;
    }
    idx total = s->eos != NO_TOKEN ? files.n - 1 : 0;
    for (idx i = 0; i < files.n; i++)
        total += (idx)files.sizes[i];
    if (divide(s, &parts, o, total, e))
        goto out;
    struct arena measure = { 0 };
    arena_bytes(&measure, sizeof parts);
    arena_bytes(&measure, (size_t)total * sizeof *parts.stream);
    arena_ints(&measure, s->n_sample);
    if (arena_open(&s->arena, measure.used_bytes, e))
        goto out;
    struct source_text *own = s->own = arena_bytes(&s->arena, sizeof *own);
    uint16_t *stream = arena_bytes(&s->arena, (size_t)total * sizeof *stream);
    *own = parts;
    own->stream = stream;
    s->sample = arena_ints(&s->arena, s->n_sample);
    idx n = 0;
    for (idx i = 0; i < files.n; i++) {
        if (i > 0 && s->eos != NO_TOKEN)
            stream[n++] = (uint16_t)s->eos;
        if (read_file(stream, &n, files.paths[i], files.sizes[i], e))
            goto out;
    }
    hash_hex(s->hash, hash_bytes(stream, (size_t)total * sizeof *stream));
    if (o->hash[0] && strcmp(o->hash, s->hash))
        err_set(e, ERR_DATA,
                "data.path %s: not the text that data.hash names (its tokens "
                "hash to %s, want %s): give the text the run began with",
                o->path, s->hash, o->hash);
out:
    files_release(&files);
    return e->code;
}

static void copy_tokens(int32_t *out, const uint16_t *start, idx n)
{
    for (idx i = 0; i < n; i++)
        out[i] = start[i];
}

static void sample_text(const struct source *s, int32_t *out, idx n,
                        struct rng *r)
{
    const struct source_text *own = s->own;
    copy_tokens(out, own->stream + rng_below(r, own->n_train - n + 1), n);
}

/* Which tile a sample lies in; sinks take what validation takes last. */
static idx tile_of(const struct source *s, enum split split, idx index)
{
    idx i = index % s->n_tiles;
    if (split == SPLIT_SINK)
        i = s->n_tiles - 1 - i;
    else if (s->reads_all_tiles)
        return i;
    return permute(s->eval_seed, s->n_tiles, i);
}

static idx held_out_text(const struct source *s, int32_t *out, idx n,
                         enum split split, idx index)
{
    const struct source_text *own = s->own;
    idx T = s->n_sample - 1, tile = tile_of(s, split, index), overlap = 0;
    idx start = tile * T;
    if (start > own->n_val - body_of(s)) {
        overlap = start - (own->n_val - body_of(s));
        start -= overlap;
    }
    /* Sinks are measured on shorter windows: when each tile has given one, it
     * gives the next */
    if (split == SPLIT_SINK)
        start += index / s->n_tiles % (body_of(s) / n) * n;
    copy_tokens(out, own->stream + own->n_train + start, n);
    return split == SPLIT_VAL ? overlap : 0;
}

const struct source_kind source_text = {
    .text = { .name = "text",
              .key = "[data] source = text",
              .formula = "a text file, or all files below a folder, as bytes "
                         "(data.path)" },
    .n_plain = 256,
    .has_eos = true,
    .open = open_text,
    .sample = sample_text,
    .held_out = held_out_text,
};

#include "prepare/pieces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/hash.h"
#include "io/fsys.h"
#include "io/fsys_tree.h"
#include "io/tool.h"

enum { WORD_BYTES = 64 };

static const char streams_name[] = "a temporary file for SentencePiece";

/* ---- programs ------------------------------------------------------------ */

/* Standard input, output and complaints of a program: files without names. */
struct streams {
    FILE *in, *out, *complaints;
};

static int streams_open(struct streams *s, struct err *e)
{
    *s = (struct streams){ tmpfile(), tmpfile(), tmpfile() };
    if (s->in && s->out && s->complaints)
        return OK;
    return err_system(e, streams_name, "create");
}

static void streams_close(struct streams *s)
{
    FILE *const all[] = { s->in, s->out, s->complaints };
    for (idx i = 0; i < COUNT_OF(all); i++)
        if (all[i])
            fclose(all[i]);
}

static int say_missing(const char *program, struct err *e)
{
    return err_set(e, ERR_TOOL,
                   "%s, which makes sub-words, is not found: `apt-get install "
                   "sentencepiece` brings it; without it a text can be "
                   "prepared as bytes",
                   program);
}

/* In folder (NULL: here), to its end, which must be a good one. */
static int run(const struct streams *s, const char *folder,
               const char *const *words, struct err *e)
{
    int status;
    struct err own = { 0 };
    if (fflush(s->in) || fseek(s->in, 0, SEEK_SET))
        return err_system(e, streams_name, "write");
    int rc =
        tool_run_in(&status, folder, words, s->in, s->out, s->complaints, &own);
    if (rc == ERR_TOOL && errno == ENOENT)
        return say_missing(words[0], e);
    if (rc != OK)
        return err_pass(e, &own);
    rewind(s->out);
    return tool_check(status, words[0], s->complaints, e);
}

int pieces_version(char version[PIECES_VERSION_MAX], const char *program,
                   struct err *e)
{
    const char *const words[] = { program, "--version", NULL };
    struct streams s;
    if (streams_open(&s, e) == OK && run(&s, NULL, words, e) == OK) {
        char line[PIECES_VERSION_MAX] = "";
        if (!fgets(line, sizeof line, s.out))
            err_set(e, ERR_TOOL, "%s --version says nothing", program);
        line[strcspn(line, "\n")] = '\0';
        const char *blank = strrchr(line, ' ');
        snprintf(version, PIECES_VERSION_MAX, "%s", blank ? blank + 1 : line);
    }
    streams_close(&s);
    return e->code;
}

/* ---- learning ------------------------------------------------------------ */

int pieces_sample_open(struct pieces_sample *s, size_t total_bytes,
                       struct err *e)
{
    *s = (struct pieces_sample){ .file = tmpfile(), .share = 1 };
    if (total_bytes > PIECES_SAMPLE_BYTES)
        s->share = PIECES_SAMPLE_BYTES / (double)total_bytes;
    return s->file ? OK : err_system(e, streams_name, "create");
}

void pieces_sample_close(struct pieces_sample *s)
{
    if (s->file)
        fclose(s->file);
    s->file = NULL;
}

static int put_line(FILE *f, const char *text, size_t n, struct err *e)
{
    if (fwrite(text, 1, n, f) == n && putc('\n', f) != EOF)
        return OK;
    return err_system(e, streams_name, "write");
}

static int sample_line(void *user, const char *text, struct segment g,
                       size_t at, struct err *e)
{
    struct pieces_sample *s = user;
    (void)at;
    if (g.is_bytes)
        return OK;
    uint64_t number = s->n_lines++,
             hash = hash_bytes(&number, sizeof number) >> 11;
    return (double)hash * 0x1p-53 < s->share ? put_line(s->file, text, g.n, e)
                                             : OK;
}

int pieces_sample(struct pieces_sample *s, struct text_batch *batch,
                  struct err *e)
{
    const struct text_visit visit = { .segment = sample_line, .user = s };
    return text_batch_visit(batch, &visit, e) ? e->code
                                              : text_batch_drop(batch, e);
}

/* What spm_train writes in its folder; the name stands in the model. */
#define LEARNED "vocabulary"

/* The number behind these words, the last of them in a line with all, in what
 * spm_train says; 0 if it does not say so. */
static long number_behind(FILE *complaints, const char *first, const char *last)
{
    char line[1024], *found;
    rewind(complaints);
    while (fgets(line, sizeof line, complaints))
        if ((found = strstr(line, first)) && (found = strstr(found, last)))
            return strtol(found + strlen(last), NULL, 10);
    return 0;
}

/* It may be that the text has too few different words, or too many characters,
 * each of which is a piece. */
static int learning_failed(idx n, FILE *complaints, struct err *e)
{
    long most = number_behind(complaints, "value <= ", "value <= ");
    long least = number_behind(complaints, "required_chars. ", " vs ");
    struct err why = { 0 };
    if (most <= 0 && least <= 0)
        return err_prefix(e, "learning %td sub-words", n);
    if (most > 0)
        err_set(&why, ERR_DATA,
                "the text allows no %td sub-words: want --vocab %ld at most, "
                "or give more text",
                n, most);
    else
        err_set(&why, ERR_DATA,
                "the text has more characters than %td sub-words can be: want "
                "--vocab %ld at least",
                n, least);
    *e = why;
    return e->code;
}

static int train(const char *folder, FILE *sample, idx n, struct err *e)
{
    char size[WORD_BYTES], length[WORD_BYTES];
    const char *const words[] = {
        "spm_train",
        "--input=/dev/stdin",
        "--model_prefix=" LEARNED,
        "--model_type=bpe",
        size,
        length,
        "--normalization_rule_name=identity",
        "--remove_extra_whitespaces=false",
        "--add_dummy_prefix=false",
        "--byte_fallback=true",
        "--bos_id=-1", /* a run adds its own: data.bos, data.eos */
        "--eos_id=-1",
        "--pad_id=-1",
        "--num_threads=1",
        "--random_seed=0",
        "--minloglevel=1",
        NULL,
    };
    snprintf(size, sizeof size, "--vocab_size=%td", n);
    snprintf(length, sizeof length, "--max_sentence_length=%d", SEGMENT_MAX);
    struct streams s = { sample, tmpfile(), tmpfile() };
    if (!s.out || !s.complaints)
        err_system(e, streams_name, "create");
    else if (run(&s, folder, words, e) == ERR_TOOL)
        learning_failed(n, s.complaints, e);
    s.in = NULL; /* is the caller's */
    streams_close(&s);
    return e->code;
}

int pieces_learn(char **model, size_t *n_bytes,
                 const struct pieces_sample *sample, idx n, const char *dir,
                 struct err *e)
{
    char folder[FSYS_PATH_MAX + 64], path[FSYS_PATH_MAX + 128];
    struct err own = { 0 };
    fsys_tree_remains_path(folder, sizeof folder, dir, LEARNED);
    snprintf(path, sizeof path, "%s/" LEARNED ".model", folder);
    if (fsys_mkdirs(folder, e) == OK && train(folder, sample->file, n, e) == OK)
        fsys_read_file(model, n_bytes, path, PIECES_MODEL_MAX_BYTES, e);
    fsys_tree_clear(folder, &own);
    return e->code ? e->code : err_pass(e, &own);
}

/* ---- encoding ------------------------------------------------------------ */

/* Where tokens go, and ends of documents (NULL: they do not matter). */
struct sink {
    int (*add)(void *user, int32_t token, struct err *e);
    int (*end)(void *user, size_t n_all, struct err *e);
    void *user;
    const char *remedy; /* where text does not come back */
};

struct encoding {
    const struct pieces *pieces;
    const struct text_batch *batch;
    const struct sink *sink;
    FILE *in, *out;
};

static int write_line(void *user, const char *text, struct segment s, size_t at,
                      struct err *e)
{
    const struct encoding *c = user;
    (void)at;
    return s.is_bytes ? OK : put_line(c->in, text, s.n, e);
}

/* spm_encode, from lines to lines of numbers. */
static int encode(const struct pieces *p, const struct streams *s,
                  struct err *e)
{
    char model[FSYS_PATH_MAX + WORD_BYTES];
    const char *const words[] = { "spm_encode", model, "--output_format=id",
                                  "--minloglevel=1", NULL };
    snprintf(model, sizeof model, "--model=%s", p->model);
    return run(s, NULL, words, e);
}

static int say_lost(const struct encoding *c, size_t at, struct err *e)
{
    char place[TEXT_PLACE_MAX];
    text_batch_place(place, c->batch, at);
    return err_set(e, ERR_DATA,
                   "%s does not come back from the pieces of %s: give %s",
                   place, c->pieces->name, c->sink->remedy);
}

/* A number of the line; false: its end. */
static bool read_token(int32_t *token, FILE *out)
{
    int64_t value = 0;
    int c = getc(out);
    while (c == ' ')
        c = getc(out);
    if (c == '\n' || c == EOF) {
        ungetc(c, out);
        return false;
    }
    for (; c >= '0' && c <= '9'; c = getc(out))
        value = value > INT32_MAX ? value : 10 * value + (c - '0');
    if (c != ' ')
        ungetc(c, out); /* of a word that is no number it is met again */
    *token = value > INT32_MAX ? -1 : (int32_t)value;
    return c == ' ' || c == '\n';
}

/* Does the piece spell what the text goes on with? */
static bool is_spelt(const struct encoding *c, int32_t token, const char *text,
                     size_t n, size_t *done, bool is_first)
{
    const struct vocabulary *v = &c->pieces->vocabulary;
    if (token < 0 || token >= v->n)
        return false;
    const struct vocabulary_piece *p = &v->pieces[token];
    size_t skipped = is_first && c->pieces->puts_blank && *p->bytes == ' ';
    size_t length = (size_t)p->n - skipped;
    if (p->type == PIECE_UNKNOWN || p->type == PIECE_CONTROL ||
        length > n - *done ||
        memcmp(p->bytes + skipped, text + *done, length) != 0)
        return false;
    *done += length;
    return true;
}

static int add_bytes(const struct encoding *c, const char *text, size_t n,
                     size_t at, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        int32_t token = c->pieces->bytes[(unsigned char)text[i]];
        if (token < 0)
            return say_lost(c, at + i, e);
        if (c->sink->add(c->sink->user, token, e))
            return e->code;
    }
    return OK;
}

static int read_line(void *user, const char *text, struct segment s, size_t at,
                     struct err *e)
{
    const struct encoding *c = user;
    size_t done = 0;
    int32_t token;
    if (s.is_bytes)
        return add_bytes(c, text, s.n, at, e);
    for (bool is_first = true; read_token(&token, c->out); is_first = false) {
        if (!is_spelt(c, token, text, s.n, &done, is_first))
            return say_lost(c, at + done, e);
        if (c->sink->add(c->sink->user, token, e))
            return e->code;
    }
    if (getc(c->out) != '\n')
        return err_set(e, ERR_TOOL,
                       "spm_encode gave other lines than it got: see that its "
                       "version is right, and that %s is no damaged file",
                       c->pieces->name);
    return done == s.n ? OK : say_lost(c, at + done, e);
}

static int end_document(void *user, size_t n_all, struct err *e)
{
    const struct encoding *c = user;
    return c->sink->end ? c->sink->end(c->sink->user, n_all, e) : OK;
}

static int encode_batch(const struct pieces *p, struct text_batch *batch,
                        const struct sink *sink, struct err *e)
{
    struct streams s;
    if (batch->n == 0)
        return OK;
    if (streams_open(&s, e) == OK) {
        struct encoding c = { p, batch, sink, s.in, s.out };
        const struct text_visit write = { .segment = write_line, .user = &c };
        const struct text_visit read = { read_line, end_document, &c };
        if (text_batch_visit(batch, &write, e) == OK &&
            encode(p, &s, e) == OK && text_batch_visit(batch, &read, e) == OK &&
            getc(s.out) != EOF)
            err_set(e, ERR_TOOL, "spm_encode gave more lines than it got");
    }
    streams_close(&s);
    return e->code ? e->code : text_batch_drop(batch, e);
}

static int add_to_part(void *user, int32_t token, struct err *e)
{
    return token_part_add(user, &token, 1, e);
}

static int end_in_part(void *user, size_t n_all, struct err *e)
{
    return token_part_end_document(user, n_all, e);
}

int pieces_encode(const struct pieces *p, struct text_batch *batch,
                  struct token_part *part, struct err *e)
{
    const struct sink sink = {
        add_to_part, end_in_part, part,
        "a model without normalisation and with pieces for bytes (spm_train "
        "--normalization_rule_name=identity --byte_fallback "
        "--remove_extra_whitespaces=false)"
    };
    return encode_batch(p, batch, &sink, e);
}

struct spelt {
    int32_t *tokens; /* (n) */
    idx n;
};

static int add_to_spelt(void *user, int32_t token, struct err *e)
{
    struct spelt *s = user;
    if (!GROW(s->tokens, s->n))
        return err_memory(e, NULL);
    s->tokens[s->n++] = token;
    return OK;
}

int pieces_spell(int32_t **tokens, idx *n, const struct pieces *p,
                 const char *text, const char *name, struct err *e)
{
    struct text_batch batch = { 0 };
    struct spelt spelt = { 0 };
    size_t length = strlen(text);
    const struct document document = { .path = name, .size = length };
    const struct sink sink = { add_to_spelt, NULL, &spelt,
                               "a text without it" };
    if (text_batch_begin(&batch, &document, 0, e) == OK &&
        text_batch_add(&batch, (const unsigned char *)text, length, e) == OK) {
        text_batch_end(&batch);
        encode_batch(p, &batch, &sink, e);
    }
    text_batch_release(&batch);
    if (e->code)
        free(spelt.tokens);
    *tokens = e->code ? NULL : spelt.tokens;
    *n = e->code ? 0 : spelt.n;
    return e->code;
}

/* ---- a model ------------------------------------------------------------- */

static int find_bytes(struct pieces *p, struct err *e)
{
    memset(p->bytes, -1, sizeof p->bytes);
    for (idx i = 0; i < p->vocabulary.n; i++) {
        const struct vocabulary_piece *piece = &p->vocabulary.pieces[i];
        unsigned char byte = (unsigned char)piece->bytes[0];
        if (piece->n == 1 &&
            (piece->type == PIECE_BYTE || (byte == '\n' && p->bytes[byte] < 0)))
            p->bytes[byte] = (int32_t)i;
    }
    if (p->bytes['\n'] >= 0)
        return OK;
    return err_set(e, ERR_DATA,
                   "%s: has no piece for a line feed, so lines could not be "
                   "kept: give a model with pieces for bytes (spm_train "
                   "--byte_fallback)",
                   p->name);
}

/* What does "a" begin with? */
static int find_blank(struct pieces *p, struct err *e)
{
    struct streams s;
    int32_t token;
    if (streams_open(&s, e) == OK) {
        if (fputs("a\n", s.in) == EOF)
            err_system(e, streams_name, "write");
        else if (encode(p, &s, e) == OK)
            p->puts_blank = read_token(&token, s.out) && token >= 0 &&
                            token < p->vocabulary.n &&
                            *p->vocabulary.pieces[token].bytes == ' ';
    }
    streams_close(&s);
    return e->code;
}

int pieces_open(struct pieces *p, const char *model, const char *name,
                struct err *e)
{
    *p = (struct pieces){ .model = model, .name = name };
    if (vocabulary_read_model(&p->vocabulary, model, e) || find_bytes(p, e))
        return e->code;
    return find_blank(p, e);
}

void pieces_release(struct pieces *p)
{
    vocabulary_release(&p->vocabulary);
    *p = (struct pieces){ 0 };
}

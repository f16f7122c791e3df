#include "prepare/prepare.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/shell.h"
#include "base/text.h"
#include "io/place.h"
#include "prepare/corpus_manifest.h"
#include "prepare/corpus_names.h"
#include "prepare/pieces.h"
#include "prepare/prepare_folder.h"
#include "prepare/text_pass.h"
#include "prepare/token_part.h"

enum { BYTES = 256, CHUNK_TOKENS = 4096 };

struct preparation {
    const struct prepare_options *o;
    struct file_list files;
    char (*hashes)[HASH_HEX_MAX]; /* of the files */
    struct text_sources sources;
    char request[HASH_HEX_MAX], *command;
    struct prepare_folder folder;
    bool has_pieces;
    struct pieces_sample *sample; /* a vocabulary is being learned; or NULL */
    struct fsys_stream model; /* of the vocabulary, on its way to its place */
    struct pieces pieces;
    struct text_batch batches[TEXT_PARTS];
    struct token_part parts[TEXT_PARTS];
    char sentencepiece[PIECES_VERSION_MAX];
};

/* ---- what is there ------------------------------------------------------- */

/* The folder's own files would be read as text, the next time at the latest. */
static int refuse_within(const struct prepare_options *o, struct err *e)
{
    char dir[FSYS_PATH_MAX], path[FSYS_PATH_MAX];
    if (place_find(dir, o->dir, e))
        return e->code;
    for (idx i = 0; i < o->n_paths; i++) {
        struct stat st;
        if (place_find(path, o->paths[i], e))
            return e->code;
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
            place_is_in(dir, path))
            return err_set(e, ERR_USAGE,
                           "%s lies in %s, all files of which are to be read: "
                           "make the corpus elsewhere",
                           o->dir, o->paths[i]);
    }
    return OK;
}

static int find_files(struct preparation *p, struct err *e)
{
    for (idx i = 0; i < p->o->n_paths; i++)
        if (file_list_add(&p->files, p->o->paths[i], "", e))
            return e->code;
    for (idx i = 0; i < p->files.n; i++)
        p->sources.total_bytes += (size_t)p->files.items[i].stamp.bytes;
    if (p->sources.total_bytes == 0)
        return err_set(e, ERR_DATA, "%s: %s: there is nothing to prepare",
                       p->o->paths[0],
                       p->files.n ? "all files are empty" : "no files there");
    p->hashes = calloc((size_t)p->files.n, sizeof *p->hashes);
    return p->hashes ? OK : err_memory(e, NULL);
}

static int choose_held_out(struct preparation *p, struct err *e)
{
    struct held_out *h = &p->sources.held_out;
    bool has_many;
    *h = (struct held_out){
        .rule = p->o->val_fraction > 0 ? p->o->held_out : HELD_OUT_NONE,
        .fraction = p->o->val_fraction,
        .seed = (uint64_t)p->o->seed,
    };
    if (h->rule != HELD_OUT_AUTO)
        return OK;
    if (text_has_many(&has_many, &p->sources, e))
        return e->code;
    h->rule = has_many ? HELD_OUT_DOCUMENTS : HELD_OUT_TAILS;
    if (!has_many && p->o->seed)
        return err_set(e, ERR_USAGE,
                       "%s: --seed does nothing where the end of each document "
                       "is held out, as of fewer than %d: leave it out, or "
                       "give --val-documents",
                       p->o->paths[0], HELD_OUT_MANY);
    return OK;
}

/* ---- bytes --------------------------------------------------------------- */

static int add_bytes(void *user, enum text_part part,
                     const unsigned char *bytes, size_t n, struct err *e)
{
    struct preparation *p = user;
    int32_t tokens[CHUNK_TOKENS];
    for (size_t at = 0; at < n;) {
        idx m = idx_min(CHUNK_TOKENS, (idx)(n - at));
        for (idx i = 0; i < m; i++)
            tokens[i] = bytes[at + (size_t)i];
        if (token_part_add(&p->parts[part], tokens, m, e))
            return e->code;
        at += (size_t)m;
    }
    return OK;
}

static int end_bytes(void *user, enum text_part part, size_t n_all,
                     struct err *e)
{
    struct preparation *p = user;
    return token_part_end_document(&p->parts[part], n_all, e);
}

/* ---- sub-words ----------------------------------------------------------- */

/* Whole segments are worked off when there are enough, or at the end. */
static int work_off(struct preparation *p, enum text_part part, bool is_end,
                    struct err *e)
{
    struct text_batch *b = &p->batches[part];
    if (b->n < TEXT_BATCH_BYTES && !is_end)
        return OK;
    if (!p->sample)
        return pieces_encode(&p->pieces, b, &p->parts[part], e);
    return pieces_sample(p->sample, b, e);
}

static int begin_text(void *user, enum text_part part, const struct document *d,
                      size_t skipped, struct err *e)
{
    struct preparation *p = user;
    return text_batch_begin(&p->batches[part], d, skipped, e);
}

static int add_text(void *user, enum text_part part, const unsigned char *bytes,
                    size_t n, struct err *e)
{
    struct preparation *p = user;
    return text_batch_add(&p->batches[part], bytes, n, e)
               ? e->code
               : work_off(p, part, false, e);
}

static int end_text(void *user, enum text_part part, size_t n_all,
                    struct err *e)
{
    struct preparation *p = user;
    (void)n_all;
    text_batch_end(&p->batches[part]);
    return work_off(p, part, false, e);
}

/* It takes minutes of large texts, and says nothing. */
static void tell_learning(const struct preparation *p)
{
    enum { LONG_BYTES = 1 << 22 };
    if (!p->o->progress || p->sources.total_bytes < LONG_BYTES)
        return;
    fprintf(p->o->progress, "vocabulary: spm_train learns %td sub-words\n",
            p->o->vocab);
    fflush(p->o->progress);
}

/* A vocabulary of the training part alone. */
static int learn(char **model, size_t *n, struct preparation *p, struct err *e)
{
    const struct text_visitor visitor = {
        "vocabulary", begin_text, add_text, end_text, p, .is_train_only = true
    };
    struct pieces_sample sample;
    if (pieces_sample_open(&sample, p->sources.total_bytes, e))
        return e->code;
    p->sample = &sample;
    if (text_pass(&p->sources, &visitor, NULL, e) == OK &&
        work_off(p, TEXT_TRAIN, true, e) == OK) {
        tell_learning(p);
        if (pieces_learn(model, n, &sample, p->o->vocab, p->o->dir, e) ==
            ERR_DATA)
            err_prefix(e, "%s", p->o->paths[0]);
    }
    pieces_sample_close(&sample);
    p->sample = NULL;
    return e->code;
}

/* The model's bytes into the folder, under a temporary name as yet. */
static int put_model(struct preparation *p, const char *model, size_t n,
                     struct err *e)
{
    char path[FSYS_PATH_MAX];
    corpus_path(path, p->o->dir, PREPARED_MODEL, "");
    if (fsys_stream_open(&p->model, path, e) ||
        fsys_stream_write(&p->model, model, n, e))
        return e->code;
    return fsys_stream_finish(&p->model, e);
}

/* o->model: a file, or a prepared folder that has one. */
static int read_model(char **model, size_t *n, const struct prepare_options *o,
                      struct err *e)
{
    char path[FSYS_PATH_MAX];
    bool is_folder;
    if (fsys_is_folder(&is_folder, o->model, e))
        return e->code;
    if (is_folder)
        corpus_path(path, o->model, PREPARED_MODEL, "");
    return fsys_read_file(model, n, is_folder ? path : o->model,
                          PIECES_MODEL_MAX_BYTES, e);
}

static int open_pieces(struct preparation *p, struct err *e)
{
    char *model = NULL;
    size_t n = 0;
    if ((p->o->vocab ? learn(&model, &n, p, e)
                     : read_model(&model, &n, p->o, e)) == OK &&
        put_model(p, model, n, e) == OK)
        pieces_open(&p->pieces, p->model.temporary,
                    p->o->vocab ? "the vocabulary" : p->o->model, e);
    free(model);
    if (!e->code && p->o->vocab && p->pieces.vocabulary.n != p->o->vocab)
        err_set(e, ERR_TOOL,
                "spm_train made %td pieces, want %td: give the command again",
                p->pieces.vocabulary.n, p->o->vocab);
    return e->code;
}

/* ---- all of it ----------------------------------------------------------- */

static const char *const part_names[] = {
    [TEXT_TRAIN] = PREPARED_TRAIN, [TEXT_VAL] = PREPARED_VAL
};

static idx vocab_of(const struct preparation *p)
{
    return p->has_pieces ? p->pieces.vocabulary.n : BYTES;
}

static int check_parts(const struct preparation *p, struct err *e)
{
    const struct token_facts *train = &p->parts[TEXT_TRAIN].facts,
                             *val = &p->parts[TEXT_VAL].facts;
    if (train->tokens == 0)
        return err_set(e, ERR_DATA,
                       "%s: no text is left for training: give more, or a "
                       "smaller --val-fraction",
                       p->o->paths[0]);
    if (val->tokens == 0 && p->sources.held_out.rule != HELD_OUT_NONE)
        return err_set(e, ERR_DATA,
                       "%s: nothing is held out of %td documents and %td "
                       "bytes: give more text, a larger --val-fraction, or "
                       "--val-fraction 0",
                       p->o->paths[0], train->documents, train->text_bytes);
    return OK;
}

static int make_parts(struct preparation *p, struct err *e)
{
    const idx width = vocab_of(p) <= UINT16_MAX + 1 ? 2 : 4;
    const struct text_visitor of_bytes = { "bytes",   NULL, add_bytes,
                                           end_bytes, p,    false },
                              of_text = { "sub-words", begin_text, add_text,
                                          end_text,    p,          false };
    for (int i = 0; i < TEXT_PARTS; i++)
        if (token_part_open(&p->parts[i], p->o->dir, part_names[i], width, e))
            return e->code;
    if (text_pass(&p->sources, p->has_pieces ? &of_text : &of_bytes, p->hashes,
                  e))
        return e->code;
    for (int i = 0; i < TEXT_PARTS; i++)
        if ((p->has_pieces && work_off(p, (enum text_part)i, true, e)) ||
            token_part_finish(&p->parts[i], e))
            return e->code;
    return check_parts(p, e);
}

static int hash_request(char hex[HASH_HEX_MAX], char **command,
                        const struct prepare_options *o, struct err *e)
{
    struct text t = { 0 };
    struct hash_run *run = hash_begin();
    *command = NULL;
    for (int pass = 0; pass < 2; pass++) {
        t.n = 0;
        text_add(&t, "sinklab data");
        for (int i = 0; i < o->argc; i++) {
            text_add(&t, " ");
            shell_add(&t, o->argv[i]);
            if (run && pass == 0 && strcmp(o->argv[i], "--force") != 0)
                hash_more(run, o->argv[i], strlen(o->argv[i]) + 1);
        }
        if (pass == 0)
            t = (struct text){ *command = malloc(t.n + 1), t.n + 1, 0 };
        if (!*command)
            break;
    }
    if (run)
        hash_hex(hex, hash_end(run));
    return run && *command ? OK : err_memory(e, NULL);
}

static int write_manifest(const struct preparation *p, struct err *e)
{
    const struct prepare_options *o = p->o;
    const struct corpus_manifest m = {
        .tokenizer = p->has_pieces ? PREPARED_PIECES : PREPARED_BYTES,
        .vocab = vocab_of(p),
        .width = p->parts[TEXT_TRAIN].width,
        .documents = document_rule_name(o->documents),
        .held_out = held_out_name(p->sources.held_out.rule),
        .val_fraction = o->val_fraction,
        .seed = o->seed,
        .train = p->parts[TEXT_TRAIN].facts,
        .val = p->parts[TEXT_VAL].facts,
        .sentencepiece = p->has_pieces ? p->sentencepiece : NULL,
        .command = p->command,
        .request = p->request,
        .files = &p->files,
        .hashes = p->hashes,
    };
    return corpus_manifest_write(&m, o->dir, e);
}

/* Files get their names, and last of all the manifest. */
static int place(struct preparation *p, struct err *e)
{
    if (prepare_folder_clear(&p->folder, e))
        return e->code;
    for (int i = 0; i < TEXT_PARTS; i++)
        if (token_part_place(&p->parts[i], e))
            return e->code;
    if (p->has_pieces && fsys_stream_place(&p->model, e))
        return e->code;
    return fsys_sync(p->o->dir, e) ? e->code : write_manifest(p, e);
}

static void tell_part(FILE *out, const char *name, const struct token_facts *f)
{
    fprintf(out, "  %-5s  %12td tokens  %10td documents  %12td bytes\n", name,
            f->tokens, f->documents, f->text_bytes);
}

static void tell_result(const struct preparation *p)
{
    const struct prepare_options *o = p->o;
    fprintf(o->out, "%s: %td %s%s; files: %td; held out: %s\n", o->dir,
            vocab_of(p), p->has_pieces ? "sub-words" : "bytes",
            o->vocab ? ", learned on the training part" : "", p->files.n,
            held_out_name(p->sources.held_out.rule));
    tell_part(o->out, PREPARED_TRAIN, &p->parts[TEXT_TRAIN].facts);
    tell_part(o->out, PREPARED_VAL, &p->parts[TEXT_VAL].facts);
}

/* A corpus is there already: the one that is asked for? */
static int check_corpus(bool *is_done, struct preparation *p, struct err *e)
{
    const struct text_visitor nothing = { .what = "comparing" };
    const struct prepare_options *o = p->o;
    *is_done = false;
    if (!p->folder.has_corpus || o->is_forced)
        return OK;
    if (text_pass(&p->sources, &nothing, p->hashes, e) ||
        corpus_manifest_same(is_done, o->dir, p->request, &p->files, p->hashes,
                             e))
        return e->code;
    if (!*is_done)
        return err_set(e, ERR_BUSY,
                       "%s: holds a corpus already, made by another command or "
                       "of other files: give another folder, or --force to "
                       "replace it",
                       o->dir);
    fprintf(o->out, "%s: is prepared already, by this command\n", o->dir);
    return OK;
}

static int run(struct preparation *p, bool *is_whole, struct err *e)
{
    const struct prepare_options *o = p->o;
    bool is_done;
    if (refuse_within(o, e) || find_files(p, e) || choose_held_out(p, e))
        return e->code;
    if (p->has_pieces &&
        (pieces_version(p->sentencepiece, "spm_encode", e) ||
         (o->vocab && pieces_version(p->sentencepiece, "spm_train", e))))
        return e->code;
    if (hash_request(p->request, &p->command, o, e) ||
        prepare_folder_take(&p->folder, o->dir, e) ||
        check_corpus(&is_done, p, e) || is_done)
        return e->code;
    if ((p->has_pieces && open_pieces(p, e)) || make_parts(p, e) || place(p, e))
        return e->code;
    *is_whole = true;
    tell_result(p);
    return OK;
}

int prepare_run(const struct prepare_options *o, struct err *e)
{
    struct preparation p = { .o = o, .has_pieces = o->vocab || o->model };
    bool is_whole = false;
    p.sources = (struct text_sources){
        .files = &p.files,
        .rule = o->documents,
        .text = o->documents == DOCUMENT_JSONL ? o->key : o->separator,
        .progress = o->progress,
    };
    run(&p, &is_whole, e);
    for (int i = 0; i < TEXT_PARTS; i++) {
        token_part_drop(&p.parts[i]);
        text_batch_release(&p.batches[i]);
    }
    fsys_stream_drop(&p.model);
    pieces_release(&p.pieces);
    prepare_folder_release(&p.folder, is_whole);
    free(p.command);
    free(p.hashes);
    file_list_release(&p.files);
    return e->code;
}

#include "report/corpus_info.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "data/identity.h"
#include "data/stored_format.h"
#include "data/stored_open.h"
#include "io/mapping.h"
#include "train/session.h"

static void line(FILE *out, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void line(FILE *out, const char *name, const char *format, ...)
{
    va_list args;
    char *text = NULL; /* may hold names of files */
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    fprintf(out, "%-14s ", name);
    if (n > 0)
        utf8_print(out, text, (size_t)n, true);
    fputc('\n', out);
    free(text);
}

/* ---- tokens in files --------------------------------------------------- */

static void print_files(FILE *out, const struct stored *s)
{
    char size[32];
    double bytes = 0;
    for (idx i = 0; i < s->n_maps; i++)
        bytes += (double)s->maps[i]->n;
    text_add_bytes(&(struct text){ size, sizeof size, 0 }, bytes);
    int at = fprintf(out, "%-14s %s:", "format", s->format->text.name);
    text_print_words(out, s->format->text.formula, at, 15, 80);
    if (s->n_maps == 1)
        line(out, "file", "%s, %s", s->maps[0]->path, size);
    else
        line(out, "files", "%td, %s, from %s to %s", s->n_maps, size,
             s->maps[0]->path, s->maps[s->n_maps - 1]->path);
}

static void print_documents(FILE *out, const struct stored *s)
{
    if (!s->documents) {
        line(out, "documents", "the format does not say where they begin");
        return;
    }
    idx least = s->n, most = 0, n = s->n_documents;
    for (idx i = 0; i < n; i++) {
        idx size = s->documents[i + 1] - s->documents[i];
        least = idx_min(least, size);
        most = idx_max(most, size);
    }
    if (n == 1)
        line(out, "documents", "1");
    else
        line(out, "documents", "%td, of %td to %td tokens, %.1f on average", n,
             least, most, (double)s->n / (double)n);
}

/* Of one path, or of the part of a prepared folder. */
static int print_stored(FILE *out, const struct stored *s,
                        const struct stored_query *q, struct err *e)
{
    char place[FSYS_PATH_MAX];
    if (identity_place(place, s, q, e))
        return e->code;
    print_files(out, s);
    line(out, "tokens", "%td of %td byte%s each, the largest %td", s->n,
         s->width, s->width == 1 ? "" : "s", s->max_token);
    print_documents(out, s);
    if (s->text_bytes > 0)
        line(out, "text", "%.0f bytes, %.4g a token", s->text_bytes,
             s->text_bytes / (double)s->n);
    line(out, "hash", "%s, %s%s", s->hash,
         place[0] ? "kept in " : "kept nowhere", place);
    return OK;
}

struct stored_query corpus_info_query(const struct data_options *o,
                                      bool is_held_out)
{
    bool has_path = is_held_out && o->val_path[0];
    bool is_text = strcmp(corpus_name(o->source), "text") == 0;
    return (struct stored_query){
        .key = has_path ? "data.val_path" : "data.path",
        .path = has_path ? o->val_path : o->path,
        .format = is_text ? &stored_text : stored_formats[o->format],
        .token_bytes = o->token_bytes,
        .part = is_held_out ? STORED_VAL : STORED_TRAIN,
    };
}

static int print_part(FILE *out, const struct data_options *o,
                      const struct stored *s, bool is_held_out, struct err *e)
{
    struct stored_query q = corpus_info_query(o, is_held_out);
    line(out, is_held_out ? "\nheld out" : "corpus", "%s", q.path);
    return print_stored(out, s, &q, e);
}

static int open_and_print(struct stored *s, FILE *out,
                          const struct data_options *o, bool is_held_out,
                          struct err *e)
{
    struct stored_query q = corpus_info_query(o, is_held_out);
    if (stored_open(s, &q, e) == OK)
        print_part(out, o, s, is_held_out, e);
    if (s->vocab && !is_held_out)
        line(out, "vocabulary", "%td", s->vocab);
    return e->code;
}

int corpus_info_print(FILE *out, const struct data_options *o, struct err *e)
{
    struct stored train = { 0 }, val = { 0 };
    char hash[HASH_HEX_MAX];
    int rc = open_and_print(&train, out, o, false, e);
    if (rc == OK && (o->val_path[0] || train.is_prepared))
        rc = open_and_print(&val, out, o, true, e);
    if (rc == OK) {
        stored_identity(hash, &train, &val);
        line(out, "data.hash", "%s", hash);
    }
    stored_close(&train);
    stored_close(&val);
    return rc;
}

/* ---- what a config makes of it ----------------------------------------- */

static int print_corpus(FILE *out, const struct data_options *o,
                        const struct corpus *c, struct err *e)
{
    if (!c->kind->is_stored) {
        line(out, "corpus", "%s", c->kind->text.name);
        if (c->hash[0]) {
            line(out, "table", "of %s", o->bigram_path);
            line(out, "hash", "%s", c->hash);
        }
        return OK;
    }
    if (print_part(out, o, &c->train, false, e))
        return e->code;
    if (c->val.n_pieces && print_part(out, o, &c->val, true, e))
        return e->code;
    line(out, "data.hash", "%s", c->hash);
    return OK;
}

static void print_vocabulary(FILE *out, const struct source *s)
{
    fprintf(out, "%-14s %td: 0 to %td", "vocabulary", s->vocab, s->n_plain - 1);
    if (s->bos != NO_TOKEN)
        fprintf(out, ", BOS %td", (idx)s->bos);
    if (s->eos != NO_TOKEN)
        fprintf(out, ", EOS %td", (idx)s->eos);
    if (s->fixed != NO_TOKEN && s->fixed >= s->n_plain)
        fprintf(out, ", fixed_token %td", (idx)s->fixed);
    fputc('\n', out);
}

/* A sampler, of which a run reads so many samples. */
static void print_sampler(FILE *out, const struct sampler *s, double samples)
{
    const char *order = s->order->text.name;
    bool is_stored = s->corpus->kind->is_stored;
    double tokens = samples * (double)s->T;
    if (is_stored)
        line(out, "training", "%td tokens, held out %td", s->train.n, s->val.n);
    if (!s->n_units)
        line(out, "samples", "endless, none twice");
    else if (s->order->ends)
        line(out, "samples", "%td an epoch, order = %s", s->n_units, order);
    else
        line(out, "samples", "%td different ones, drawn with replacement",
             s->n_units);
    if (!s->n_units)
        line(out, "a run reads", "%.0f samples, %.0f tokens", samples, tokens);
    else
        line(out, "a run reads", "%.0f samples, %.0f tokens: %.4g epochs",
             samples, tokens,
             is_stored && !s->order->ends ? tokens / (double)s->train.n
                                          : samples / (double)s->n_units);
}

static void print_held_out(FILE *out, const struct session *s)
{
    const struct config *c = &s->config;
    idx B, T;
    meter_shape(&B, &T, &c->model, &c->sink, 1);
    if (s->source.n_tiles)
        line(out, "held out", "%td sequences, a validation reads %td",
             s->source.n_tiles, s->n_val);
    else
        line(out, "held out", "endless, a validation reads %td sequences",
             s->n_val);
    line(out, "sinks",
         "%td sequences of %td tokens, %td of them in a probe%s%s",
         c->sink.sequences, T, c->sink.probe_sequences,
         c->sink.input == INPUT_DATA ? "" : "; sink.input = ",
         c->sink.input == INPUT_DATA ? "" : input_name(c->sink.input));
}

double corpus_info_samples(const struct config *c)
{
    return (double)c->train.steps *
           (double)(c->train.batch * c->train.accumulate);
}

static int print_session(FILE *out, struct session *s, struct err *e)
{
    const struct source *source = &s->source;
    const struct config *c = &s->config;
    double samples = corpus_info_samples(c);
    for (idx i = 0; i < source->n_parts; i++) {
        const struct source_part *p = &source->parts[i];
        double share = (double)source->mixture.shares[i] / MIX_BLOCK;
        if (source->n_parts > 1)
            line(out, i ? "\npart" : "part", "%td of %td, %.4g of all samples",
                 i + 1, source->n_parts, share);
        if (print_corpus(out, &source->mixture.parts[i], &p->corpus, e))
            return e->code;
        print_sampler(out, &p->sampler, samples * share);
    }
    if (source->n_parts > 1)
        line(out, "\nall parts", "%.0f samples in a run, hash %s", samples,
             source->hash[0] ? source->hash : "none");
    print_vocabulary(out, source);
    print_held_out(out, s);
    return OK;
}

int corpus_info_print_config(FILE *out, const struct config *c, struct err *e)
{
    struct session *s = malloc(sizeof *s);
    if (!s)
        return err_memory(e, NULL);
    if (session_open_data(s, c, true, e) == OK)
        print_session(out, s, e);
    session_release(s);
    free(s);
    return e->code;
}

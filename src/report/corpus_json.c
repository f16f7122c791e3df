#include "report/corpus_json.h"

#include <stdlib.h>

#include "data/identity.h"
#include "data/stored_format.h"
#include "data/stored_open.h"
#include "io/json.h"
#include "io/mapping.h"
#include "report/corpus_info.h"
#include "train/session.h"

enum { DIGITS = 15 };

static void put_text_or_null(struct json *j, const char *key, const char *text)
{
    if (*text)
        json_put_text(j, key, text);
    else
        json_put_null(j, key);
}

/* ---- tokens in files --------------------------------------------------- */

static void put_files(struct json *j, const struct stored *s)
{
    json_begin_array(j, "files");
    for (idx i = 0; i < s->n_maps; i++) {
        json_begin_object(j, NULL);
        json_put_text(j, "path", s->maps[i]->path);
        json_put_count(j, "bytes", (idx)s->maps[i]->n);
        json_end(j);
    }
    json_end(j);
}

static void put_documents(struct json *j, const struct stored *s)
{
    if (!s->documents) {
        json_put_null(j, "documents");
        return;
    }
    idx least = s->n, most = 0;
    for (idx i = 0; i < s->n_documents; i++) {
        idx size = s->documents[i + 1] - s->documents[i];
        least = idx_min(least, size);
        most = idx_max(most, size);
    }
    json_begin_object(j, "documents");
    json_put_count(j, "n", s->n_documents);
    json_put_count(j, "least_tokens", least);
    json_put_count(j, "most_tokens", most);
    json_end(j);
}

static int put_stored(struct json *j, const char *key,
                      const struct data_options *o, const struct stored *s,
                      bool is_held_out, struct err *e)
{
    char place[FSYS_PATH_MAX];
    struct stored_query q = corpus_info_query(o, is_held_out);
    if (identity_place(place, s, &q, e))
        return e->code;
    json_begin_object(j, key);
    json_put_text(j, "path", q.path);
    json_put_text(j, "format", s->format->text.name);
    put_files(j, s);
    json_put_count(j, "tokens", s->n);
    json_put_count(j, "token_bytes", s->width);
    json_put_count(j, "largest_token", s->max_token);
    put_documents(j, s);
    if (s->text_bytes > 0)
        json_put_number(j, "text_bytes", s->text_bytes);
    else
        json_put_null(j, "text_bytes");
    json_put_text(j, "hash", s->hash);
    put_text_or_null(j, "hash_kept_in", place);
    json_end(j);
    return OK;
}

static int put_path(struct json *j, const struct data_options *o,
                    struct stored *train, struct stored *val, struct err *e)
{
    char hash[HASH_HEX_MAX];
    struct stored_query q = corpus_info_query(o, false);
    if (stored_open(train, &q, e) ||
        put_stored(j, "corpus", o, train, false, e))
        return e->code;
    if (o->val_path[0] || train->is_prepared) {
        q = corpus_info_query(o, true);
        if (stored_open(val, &q, e) ||
            put_stored(j, "held_out", o, val, true, e))
            return e->code;
    }
    stored_identity(hash, train, val);
    json_put_text(j, "hash", hash);
    if (train->vocab)
        json_put_count(j, "vocabulary", train->vocab);
    return OK;
}

static int finish(FILE *out, struct json *j, struct err *e)
{
    if (e->code)
        json_release(j);
    else
        json_write(out, j, DIGITS, e);
    return e->code;
}

int corpus_json_print(FILE *out, const struct data_options *o, struct err *e)
{
    struct stored train = { 0 }, val = { 0 };
    struct json j = { .depth = 0 };
    json_begin_object(&j, NULL);
    put_path(&j, o, &train, &val, e);
    while (j.depth)
        json_end(&j);
    stored_close(&train);
    stored_close(&val);
    return finish(out, &j, e);
}

/* ---- what a config makes of it ----------------------------------------- */

/* A sampler, of which a run reads so many samples. */
static void put_sampler(struct json *j, const struct sampler *s, double samples)
{
    bool is_stored = s->corpus->kind->is_stored;
    json_put_text(j, "order", s->order->text.name);
    if (is_stored) {
        json_put_count(j, "training_tokens", s->train.n);
        json_put_count(j, "held_out_tokens", s->val.n);
    }
    json_put_number(j, "read_samples", samples);
    json_put_number(j, "read_tokens", samples * (double)s->T);
    if (!s->n_units) { /* endless */
        json_put_null(j, "samples");
        json_put_null(j, "epochs");
        return;
    }
    json_put_count(j, "samples", s->n_units);
    json_put_number(j, "epochs",
                    is_stored && !s->order->ends
                        ? samples * (double)s->T / (double)s->train.n
                        : samples / (double)s->n_units);
}

static int put_part(struct json *j, const struct source *s, idx i,
                    double samples, struct err *e)
{
    const struct source_part *p = &s->parts[i];
    const struct corpus *c = &p->corpus;
    const struct data_options *o = &s->mixture.parts[i];
    double share = (double)s->mixture.shares[i] / MIX_BLOCK;
    json_begin_object(j, NULL);
    json_put_text(j, "source", c->kind->text.name);
    json_put_number(j, "share", share);
    put_text_or_null(j, "hash", c->hash);
    if (c->kind->is_stored && put_stored(j, "corpus", o, &c->train, false, e))
        return e->code;
    if (c->kind->is_stored && c->val.n_pieces &&
        put_stored(j, "held_out", o, &c->val, true, e))
        return e->code;
    put_sampler(j, &p->sampler, samples * share);
    json_end(j);
    return OK;
}

static void put_token(struct json *j, const char *key, int32_t token)
{
    if (token == NO_TOKEN)
        json_put_null(j, key);
    else
        json_put_count(j, key, token);
}

static int put_session(struct json *j, const struct session *s, struct err *e)
{
    const struct source *source = &s->source;
    const struct config *c = &s->config;
    idx B, T;
    meter_shape(&B, &T, &c->model, &c->sink, 1);
    json_begin_array(j, "parts");
    for (idx i = 0; i < source->n_parts; i++)
        if (put_part(j, source, i, corpus_info_samples(c), e))
            return e->code;
    json_end(j);
    put_text_or_null(j, "hash", source->hash);
    json_put_number(j, "read_samples", corpus_info_samples(c));
    json_put_count(j, "vocabulary", source->vocab);
    put_token(j, "bos", source->bos);
    put_token(j, "eos", source->eos);
    put_token(j, "fixed", source->fixed);
    if (source->n_tiles)
        json_put_count(j, "held_out_sequences", source->n_tiles);
    else
        json_put_null(j, "held_out_sequences");
    json_put_count(j, "validation_sequences", s->n_val);
    json_put_text(j, "sink_input", input_name(c->sink.input));
    json_put_count(j, "sink_sequences", c->sink.sequences);
    json_put_count(j, "probe_sequences", c->sink.probe_sequences);
    json_put_count(j, "sink_tokens", T);
    return OK;
}

int corpus_json_print_config(FILE *out, const struct config *c, struct err *e)
{
    struct json j = { .depth = 0 };
    struct session *s = malloc(sizeof *s);
    if (!s)
        return err_memory(e, NULL);
    json_begin_object(&j, NULL);
    if (session_open_data(s, c, true, e) == OK)
        put_session(&j, s, e);
    while (j.depth)
        json_end(&j);
    session_release(s);
    free(s);
    return finish(out, &j, e);
}

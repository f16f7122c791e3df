#include "data/input.h"

#include <stdlib.h>
#include <string.h>

#include "data/corpus_unigram.h"
#include "data/stored_format.h"
#include "data/stored_open.h"

/* ---- which there are --------------------------------------------------- */

static const struct op_text of_data = {
    .name = "data",
    .formula = "held-out sequences of the corpus that the model is trained on",
}, of_random = {
    .name = "random",
    .formula = "independent uniform tokens of the corpus' vocabulary",
    .source = "arXiv 2410.10781, Table 1",
    .sinks = "what remains of a sink is of the place, not of the text",
}, of_repeat = {
    .name = "repeat",
    .formula = "one such token from the first place to the last, drawn for "
               "each sequence",
    .source = "arXiv 2410.10781, Table 1",
    .sinks = "what remains of a sink is of the place alone: all tokens are the "
             "same",
}, of_file = {
    .name = "file",
    .formula = "the tokens of sink.path, sequence after sequence from its "
               "beginning on; of a prepared folder those held out",
}, of_copy = {
    .name = "copy",
    .formula = "a block of such random tokens that is half as long as a "
               "sequence, and the same block again",
    .source = "arXiv 2209.11895, repeated random tokens",
    .sinks = "induction heads show in the second half, whatever text a model "
             "has learned",
}, of_unigram = {
    .name = "unigram",
    .formula = "independent tokens, each as frequent as in what the corpus "
               "holds out",
    .sinks = "as of random; hardly any is lost for tokens that its data hardly "
             "have",
};

/* The order is that of the values in stored configs: new ones at the end. */
const struct op_text *const input_texts[] = { &of_data, &of_random, &of_repeat,
                                              &of_file, &of_copy,   &of_unigram,
                                              NULL };

const char *input_name(int i)
{
    return op_text_name(input_texts, i);
}

/* ---- a file ------------------------------------------------------------ */

static bool has_kind(const struct source *s, const char *name)
{
    for (idx i = 0; i < s->n_parts; i++)
        if (!strcmp(s->parts[i].corpus.kind->text.name, name))
            return true;
    return false;
}

/* As the training corpus is stored; where its tokens are bytes, whatever does
 * not look like token files is a text. */
static const struct stored_format *format_of(const struct source *of,
                                             const struct stored_query *q)
{
    const struct stored_format *given = stored_formats[of->options.format];
    bool is_text = has_kind(of, "text") || of->n_plain == 256;
    if (has_kind(of, "tokens") && given->add)
        return given;
    return is_text && !stored_is_tokens(q) ? &stored_text : stored_formats[0];
}

static int check_hash(const struct corpus *c, const struct input_query *q,
                      struct err *e)
{
    if (!q->hash[0] || !strcmp(q->hash, c->hash))
        return OK;
    return err_set(e, ERR_DATA,
                   "sink.path %s: not the tokens that sink.hash names (they "
                   "hash to %s, want %s): give the file that was measured on "
                   "before",
                   q->path, c->hash, q->hash);
}

/* All of it; of a prepared folder the held-out part, if there is one: its other
 * part may be what a model was trained on. */
static int open_tokens(struct stored *s, struct stored_query *q, struct err *e)
{
    if (stored_open(s, q, e) || !s->is_prepared)
        return e->code;
    stored_close(s);
    q->part = STORED_VAL;
    return stored_open(s, q, e);
}

static int check_vocab(const struct corpus *c, const struct input_query *q,
                       struct err *e)
{
    if (c->train.max_token < c->n_plain)
        return OK;
    return err_set(e, ERR_DATA,
                   "sink.path %s: has token %td, but the tokens that the model "
                   "knows end at %td: give tokens of its vocabulary",
                   q->path, c->train.max_token, c->n_plain - 1);
}

static int open_file(struct source_part *p, const struct source *of,
                     const struct input_query *q, struct err *e)
{
    struct corpus *c = &p->corpus;
    struct stored_query file = { .key = "sink.path",
                                 .path = q->path,
                                 .token_bytes = of->options.token_bytes };
    if (!q->path[0])
        return err_set(e, ERR_DATA,
                       "[sink] path is empty: input = file needs sink.path="
                       "FILE");
    file.format = format_of(of, &file);
    if (open_tokens(&c->train, &file, e) || check_vocab(c, q, e))
        return e->code;
    stored_identity(c->hash, &c->train, &(const struct stored){ 0 });
    p->sampler.val = stream_open(&c->train, NO_TOKEN, of->eos);
    return check_hash(c, q, e);
}

/* ---- frequencies ------------------------------------------------------- */

/* So many, rounded up to sequences, are read in some hundredths of a second;
 * they have 20 of each of 50,000 tokens on average. */
enum { COUNTED_TOKENS = 1 << 20 };

/* The sequences that the data would be measured on, each once, as far as they
 * are the corpus' own; of a mixture in its shares. Returns the sum. */
static idx count_tokens(idx *counts, struct source *data, idx n)
{
    idx sum = 0, sequences = idx_ceil_div(COUNTED_TOKENS, n);
    idx found = sampler_sinks(&data->parts->sampler, n, false);
    if (data->n_parts == 1 && found > 0)
        sequences = idx_min(sequences, found);
    for (idx i = 0; i < sequences; i++) {
        const struct row *r = source_row(data, n, SPLIT_SINK, i);
        for (idx t = 0; t < r->used; t++)
            if (r->tokens[t] < data->n_plain && r->tokens[t] != data->bos) {
                counts[r->tokens[t]]++;
                sum++;
            }
    }
    return sum;
}

static int open_unigram(struct source_part *p, const struct source *of,
                        const struct input_query *q, struct err *e)
{
    struct source data = *of; /* whose row is filled */
    idx *counts = calloc((size_t)of->n_plain, sizeof *counts);
    if (!counts)
        return err_memory(e, NULL);
    data.styles[SPLIT_SINK] = (struct source_style){ false, false };
    if (count_tokens(counts, &data, q->tokens) > 0)
        corpus_unigram_open(&p->corpus, counts, of->n_plain, e);
    else
        err_set(e, ERR_DATA,
                "sink.input = unigram: what is held out has no token but that "
                "of data.bos_token = %td: want another bos_token, or input = "
                "random",
                of->options.bos_token);
    free(counts);
    return e->code;
}

/* ---- opening ----------------------------------------------------------- */

static int open_part(struct source_part *p, const struct source *of,
                     const struct input_query *q, struct err *e)
{
    struct data_options o = of->options;
    p->sampler = (struct sampler){ .order = &order_sequential,
                                   .corpus = &p->corpus,
                                   .seed = of->seed,
                                   .eval_seed = (uint64_t)o.eval_seed,
                                   .T = of->n_sample - 1,
                                   .bos = of->bos,
                                   .eos = of->eos };
    if (q->kind == INPUT_UNIGRAM)
        return open_unigram(p, of, q, e);
    const char *kind = q->kind == INPUT_FILE ? "tokens" : input_name(q->kind);
    p->corpus =
        (struct corpus){ .kind = corpora[corpus_find(kind, strlen(kind))],
                         .n_plain = of->n_plain };
    o.vocab = of->n_plain;
    o.copy_length = idx_max(1, q->tokens / 2);
    return q->kind == INPUT_FILE ? open_file(p, of, q, e)
                                 : p->corpus.kind->open(&p->corpus, &o, e);
}

int input_open(struct source *s, const struct source *of,
               const struct input_query *q, struct err *e)
{
    BUG_ON(q->kind == INPUT_DATA);
    *s = (struct source){ .options = of->options,
                          .seed = of->seed,
                          .vocab = of->vocab,
                          .n_plain = of->n_plain,
                          .bos = of->bos,
                          .eos = of->eos,
                          .fixed = of->fixed,
                          .n_sample = of->n_sample,
                          .mixture = { .n = 1 } };
    memcpy(s->styles, of->styles, sizeof s->styles);
    s->parts = calloc(1, sizeof *s->parts);
    if (!s->parts)
        return err_memory(e, NULL);
    s->n_parts = 1;
    if (open_part(s->parts, of, q, e))
        return e->code;
    strcpy(s->hash, s->parts->corpus.hash);
    return source_plan_row(s, e);
}

/* Which tokens make which sample: orders, amounts, documents, mixtures. Corpora
 * are shards in which the token at place i is i, so that a sample tells where
 * it lies. */
#include "data/source.h"
#include "harness.h"
#include "token_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/permute.h"

enum { T = 8, SAMPLES = 10000 };

static int row_of(const char *(*name)(int), const char *wanted)
{
    int i = 0;
    while (strcmp(name(i), wanted) != 0)
        i++;
    return i;
}

static struct data_options options_of(const char *source, const char *order)
{
    struct data_options o = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    o.source = row_of(corpus_name, source);
    o.order = row_of(order_name, order);
    o.val_fraction = 0.25;
    o.bos = false;
    o.token_bytes = 2;
    o.vocab = 1000;
    return o;
}

static void write_ramp(const char *path, int first, int n)
{
    static uint16_t tokens[1000];
    for (int i = 0; i < n; i++)
        tokens[i] = (uint16_t)(first + i);
    test_write_file(path, tokens, (size_t)n * sizeof *tokens);
}

/* A ramp of n tokens in two shards, so that windows lie over their border. */
static struct data_options shards(const char *order, int n)
{
    struct data_options o = options_of("tokens", order);
    char path[1100];
    snprintf(o.path, sizeof o.path, "%s/ramp%d", test_dir(), n);
    mkdir(o.path, 0700);
    snprintf(path, sizeof path, "%s/a.bin", o.path);
    write_ramp(path, 0, n / 3);
    snprintf(path, sizeof path, "%s/b.bin", o.path);
    write_ramp(path, n / 3, n - n / 3);
    return o;
}

static void open_source(struct source *s, const struct data_options *o,
                        uint64_t seed)
{
    struct err e = { 0 };
    if (source_open(s, o, seed, T, &e))
        fail_msg("%s", e.text);
}

/* ---- epochs ------------------------------------------------------------ */

/* Over 10,000 samples: whole windows at multiples of T, each once an epoch, in
 * another order in each. */
static void check_epochs(bool bos)
{
    struct source s;
    struct data_options o = shards("epochs", 800); /* 600 for training */
    o.bos = bos;
    open_source(&s, &o, 5);
    idx n = bos ? 600 / T : 599 / T, repeats = 0, epochs = SAMPLES / n;
    int32_t *first = calloc((size_t)(n * epochs), sizeof *first);
    for (idx epoch = 0; epoch < epochs; epoch++) {
        bool seen[600 / T + 1] = { false };
        for (idx i = 0; i < n; i++) {
            const struct row *r =
                source_row(&s, T + 1, SPLIT_TRAIN, epoch * n + i);
            idx at = bos, start = r->tokens[at];
            assert_int_equal(start % T, 0);
            assert_false(seen[start / T]);
            seen[start / T] = true;
            for (idx t = at; t <= T; t++) {
                assert_int_equal(r->tokens[t], start + t - at);
                assert_int_equal(r->offsets[t], start + t - at);
                assert_true(r->weights[t] == 1);
            }
            assert_true(start + T - bos < 600);
            first[epoch * n + i] = (int32_t)start;
            repeats += epoch && first[(epoch - 1) * n + i] == start;
        }
        for (idx i = 0; i < n; i++)
            assert_true(seen[i]);
    }
    /* one in n by chance: about 10000 / n */
    assert_true(repeats < 2 * SAMPLES / n);
    free(first);
    source_release(&s);
}

static void test_epochs__have_every_window_once(void **state)
{
    (void)state;
    check_epochs(false);
    check_epochs(true);
}

static void test_epochs__seed_decides_the_order_alone(void **state)
{
    (void)state;
    struct source a, b;
    struct data_options o = shards("epochs", 800);
    open_source(&a, &o, 1);
    open_source(&b, &o, 2);
    idx sum[2] = { 0 }, same = 0;
    for (idx i = 0; i < 74; i++) {
        idx x = source_row(&a, T + 1, SPLIT_TRAIN, i)->tokens[0];
        idx y = source_row(&b, T + 1, SPLIT_TRAIN, i)->tokens[0];
        sum[0] += x;
        sum[1] += y;
        same += x == y;
    }
    assert_int_equal(sum[0], sum[1]);
    assert_true(same < 10);
    source_release(&a);
    source_release(&b);
}

/* ---- amount ------------------------------------------------------------ */

/* Which tokens 10,000 samples read. */
static idx tokens_read(bool read[1000], const struct data_options *o)
{
    struct source s;
    idx n = 0;
    memset(read, 0, 1000 * sizeof *read);
    open_source(&s, o, 3);
    for (idx i = 0; i < SAMPLES; i++) {
        const struct row *r = source_row(&s, T + 1, SPLIT_TRAIN, i);
        for (idx t = 0; t <= T; t++) {
            n += !read[r->tokens[t]];
            read[r->tokens[t]] = true;
        }
    }
    source_release(&s);
    return n;
}

static void test_unique_tokens__cut_training_and_nest(void **state)
{
    (void)state;
    static const char *const names[] = { "windows", "epochs" };
    for (int k = 0; k < COUNT_OF(names); k++) {
        struct data_options o = shards(names[k], 800);
        bool some[1000], more[1000];
        o.unique_tokens = 105;
        /* whole windows end at 104, with their last target */
        assert_int_equal(tokens_read(some, &o), k ? 105 : 105);
        o.unique_tokens = 233;
        tokens_read(more, &o);
        for (idx i = 0; i < 1000; i++) {
            assert_true(!some[i] || more[i]);
            assert_true(!some[i] || i < 105);
            assert_true(!more[i] || i < 233);
        }
    }
}

static void test_unique_tokens__leave_what_is_held_out(void **state)
{
    (void)state;
    struct source all, some;
    struct data_options o = shards("windows", 800);
    open_source(&all, &o, 1);
    o.unique_tokens = 105;
    open_source(&some, &o, 1);
    for (idx i = 0; i < 30; i++) {
        int32_t x[T + 1], y[T + 1];
        source_sample(&all, x, T + 1, SPLIT_VAL, i);
        source_sample(&some, y, T + 1, SPLIT_VAL, i);
        assert_memory_equal(x, y, sizeof x);
    }
    source_release(&all);
    source_release(&some);
}

/* Of a generator, so many of its samples, the same for every seed. */
static void test_unique_tokens__number_the_samples_of_a_generator(void **state)
{
    (void)state;
    static const char *const names[] = { "windows", "epochs" };
    enum { N = 5 };
    for (int k = 0; k < COUNT_OF(names); k++) {
        struct data_options o = options_of("random", names[k]);
        int32_t known[2 * N][T + 1];
        idx n = 0;
        o.unique_tokens = N * T;
        for (uint64_t seed = 1; seed <= 2; seed++) {
            struct source s;
            open_source(&s, &o, seed);
            for (idx i = 0; i < 200; i++) {
                const struct row *r = source_row(&s, T + 1, SPLIT_TRAIN, i);
                idx j = 0;
                while (j < n && memcmp(known[j], r->tokens, sizeof known[j]))
                    j++;
                assert_true(j < N);
                if (j == n)
                    memcpy(known[n++], r->tokens, sizeof known[j]);
                if (k && i < N && seed == 1)
                    assert_int_equal(n, i + 1); /* no sample twice so far */
            }
            source_release(&s);
        }
        assert_int_equal(n, N);
    }
}

/* ---- documents --------------------------------------------------------- */

enum { DOCUMENTS = 7 };
static const int lengths[DOCUMENTS] = { 3, 20, 1, 9, 8, 14, 30 };

/* A folder of texts whose bytes count on from one to the next. */
static struct data_options texts(const char *order, double val_fraction)
{
    struct data_options o = options_of("text", order);
    unsigned char bytes[256];
    int first = 0;
    snprintf(o.path, sizeof o.path, "%s/texts", test_dir());
    mkdir(o.path, 0700);
    for (int d = 0; d < DOCUMENTS; d++) {
        char path[1100];
        snprintf(path, sizeof path, "%s/%d", o.path, d);
        for (int i = 0; i < lengths[d]; i++)
            bytes[i] = (unsigned char)(first + i);
        test_write_file(path, bytes, (size_t)lengths[d]);
        first += lengths[d];
    }
    o.val_fraction = val_fraction;
    return o;
}

static int start_of(int document)
{
    int start = 0;
    for (int d = 0; d < document; d++)
        start += lengths[d];
    return start;
}

/* A document a row: from its beginning, BOS in front and EOS behind, padding
 * that counts nothing; each once an epoch. */
static void check_document(const struct row *r, const struct source *s, int d)
{
    int used = lengths[d], front = s->bos != NO_TOKEN;
    if (front)
        assert_int_equal(r->tokens[0], s->bos);
    for (int t = front; t <= T; t++) {
        int i = t - front;
        bool is_end = i == used && s->eos != NO_TOKEN;
        assert_true(r->weights[t] == (i < used || is_end));
        if (i < used) {
            assert_int_equal(r->tokens[t], start_of(d) + i);
            assert_int_equal(r->offsets[t], start_of(d) + i);
            assert_int_equal(r->documents[t], 0);
        } else if (is_end) {
            assert_int_equal(r->tokens[t], s->eos);
            assert_int_equal(r->documents[t], 0);
        } else {
            assert_int_equal(r->documents[t],
                             used + front + (s->eos != NO_TOKEN));
        }
    }
}

static void test_documents__one_a_row_each_once_an_epoch(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct source s;
        /* 85 tokens, the last 30 held out: one document */
        struct data_options o = texts("documents", 30.5 / 85);
        o.bos = k & 1;
        o.eos = k & 2;
        open_source(&s, &o, 1);
        for (idx epoch = 0; epoch < SAMPLES / 6; epoch++) {
            idx seen = 0;
            for (idx i = 0; i < 6; i++) {
                const struct row *r =
                    source_row(&s, T + 1, SPLIT_TRAIN, epoch * 6 + i);
                int d = (int)r->unit;
                seen |= 1 << d;
                check_document(r, &s, d);
            }
            assert_int_equal(seen, 0x3f);
        }
        check_document(source_row(&s, T + 1, SPLIT_VAL, 0), &s, 6);
        assert_int_equal(source_plan_validation(&s, 1000), 1);
        source_release(&s);
    }
}

/* Where documents begin is part of what the corpus is, if it is asked for. */
static void test_hash__tells_borders_of_documents(void **state)
{
    (void)state;
    char hashes[4][HASH_HEX_MAX], path[1100];
    for (int moved = 0; moved <= 1; moved++) {
        for (int eos = 0; eos <= 1; eos++) {
            struct source s;
            struct data_options o = texts("windows", 0.3);
            unsigned char bytes[23];
            for (int i = 0; i < COUNT_OF(bytes); i++)
                bytes[i] = (unsigned char)i;
            if (moved) { /* the first of one file to the end of that before */
                snprintf(path, sizeof path, "%s/0", o.path);
                test_write_file(path, bytes, 4);
                snprintf(path, sizeof path, "%s/1", o.path);
                test_write_file(path, bytes + 4, 19);
            }
            o.eos = eos;
            open_source(&s, &o, 1);
            strcpy(hashes[2 * moved + eos], s.hash);
            source_release(&s);
        }
    }
    assert_string_not_equal(hashes[0], hashes[2]);
    assert_string_not_equal(hashes[1], hashes[3]);
    assert_string_equal(hashes[0], hashes[1]);
    /* a run that knows the bytes alone, as older versions did */
    struct source s;
    struct err e = { 0 };
    struct data_options o = texts("windows", 0.3);
    open_source(&s, &o, 1);
    strcpy(o.hash, s.parts[0].corpus.train.hash);
    assert_string_not_equal(o.hash, s.hash);
    source_release(&s);
    open_source(&s, &o, 1);
    assert_string_equal(o.hash, s.hash);
    source_release(&s);
    o.eos = true;
    assert_int_equal(source_open(&s, &o, 1, T, &e), ERR_DATA);
    source_release(&s);
}

/* The stream written out. */
static int write_packed(int32_t *tokens, int32_t *starts, int32_t bos,
                        int32_t eos)
{
    int n = 0;
    for (int d = 0; d < DOCUMENTS; d++) {
        int start = n;
        if (bos != NO_TOKEN)
            tokens[n++] = bos;
        for (int i = 0; i < lengths[d]; i++)
            tokens[n++] = start_of(d) + i;
        if (eos != NO_TOKEN && d < DOCUMENTS - 1)
            tokens[n++] = eos;
        for (int i = start; i < n; i++)
            starts[i] = start;
    }
    return n;
}

static void test_packed__documents_lie_end_to_end(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct source s;
        int32_t tokens[200], starts[200];
        struct data_options o = texts("packed", 0.3);
        o.bos = k & 1;
        o.eos = k & 2;
        open_source(&s, &o, 1);
        int n = write_packed(tokens, starts, s.bos, s.eos);
        idx n_train = n - (idx)(0.3 * n), windows = (n_train - 1) / T;
        assert_int_equal(s.parts[0].sampler.n_units, windows);
        for (idx epoch = 0; epoch < SAMPLES / windows; epoch++) {
            bool seen[20] = { false };
            for (idx i = 0; i < windows; i++) {
                const struct row *r =
                    source_row(&s, T + 1, SPLIT_TRAIN, epoch * windows + i);
                idx from = (idx)r->unit * T;
                assert_false(seen[r->unit]);
                seen[r->unit] = true;
                for (idx t = 0; t <= T; t++) {
                    assert_int_equal(r->tokens[t], tokens[from + t]);
                    assert_int_equal(r->documents[t],
                                     idx_max(0, starts[from + t] - from));
                }
            }
        }
        const struct row *val = source_row(&s, T + 1, SPLIT_VAL, 0);
        for (idx t = 0; t <= T; t++)
            assert_int_equal(val->tokens[t],
                             tokens[n_train + (idx)val->unit + t]);
        source_release(&s);
    }
}

/* What a part holds of a document that goes on behind it, and no more: no EOS
 * either, for it does not end there. */
static void test_documents__end_with_their_part(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        /* tokens 0 .. 25 for training: document 3 has 24, 25 of 24 .. 32 */
        struct data_options o = texts("documents", k ? 59.5 / 85 : 0.5);
        struct source s;
        o.unique_tokens = k ? 0 : 26;
        o.eos = true;
        open_source(&s, &o, 1);
        assert_int_equal(s.parts[0].sampler.n_units, 4);
        for (idx i = 0; i < 4; i++) {
            const struct row *r = source_row(&s, T + 1, SPLIT_TRAIN, i);
            if (r->unit != 3)
                continue;
            assert_int_equal(r->used, 2);
            assert_int_equal(r->tokens[1], 25);
            assert_true(r->weights[1] == 1 && r->weights[2] == 0);
        }
        source_release(&s);
    }
}

/* The definition: sample i is number i mod R of those of n tokens, in the order
 * in which sinks take held-out documents; any, if there is none. */
static idx long_by_definition(const struct data_options *o, const idx *sizes,
                              idx first, idx Q, idx n, idx i)
{
    idx fits[8], R = 0;
    for (idx j = 0; j < Q; j++) {
        idx d = first + permute((uint64_t)o->eval_seed, Q, Q - 1 - j);
        if (sizes[d] >= n)
            fits[R++] = d;
    }
    return R ? fits[i % R]
             : first + permute((uint64_t)o->eval_seed, Q, Q - 1 - i % Q);
}

static void test_documents__sinks_come_in_their_order(void **state)
{
    (void)state;
    static const idx asked[] = { 8, 9, 1, 9, 8, 4 };
    struct data_options o = texts("documents", 1 - 1.5 / 85);
    struct source s;
    open_source(&s, &o, 1);
    const struct sampler *p = &s.parts[0].sampler;
    const idx *starts = s.parts[0].corpus.train.documents;
    idx Q = p->n_tiles, sizes[8];
    assert_in_range(Q, 5, 8);
    for (idx d = 0; d < p->first_document + Q; d++)
        sizes[d] = starts[d + 1] - starts[d];
    for (int k = 0; k < COUNT_OF(asked); k++)
        for (idx i = 0; i < 20; i++)
            assert_int_equal(source_row(&s, asked[k], SPLIT_SINK, i)->unit,
                             long_by_definition(&o, sizes, p->first_document, Q,
                                                asked[k], i));
    source_release(&s);
}

/* Sinks are measured on documents that fill the row: 1, 3, 5 and 6 of these
 * have 9 tokens, and 4 has 8 of them. */
static void test_documents__sinks_see_no_padding(void **state)
{
    (void)state;
    static const struct {
        idx n, several, seen;
        bool bos;
    } cases[] = {
        { 8, 4, 0x78, false },
        { 7, 4, 0x78, false },
        { 8, 4, 0x78, true },
    };
    for (int k = 0; k < COUNT_OF(cases); k++) {
        struct data_options o = texts("documents", 62.5 / 85);
        struct source s;
        idx seen = 0;
        o.bos = cases[k].bos;
        o.eos = true;
        open_source(&s, &o, 1); /* 3 .. 6 held out */
        assert_int_equal(sampler_sinks(&s.parts[0].sampler, cases[k].n, o.bos),
                         cases[k].several);
        for (idx i = 0; i < 2 * cases[k].several; i++) {
            const struct row *r = source_row(&s, cases[k].n, SPLIT_SINK, i);
            assert_int_equal(r->used, cases[k].n);
            seen |= 1 << r->unit;
        }
        assert_int_equal(seen, cases[k].seen);
        source_release(&s);
    }
    /* 8 tokens behind BOS have all of them; of 9 document 4 is too short */
    struct data_options o = texts("documents", 62.5 / 85);
    struct source s;
    idx seen = 0;
    open_source(&s, &o, 1);
    assert_int_equal(sampler_sinks(&s.parts[0].sampler, 9, false), 3);
    for (idx i = 0; i < 7; i++)
        seen |= 1 << source_row(&s, 9, SPLIT_SINK, i)->unit;
    assert_int_equal(seen, 0x68);
    assert_int_equal(sampler_sinks(&s.parts[0].sampler, 31, false), 0);
    source_release(&s);
}

/* As many documents as have so many targets. */
static void test_documents__validation_counts_targets(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct data_options o = texts("documents", 84.5 / 85);
        struct source s;
        o.bos = k & 1;
        o.eos = k & 2;
        open_source(&s, &o, 1); /* 1 .. 6 held out */
        idx all = source_plan_validation(&s, 1000), had = 0;
        assert_int_equal(all, DOCUMENTS - 1);
        for (idx n = 1; n < all; n++) {
            idx targets = 0;
            while (source_plan_validation(&s, had + 1) == n)
                had++;
            source_plan_validation(&s, had); /* in a drawn order */
            for (idx i = 0; i < n; i++) {
                const struct row *r = source_row(&s, T + 1, SPLIT_VAL, i);
                for (idx t = 1; t <= T; t++)
                    targets += r->weights[t] != 0;
            }
            assert_int_equal(had, targets);
        }
        source_release(&s);
    }
}

/* ---- held out ---------------------------------------------------------- */

/* Which places of a corpus a split reads, by 200 samples of it. */
static idx places_read(bool read[2][1000], struct source *s, enum split split)
{
    idx n = 0;
    memset(read, 0, 2 * sizeof *read);
    for (idx i = 0; i < 200; i++) {
        idx length = split == SPLIT_SINK ? T / 2 : T + 1;
        const struct row *r = source_row(s, length, split, i);
        for (idx t = 0; t < length; t++)
            if (r->offsets[t] != NO_OFFSET)
                n += !read[r->part][r->offsets[t]],
                    read[r->part][r->offsets[t]] = true;
    }
    return n;
}

/* Whatever the order, what stands between documents, the amount and the edits:
 * a place that is held out is never read in training. */
static void test_splits__share_no_token_of_the_corpus(void **state)
{
    (void)state;
    for (int i = 0; order_name(i); i++)
        for (int k = 0; k < 32; k++) {
            struct data_options o = texts(order_name(i), 0.6 - 0.1 * (k & 1));
            bool train[2][1000], other[2][1000];
            struct source s;
            o.bos = k & 1;
            o.eos = k & 2;
            o.shuffle = k & 4;
            o.unique_tokens = k & 8 ? 29 : 0;
            if (k & 4) {
                o.random_positions = (struct key_list){ 2, { 1, 3 } };
                o.fixed_position = 2;
            }
            if (k & 16) {
                struct data_options part = o;
                o.source = row_of(corpus_name, "mixture");
                snprintf(o.mixture, sizeof o.mixture,
                         "1*text:%.400s, 2*text:%.400s", part.path, part.path);
            }
            open_source(&s, &o, 3);
            assert_true(places_read(train, &s, SPLIT_TRAIN) > T / 2);
            for (int split = SPLIT_VAL; split <= SPLIT_SINK; split++) {
                assert_true(places_read(other, &s, split) > 0);
                for (int p = 0; p < 2; p++)
                    for (int at = 0; at < 1000; at++)
                        assert_false(train[p][at] && other[p][at]);
            }
            source_release(&s);
        }
}

/* ---- mixtures ---------------------------------------------------------- */

static void
test_mixture__each_part_gives_its_share_and_leaves_out_none(void **state)
{
    (void)state;
    struct mixture m;
    struct mixture_block block = { 0 };
    struct err e = { 0 };
    struct data_options o = options_of("mixture", "windows");
    snprintf(o.mixture, sizeof o.mixture, "%s",
             " 2 * random , 0.5* bigram-backcopy,0.4995*random");
    assert_int_equal(mixture_parse(&m, &o, &e), OK);
    assert_int_equal(m.n, 3);
    idx next[3] = { 0 }, last = 0, order = 0;
    for (idx i = 0; i < SAMPLES; i++) {
        idx own, part = mixture_pick(&block, &m, 9, i, &own);
        assert_int_equal(own, next[part]); /* the next of its part */
        next[part]++;
        if ((i + 1) % MIX_BLOCK == 0)
            for (int p = 0; p < 3; p++)
                assert_int_equal(next[p], (i + 1) / MIX_BLOCK * m.shares[p]);
        order += part != (i > 0 ? last : part);
        last = part;
    }
    assert_true(order > SAMPLES / 3);          /* they take turns */
    for (idx i = SAMPLES - 1; i > 0; i /= 2) { /* whoever asked before */
        struct mixture_block fresh = { 0 };
        idx own, other;
        mixture_pick(&block, &m, 8, i, &other);
        idx part = mixture_pick(&block, &m, 9, i, &own);
        assert_int_equal(mixture_pick(&fresh, &m, 9, i, &other), part);
        assert_int_equal(own, other);
    }
    assert_int_equal(m.shares[0], 667);
    assert_int_equal(m.shares[0] + m.shares[1] + m.shares[2], MIX_BLOCK);
}

static void test_mixture__samples_are_those_of_its_parts(void **state)
{
    (void)state;
    struct source mixed, ramp;
    struct mixture_block block = { 0 };
    struct data_options one = shards("epochs", 800);
    struct data_options o = options_of("mixture", "epochs");
    snprintf(o.mixture, sizeof o.mixture, "3*tokens:%.400s, 1*tokens:%.400s",
             one.path, shards("epochs", 600).path);
    open_source(&mixed, &o, 4);
    open_source(&ramp, &one, 4);
    for (idx i = 0; i < 2000; i++) {
        int32_t want[T + 1];
        idx own, part = mixture_pick(&block, &mixed.mixture, 4, i, &own);
        const struct row *r = source_row(&mixed, T + 1, SPLIT_TRAIN, i);
        assert_int_equal(r->part, part);
        source_sample(&ramp, want, T + 1, SPLIT_TRAIN, own);
        if (part == 0)
            assert_memory_equal(r->tokens, want, sizeof want);
    }
    source_release(&mixed);
    source_release(&ramp);
}

/* A validation of a mixture reads no window of a part twice: it ends where the
 * first of them has none left. */
static void test_mixture__validation_reads_nothing_twice(void **state)
{
    (void)state;
    for (idx seed = 1; seed <= 5; seed++) {
        struct data_options o = options_of("mixture", "windows");
        struct source s;
        bool seen[3][1000] = { { false } };
        snprintf(o.mixture, sizeof o.mixture,
                 "3*tokens:%.400s, 1*tokens:%.400s, 1*random",
                 shards("windows", 600).path, shards("windows", 800).path);
        o.eval_seed = seed;
        open_source(&s, &o, 1);
        idx n = source_plan_validation(&s, 1000000), counts[3] = { 0 };
        for (idx i = 0; i <= n; i++) {
            const struct row *r = source_row(&s, T + 1, SPLIT_VAL, i);
            counts[r->part]++;
            if (r->offsets[0] == NO_OFFSET)
                continue;
            assert_int_equal(seen[r->part][r->unit], i == n);
            seen[r->part][r->unit] = true;
        }
        assert_int_equal(counts[0], 149 / T + 1 + 1); /* it ended the others */
        assert_true(counts[1] > 0 && counts[1] < 199 / T + 1 && counts[2] > 0);
        assert_int_equal(source_plan_validation(&s, 5 * T + 1), 6);
        source_release(&s);
    }
}

static void test_mixture__names_the_kinds_of_its_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has_text, has_random;
    } cases[] = {
        { "1*text:a", true, false },
        { " 0.5 * text:random , 2*bigram-backcopy", true, false },
        { "1*tokens:text,2*random", false, true },
        { "1*text, 1*random", true, true }, /* its path is forgotten */
        { "1*copy", false, false },
        { "", true, true },
        { "1*copy,1*rand", true, true }, /* what it means comes to light */
        { "1*copy,", true, true },
        { ",,1*copy", true, true },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        struct data_options o = options_of("mixture", "windows");
        snprintf(o.mixture, sizeof o.mixture, "%s", cases[i].text);
        assert_int_equal(
            mixture_names(&o, corpora[row_of(corpus_name, "text")]),
            cases[i].has_text);
        assert_int_equal(
            mixture_names(&o, corpora[row_of(corpus_name, "random")]),
            cases[i].has_random);
    }
}

static void test_mixture__parts_of_one_law_draw_other_samples(void **state)
{
    (void)state;
    struct source s;
    struct data_options o = options_of("mixture", "windows");
    int32_t first[2][T + 1];
    bool seen[2] = { false };
    static struct mixture_block block;
    snprintf(o.mixture, sizeof o.mixture, "1*random, 1*random");
    open_source(&s, &o, 1);
    for (idx i = 0; i < MIX_BLOCK; i++) { /* own sample number 0 of each */
        idx own, part = mixture_pick(&block, &s.mixture, 1, i, &own);
        if (own == 0) {
            source_sample(&s, first[part], T + 1, SPLIT_TRAIN, i);
            seen[part] = true;
        }
    }
    assert_true(seen[0] && seen[1]);
    assert_memory_not_equal(first[0], first[1], sizeof first[0]);
    source_release(&s);
}

/* Behind a comma as behind a colon: no part of a path. */
static void test_mixture__blanks_are_no_part_of_paths(void **state)
{
    (void)state;
    struct mixture m;
    struct source s;
    struct err e = { 0 };
    struct data_options o = options_of("mixture", "windows");
    snprintf(o.mixture, sizeof o.mixture, "1*text: no file , 1 * tokens:\tb");
    assert_int_equal(mixture_parse(&m, &o, &e), OK);
    assert_string_equal(m.parts[0].path, "no file");
    assert_string_equal(m.parts[1].path, "b");
    assert_int_equal(source_open(&s, &o, 1, T, &e), ERR_DATA);
    assert_non_null(strstr(e.text, "data.mixture no file: "));
    source_release(&s);
    e = (struct err){ 0 };
    snprintf(o.mixture, sizeof o.mixture, "1*text: , 1*random");
    assert_int_equal(mixture_parse(&m, &o, &e), ERR_DATA);
}

static void test_mixture__refuses_what_makes_no_sense(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        { "", "empty" },
        { "random", "weight" },
        { "1 random", "weight" },
        { "-1*random", "weight" },
        { "0*random", "weight" },
        { "nan*random", "weight" },
        { "1*random,", "weight" },
        { "1*nothing", "no source" },
        { "1*mixture", "no source" },
        { "1*random:path", "no path" },
        { "1*text", "a path" },
        { "1*text:", "a path" },
        { "1*random, 1e-9*random", "less than" },
        { "1e308*random, 1e308*random", "no number" },
    };
    for (int i = 0; i < COUNT_OF(texts); i++) {
        struct data_options o = options_of("mixture", "windows");
        struct source s;
        struct err e = { 0 };
        snprintf(o.mixture, sizeof o.mixture, "%s", texts[i][0]);
        assert_int_equal(source_open(&s, &o, 1, T, &e), ERR_DATA);
        if (!strstr(e.text, texts[i][1]))
            fail_msg("'%s': %s", texts[i][0], e.text);
        source_release(&s);
    }
}

/* ---- refusals ---------------------------------------------------------- */

static void test_order__refuses_what_it_cannot_read(void **state)
{
    (void)state;
    static const struct {
        const char *source, *order, *words;
        idx unique;
    } cases[] = {
        { "random", "documents", "no documents", 0 },
        { "random", "packed", "no documents", 100 },
        { "random", "epochs", "never ends", 0 },
        { "tokens", "documents", "where documents begin", 0 },
        { "tokens", "packed", "where documents begin", 0 },
        { "tokens", "windows", "unique_tokens = 8", T },
        { "tokens", "windows", "600 tokens", 601 },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        struct data_options o = shards(cases[i].order, 800);
        struct source s;
        struct err e = { 0 };
        o.source = row_of(corpus_name, cases[i].source);
        o.unique_tokens = cases[i].unique;
        assert_int_equal(source_open(&s, &o, 1, T, &e), ERR_DATA);
        if (!strstr(e.text, cases[i].words))
            fail_msg("%s", e.text);
        source_release(&s);
    }
}

/* A held-out part of another format that knows no documents. */
static void test_documents__must_be_known_of_the_held_out_part(void **state)
{
    (void)state;
    struct data_options o = options_of("tokens", "documents");
    struct source s;
    struct err e = { 0 };
    struct bytes plain = llmc_bytes(0, 300, 2);
    save_megatron("documents", 0, 2, (const idx[]){ 50, 60, -1 },
                  (const idx[]){ 0, 1, -1 });
    o.token_bytes = 0;
    snprintf(o.path, sizeof o.path, "%s", test_path("documents.bin"));
    snprintf(o.val_path, sizeof o.val_path, "%s",
             bytes_save("plain.bin", &plain));
    assert_int_equal(source_open(&s, &o, 1, T, &e), ERR_DATA);
    assert_non_null(strstr(e.text, "data.val_path"));
    source_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents__end_with_their_part),
        cmocka_unit_test(test_documents__sinks_come_in_their_order),
        cmocka_unit_test(test_documents__sinks_see_no_padding),
        cmocka_unit_test(test_documents__validation_counts_targets),
        cmocka_unit_test(test_documents__must_be_known_of_the_held_out_part),
        cmocka_unit_test(test_splits__share_no_token_of_the_corpus),
        cmocka_unit_test(test_mixture__validation_reads_nothing_twice),
        cmocka_unit_test(test_epochs__have_every_window_once),
        cmocka_unit_test(test_epochs__seed_decides_the_order_alone),
        cmocka_unit_test(test_unique_tokens__cut_training_and_nest),
        cmocka_unit_test(test_unique_tokens__leave_what_is_held_out),
        cmocka_unit_test(test_unique_tokens__number_the_samples_of_a_generator),
        cmocka_unit_test(test_documents__one_a_row_each_once_an_epoch),
        cmocka_unit_test(test_hash__tells_borders_of_documents),
        cmocka_unit_test(test_packed__documents_lie_end_to_end),
        cmocka_unit_test(
            test_mixture__each_part_gives_its_share_and_leaves_out_none),
        cmocka_unit_test(test_mixture__samples_are_those_of_its_parts),
        cmocka_unit_test(test_mixture__names_the_kinds_of_its_parts),
        cmocka_unit_test(test_mixture__parts_of_one_law_draw_other_samples),
        cmocka_unit_test(test_mixture__blanks_are_no_part_of_paths),
        cmocka_unit_test(test_mixture__refuses_what_makes_no_sense),
        cmocka_unit_test(test_order__refuses_what_it_cannot_read),
    };
    return cmocka_run_group_tests_name("sampler", tests, NULL, NULL);
}

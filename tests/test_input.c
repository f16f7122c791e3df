/* What sinks are measured on where it is not held-out text: tokens, BOS, edits,
 * and what is refused. */
#include "data/input.h"
#include "harness.h"
#include "token_files.h"
#include "data/stored_format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { T = 12, N = 8, TEXT = 600 };

static int row_of(const char *(*name)(int), const char *wanted)
{
    int i = 0;
    while (strcmp(name(i), wanted) != 0)
        i++;
    return i;
}

/* A text whose held-out part is of other bytes than the rest. */
static struct data_options text_options(void)
{
    struct data_options o = { 0 };
    unsigned char bytes[TEXT];
    key_defaults(data_keys, n_data_keys, &o);
    o.source = row_of(corpus_name, "text");
    o.val_fraction = 0.5;
    for (int i = 0; i < TEXT; i++)
        bytes[i] = (unsigned char)(i < TEXT / 2 ? 'a' + i % 26 : 'A' + i % 26);
    snprintf(o.path, sizeof o.path, "%s/text", test_dir());
    test_write_file(o.path, bytes, sizeof bytes);
    return o;
}

static void open_source(struct source *s, const struct data_options *o)
{
    struct err e = { 0 };
    if (source_open(s, o, 1, T, &e))
        fail_msg("%s", e.text);
}

static void open_input(struct source *s, struct source *of,
                       enum input_kind kind, const char *path, bool bos,
                       bool edits)
{
    struct err e = { 0 };
    const struct input_query q = { kind, path, "", N - (bos && of->bos >= 0) };
    if (input_open(s, of, &q, &e))
        fail_msg("%s", e.text);
    s->styles[SPLIT_SINK] = (struct source_style){ bos, edits };
}

static const char *write_ramp(const char *name, int n)
{
    static char path[512];
    unsigned char bytes[300];
    for (int i = 0; i < n; i++)
        bytes[i] = (unsigned char)i;
    snprintf(path, sizeof path, "%s/%s", test_dir(), name);
    test_write_file(path, bytes, (size_t)n);
    return path;
}

/* Uniform tokens of the corpus, none of ours; another sequence each time, and
 * the same ones again for whoever asks again. */
static void test_input__random_tokens_are_of_the_corpus(void **state)
{
    (void)state;
    struct data_options o = text_options();
    struct source of, s, again;
    idx counts[257] = { 0 }, n = 4000;
    open_source(&of, &o);
    open_input(&s, &of, INPUT_RANDOM, "", true, true);
    open_input(&again, &of, INPUT_RANDOM, "", true, true);
    assert_int_equal(s.vocab, of.vocab);
    for (idx i = 0; i < n; i++) {
        int32_t x[N], y[N];
        source_sample(&s, x, N, SPLIT_SINK, i);
        source_sample(&again, y, N, SPLIT_SINK, i);
        assert_memory_equal(x, y, sizeof x);
        assert_int_equal(x[0], of.bos);
        for (int t = 1; t < N; t++)
            counts[x[t]]++;
    }
    double mean = (double)n * (N - 1) / 256, sd = sqrt(mean);
    assert_int_equal(counts[of.bos], 0);
    for (int token = 0; token < 256; token++)
        assert_true(fabs((double)counts[token] - mean) < 6 * sd);
    source_release(&s);
    source_release(&again);
    source_release(&of);
}

static void test_input__repeat_is_one_token_a_sequence(void **state)
{
    (void)state;
    struct data_options o = text_options();
    struct source of, s;
    idx changes = 0;
    int32_t last = -1;
    open_source(&of, &o);
    open_input(&s, &of, INPUT_REPEAT, "", true, true);
    for (idx i = 0; i < 200; i++) {
        int32_t x[N];
        source_sample(&s, x, N, SPLIT_SINK, i);
        assert_int_equal(x[0], of.bos);
        for (int t = 2; t < N; t++)
            assert_int_equal(x[t], x[1]);
        changes += x[1] != last;
        last = x[1];
    }
    assert_true(changes > 190);
    source_release(&s);
    source_release(&of);
}

/* Behind BOS, or from the first place on; a token more where the rest is
 * uneven. */
static void test_input__copy_is_two_equal_halves(void **state)
{
    (void)state;
    for (int bos = 0; bos <= 1; bos++) {
        struct data_options o = text_options();
        struct source of, s;
        idx half = (N - bos) / 2, differing = 0;
        open_source(&of, &o);
        open_input(&s, &of, INPUT_COPY, "", bos, false);
        for (idx i = 0; i < 200; i++) {
            int32_t x[N];
            source_sample(&s, x, N, SPLIT_SINK, i);
            assert_true((x[0] == of.bos) == (bos == 1));
            for (idx t = bos; t < N; t++) {
                assert_in_range(x[t], 0, of.n_plain - 1);
                if (t >= bos + half)
                    assert_int_equal(x[t], x[t - half]);
            }
            differing += x[bos] != x[bos + 1];
        }
        assert_true(differing > 190);
        source_release(&s);
        source_release(&of);
    }
}

/* Of a generator of random tokens they are what it holds out. */
static void test_input__random_is_the_data_of_a_random_source(void **state)
{
    (void)state;
    struct data_options o = text_options();
    struct source of, s;
    o.source = row_of(corpus_name, "random");
    open_source(&of, &o);
    open_input(&s, &of, INPUT_RANDOM, "", true, true);
    for (idx i = 0; i < 50; i++) {
        int32_t x[N], y[N];
        source_sample(&of, x, N, SPLIT_SINK, i);
        source_sample(&s, y, N, SPLIT_SINK, i);
        assert_memory_equal(x, y, sizeof x);
    }
    source_release(&s);
    source_release(&of);
}

/* A text whose held-out half is of other bytes than the rest, more of each than
 * of the one before: of one file, or of some that are documents. */
static struct data_options uneven_options(const char *order)
{
    struct data_options o = text_options();
    unsigned char bytes[2 * 500];
    int n = 0;
    for (int i = 0; i < 500; i++)
        bytes[n++] = 'a';
    for (int j = 0; n < COUNT_OF(bytes); j = (j + 1) % 12)
        for (int i = 0; i <= j && n < COUNT_OF(bytes); i++)
            bytes[n++] = (unsigned char)('A' + j);
    test_write_file(o.path, bytes, sizeof bytes);
    o.order = row_of(order_name, order);
    if (!orders[o.order]->has_documents)
        return o;
    snprintf(o.path, sizeof o.path, "%s/uneven", test_dir());
    mkdir(o.path, 0700);
    for (int d = 0; d < n / 10; d++) {
        char path[1100];
        snprintf(path, sizeof path, "%s/%02d", o.path, d);
        test_write_file(path, bytes + 10 * d, d % 5 ? 10 : N - 2);
    }
    return o;
}

/* What the data would be measured on, as far as it is theirs: how often each
 * token comes in the sequences of `body` tokens. */
static idx count_data(idx counts[257], struct source *of, idx body)
{
    idx wanted = idx_ceil_div((idx)1 << 20, body), sum = 0;
    idx found = sampler_sinks(&of->parts[0].sampler, body, false);
    struct source_style style = of->styles[SPLIT_SINK];
    memset(counts, 0, 257 * sizeof *counts);
    of->styles[SPLIT_SINK] = (struct source_style){ false, false };
    if (of->n_parts == 1 && found > 0)
        wanted = idx_min(wanted, found);
    for (idx i = 0; i < wanted; i++) {
        const struct row *r = source_row(of, body, SPLIT_SINK, i);
        for (idx t = 0; t < r->used; t++)
            if (r->tokens[t] < of->n_plain && r->tokens[t] != of->bos) {
                counts[r->tokens[t]]++;
                sum++;
            }
    }
    of->styles[SPLIT_SINK] = style;
    return sum;
}

/* Chi squared of d degrees of freedom is over d + 2 sqrt(d x) + 2 x with a
 * probability of exp(-x) at most (Laurent and Massart, 2000, Lemma 1): of one
 * in a million here. */
static double chi_squared_max(idx d)
{
    const double x = 6 * log(10);
    return (double)d + 2 * sqrt((double)d * x) + 2 * x;
}

/* ... of 100,000 tokens that the input draws. */
static void check_frequencies(const struct source *of, struct source *s,
                              const idx counts[257], idx sum)
{
    idx drawn[257] = { 0 }, n = 0, seen = 0;
    double chi = 0;
    for (idx i = 0; n < 100000; i++) {
        const struct row *r = source_row(s, N, SPLIT_SINK, i);
        idx front = of->bos != NO_TOKEN;
        if (front)
            assert_int_equal(r->tokens[0], of->bos);
        for (idx t = front; t < N; t++, n++)
            drawn[r->tokens[t]]++;
    }
    for (int token = 0; token < 257; token++) {
        double want = (double)n * (double)counts[token] / (double)sum;
        double off = (double)drawn[token] - want;
        if (counts[token] == 0) {
            assert_int_equal(drawn[token], 0);
            continue;
        }
        assert_true(want >= 5); /* or chi squared is another law */
        chi += off * off / want;
        seen++;
    }
    assert_true(seen > 1);
    if (chi > chi_squared_max(seen - 1))
        fail_msg("chi squared %g of %td tokens", chi, seen);
}

/* Of any source: tokens of the corpus alone, as often as they come there. */
static void test_input__unigram_is_as_frequent_as_the_data(void **state)
{
    (void)state;
    static const char *const orders_of[] = { "windows", "epochs", "packed",
                                             "documents" };
    for (int k = 0; k < 4 + 3; k++) {
        struct data_options o =
            uneven_options(k < 4 ? orders_of[k] : "windows");
        struct source of, s;
        idx counts[257];
        if (k < 4)
            o.eos = true; /* which is none of the corpus' tokens */
        if (k == 0) {
            o.fixed_position = 3;
            o.fixed_token = 'z'; /* which no text here has */
            o.random_positions = (struct key_list){ 1, { 5 } };
        }
        o.bos = k != 1;
        if (k >= 4)
            o.source = row_of(corpus_name, k == 4   ? "bigram-backcopy"
                                           : k == 5 ? "mixture"
                                                    : "random");
        if (k == 5)
            snprintf(o.mixture, sizeof o.mixture,
                     "3*text:%.900s, 1*bigram-backcopy", o.path);
        open_source(&of, &o);
        idx body = N - (of.bos != NO_TOKEN);
        idx sum = count_data(counts, &of, body);
        assert_true(sum > 100);
        open_input(&s, &of, INPUT_UNIGRAM, "", true, false);
        check_frequencies(&of, &s, counts, sum);
        source_release(&s);
        source_release(&of);
    }
}

/* Whatever was asked before, and after the data are gone; with another
 * eval_seed others. */
static void test_input__unigram_is_a_function_of_its_number(void **state)
{
    (void)state;
    struct data_options o = uneven_options("windows");
    struct source of, s, again, other;
    idx same = 0;
    open_source(&of, &o);
    open_input(&s, &of, INPUT_UNIGRAM, "", true, true);
    open_input(&again, &of, INPUT_UNIGRAM, "", true, true);
    source_release(&of);
    o.eval_seed = 2;
    open_source(&of, &o);
    open_input(&other, &of, INPUT_UNIGRAM, "", true, true);
    source_release(&of);
    for (idx i = 0; i < 100; i++) {
        int32_t x[N], y[N];
        source_sample(&s, x, N, SPLIT_SINK, i);
        source_sample(&again, y, N, SPLIT_SINK, 99 - i);
        source_sample(&again, y, N, SPLIT_SINK, i);
        assert_memory_equal(x, y, sizeof x);
        source_sample(&again, y, N / 2, SPLIT_SINK, i);
        assert_memory_equal(x, y, sizeof x / 2);
        source_sample(&other, y, N, SPLIT_SINK, i);
        same += memcmp(x, y, sizeof x) == 0;
    }
    assert_true(same < 10);
    source_release(&s);
    source_release(&again);
    source_release(&other);
}

/* BOS that is a token of the corpus is not drawn; where there is no other,
 * nothing is. */
static void test_input__unigram_of_one_token_is_that_one(void **state)
{
    (void)state;
    struct data_options o = text_options();
    unsigned char bytes[TEXT];
    struct source of, s;
    struct err e = { 0 };
    const struct input_query q = { INPUT_UNIGRAM, "", "", N - 1 };
    memset(bytes, 'a', sizeof bytes);
    for (int k = 0; k < 2; k++) {
        test_write_file(o.path, bytes, sizeof bytes);
        open_source(&of, &o);
        open_input(&s, &of, INPUT_UNIGRAM, "", true, true);
        for (idx i = 0; i < 300; i++) {
            const struct row *r = source_row(&s, N, SPLIT_SINK, i);
            for (idx t = 1; t < N; t++)
                assert_int_equal(r->tokens[t], 'a');
        }
        source_release(&s);
        source_release(&of);
        o.bos_token = 'b';
        for (int i = 0; i < TEXT; i += 3)
            bytes[i] = 'b';
    }
    o.bos_token = 'a';
    memset(bytes, 'a', sizeof bytes);
    test_write_file(o.path, bytes, sizeof bytes);
    open_source(&of, &o);
    assert_int_equal(input_open(&s, &of, &q, &e), ERR_DATA);
    assert_non_null(strstr(e.text, "sink.input = unigram"));
    source_release(&s);
    source_release(&of);
}

/* Sequence after sequence, whatever training's order is. */
static void test_input__file_is_read_from_its_beginning(void **state)
{
    (void)state;
    for (int k = 0; k < 8; k++) {
        struct data_options o = text_options();
        struct source of, s;
        bool bos = k & 1, own_bos = k & 2;
        struct err e = { 0 };
        o.bos = own_bos;
        o.order = row_of(order_name, k & 4 ? "packed" : "windows");
        open_source(&of, &o);
        open_input(&s, &of, INPUT_FILE, write_ramp("ramp", 100), bos, true);
        idx front = bos && own_bos, body = N - front;
        for (idx i = 0; i < 100 / body; i++) {
            const struct row *r = source_row(&s, N, SPLIT_SINK, i);
            if (front)
                assert_int_equal(r->tokens[0], of.bos);
            for (idx t = front; t < N; t++) {
                assert_int_equal(r->tokens[t], i * body + t - front);
                assert_int_equal(r->offsets[t], i * body + t - front);
            }
        }
        assert_int_equal(source_check_sinks(&s, N, 100 / body, "many", &e), OK);
        assert_int_equal(source_check_sinks(&s, N, 100 / body + 1, "many", &e),
                         ERR_DATA);
        assert_non_null(strstr(e.text, "many = "));
        source_release(&s);
        source_release(&of);
    }
}

/* Training's edits, or none of them, on whatever is measured. */
static void test_input__edits_are_trainings_or_none(void **state)
{
    (void)state;
    for (int k = 0; k < 8; k++) {
        struct data_options o = text_options();
        struct source of, s, *asked = k & 4 ? &of : &s;
        bool edits = k & 1, bos = k & 2;
        o.fixed_position = 3;
        o.random_positions = (struct key_list){ 1, { 5 } };
        open_source(&of, &o);
        open_input(&s, &of, INPUT_FILE, write_ramp("ramp", 100), bos, edits);
        of.styles[SPLIT_SINK] = s.styles[SPLIT_SINK];
        for (idx i = 0; i < 5; i++) {
            const struct row *r = source_row(asked, N, SPLIT_SINK, i);
            assert_int_equal(r->tokens[0] == of.bos, bos);
            assert_int_equal(r->tokens[2] == of.fixed, edits);
            assert_int_equal(r->offsets[2] == NO_OFFSET, edits);
            assert_int_equal(r->offsets[4] == NO_OFFSET, edits);
            assert_int_equal(r->offsets[0] == NO_OFFSET, bos);
            assert_true(r->offsets[1] != NO_OFFSET);
        }
        /* what a model is trained and validated on has them all */
        assert_int_equal(source_row(&of, N, SPLIT_VAL, 0)->tokens[2], of.fixed);
        assert_int_equal(source_row(&of, N, SPLIT_TRAIN, 0)->tokens[0], of.bos);
        source_release(&s);
        source_release(&of);
    }
}

/* The held-out tokens of packed documents, each with a BOS: without, none of
 * them is lost, and no BOS is left. */
static void test_input__packed_documents_lose_their_bos(void **state)
{
    (void)state;
    struct data_options o = text_options();
    struct source s;
    struct err e = { 0 };
    bool seen[2][256] = { { false } };
    snprintf(o.path, sizeof o.path, "%s/packed", test_dir());
    mkdir(o.path, 0700);
    for (int d = 0; d < 50; d++) { /* byte i is i, but that documents differ */
        unsigned char bytes[5];
        char path[1100];
        for (int i = 0; i < 5; i++)
            bytes[i] = (unsigned char)(5 * d + i);
        snprintf(path, sizeof path, "%s/%02d", o.path, d);
        test_write_file(path, bytes, (size_t)(d % 5 + 1));
    }
    o.order = row_of(order_name, "packed");
    for (int eos = 0; eos < 2; eos++) {
        o.eos = eos;
        open_source(&s, &o);
        for (int bos = 0; bos < 2; bos++) {
            idx has_bos = 0;
            memset(seen[bos], 0, sizeof seen[bos]);
            s.styles[SPLIT_SINK].bos = bos;
            assert_int_equal(source_check_sinks(&s, T, 5, "many", &e), OK);
            for (idx i = 0; i < 200; i++) {
                const struct row *r = source_row(&s, T, SPLIT_SINK, i);
                for (idx t = 0; t < T; t++) {
                    has_bos += r->tokens[t] == s.bos;
                    if (r->offsets[t] != NO_OFFSET)
                        seen[bos][r->tokens[t]] = true;
                }
            }
            assert_true(bos ? has_bos > 0 : has_bos == 0);
        }
        /* windows of T leave out the last token */
        idx differ = 0, all = 0;
        for (int token = 0; token < 256; token++) {
            differ += seen[0][token] != seen[1][token];
            all += seen[1][token];
        }
        assert_true(all > 70 && differ <= 1);
        source_release(&s);
    }
}

/* The same tokens in the same order, at every border that a part can have. */
static void test_stream__without_bos_has_the_same_tokens(void **state)
{
    (void)state;
    static const int sizes[] = { 3, 0, 1, 6 };
    unsigned char bytes[10] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    char dir[512], path[600];
    struct stored tokens;
    struct err e = { 0 };
    snprintf(dir, sizeof dir, "%s/stream", test_dir());
    mkdir(dir, 0700);
    for (int d = 0, at = 0; d < COUNT_OF(sizes); at += sizes[d++]) {
        snprintf(path, sizeof path, "%s/%d", dir, d);
        test_write_file(path, bytes + at, (size_t)sizes[d]);
    }
    struct stored_query q = { .key = "path", .path = dir };
    q.format = &stored_text;
    if (stored_open(&tokens, &q, &e))
        fail_msg("%s", e.text);
    for (int k = 0; k < 2; k++) {
        int32_t eos = k ? 101 : NO_TOKEN;
        struct stream all = stream_open(&tokens, 100, eos);
        assert_int_equal(all.n, 14 + (eos < 0 ? 0 : 3));
        for (idx first = 0; first <= all.n; first++)
            for (idx n = 0; n <= all.n - first; n++) {
                struct stream part = stream_part(&all, first, n);
                struct stream plain = stream_without_bos(&part);
                int32_t a[20], b[20], where[20];
                idx offsets[20], kept = 0;
                struct row x = { .tokens = a,
                                 .documents = where,
                                 .offsets = offsets };
                stream_read(&part, &x, n, 0);
                for (idx t = 0; t < n; t++)
                    if (a[t] != 100)
                        a[kept++] = a[t];
                x.tokens = b;
                assert_int_equal(plain.n, kept);
                stream_read(&plain, &x, kept, 0);
                assert_memory_equal(a, b, (size_t)kept * sizeof *a);
            }
    }
    stored_close(&tokens);
}

/* Token files are told from texts by what is in them; their tokens must be
 * those of the model. */
static void test_input__files_must_have_the_models_tokens(void **state)
{
    (void)state;
    struct bytes good = llmc_bytes(100, 60, 2), far = llmc_bytes(250, 60, 2);
    const char *path;
    struct data_options o = text_options();
    struct source of, s;
    struct err e = { 0 };
    open_source(&of, &o);
    path = bytes_save("good.bin", &good);
    open_input(&s, &of, INPUT_FILE, path, false, true);
    assert_int_equal(source_row(&s, N, SPLIT_SINK, 1)->tokens[0], 100 + N);
    char hash[HASH_HEX_MAX];
    strcpy(hash, s.hash);
    source_release(&s);
    const struct {
        const char *path, *hash, *words;
    } cases[] = {
        { bytes_save("far.bin", &far), "", "has token 309" },
        { "", "", "path is empty" },
        { "/nothing/here", "", "No such file" },
        { write_ramp("other", 100), hash, "want " },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        e = (struct err){ 0 };
        struct input_query q = { INPUT_FILE, cases[i].path, cases[i].hash, N };
        assert_int_equal(input_open(&s, &of, &q, &e), ERR_DATA);
        if (!strstr(e.text, cases[i].words) || !strstr(e.text, "sink"))
            fail_msg("%s", e.text);
        source_release(&s);
    }
    source_release(&of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input__random_tokens_are_of_the_corpus),
        cmocka_unit_test(test_input__repeat_is_one_token_a_sequence),
        cmocka_unit_test(test_input__copy_is_two_equal_halves),
        cmocka_unit_test(test_input__random_is_the_data_of_a_random_source),
        cmocka_unit_test(test_input__unigram_is_as_frequent_as_the_data),
        cmocka_unit_test(test_input__unigram_is_a_function_of_its_number),
        cmocka_unit_test(test_input__unigram_of_one_token_is_that_one),
        cmocka_unit_test(test_input__file_is_read_from_its_beginning),
        cmocka_unit_test(test_input__edits_are_trainings_or_none),
        cmocka_unit_test(test_input__packed_documents_lose_their_bos),
        cmocka_unit_test(test_stream__without_bos_has_the_same_tokens),
        cmocka_unit_test(test_input__files_must_have_the_models_tokens),
    };
    return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}

/* Text as bytes: files, folders, parts, windows and refusals. */
#include "data/source.h"
#include "harness.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct sampler *sampler_of(const struct source *s)
{
    return &s->parts[0].sampler;
}

static struct data_options text_options(const char *path, bool bos, bool eos,
                                        double val_fraction)
{
    struct data_options o = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    o.bos = bos;
    o.eos = eos;
    o.val_fraction = val_fraction;
    o.source = 0;
    while (strcmp(corpus_name(o.source), "text") != 0)
        o.source++;
    snprintf(o.path, sizeof o.path, "%s", path);
    return o;
}

static const char *path_of(char path[512], const char *name)
{
    snprintf(path, 512, "%s/%s", test_dir(), name);
    return path;
}

static void write_text(const char *name, const void *bytes, size_t n)
{
    char path[512];
    test_write_file(path_of(path, name), bytes, n);
}

/* Byte i of the file is i: a token says where it stood. */
static void write_ramp(const char *name, int n)
{
    unsigned char bytes[256];
    for (int i = 0; i < n; i++)
        bytes[i] = (unsigned char)i;
    write_text(name, bytes, (size_t)n);
}

/* Windows of 8 in a text of 200 with the last 60 held out: whole, in order,
 * reaching both ends of their part, and never over the border. Validation and
 * sinks come round to the same ones again. */
static void check_part(struct source *s, enum split split, int first, int end)
{
    enum { N = 9 };
    int lowest = 1000, highest = 0;
    for (idx j = 0; j < 4000; j++) {
        int32_t x[N];
        int at = s->bos != NO_TOKEN;
        source_sample(s, x, N, split, j);
        for (int i = at + 1; i < N; i++)
            assert_int_equal(x[i], x[i - 1] + 1);
        assert_true(x[at] >= first && x[N - 1] < end);
        lowest = x[at] < lowest ? x[at] : lowest;
        highest = x[N - 1] > highest ? x[N - 1] : highest;
    }
    assert_int_equal(lowest, first);
    assert_int_equal(highest, end - 1);
}

static void test_text__held_out_tail_is_apart(void **state)
{
    (void)state;
    char path[512];
    write_ramp("ramp", 200);
    for (int bos = 0; bos <= 1; bos++) {
        struct data_options o =
            text_options(path_of(path, "ramp"), bos, false, 0.3);
        struct source s;
        struct err e = { 0 };
        assert_int_equal(source_open(&s, &o, 1, 8, &e), OK);
        assert_int_equal(sampler_of(&s)->train.n, 140);
        assert_int_equal(sampler_of(&s)->val.n, 60);
        check_part(&s, SPLIT_TRAIN, 0, 140);
        check_part(&s, SPLIT_VAL, 140, 200);
        check_part(&s, SPLIT_SINK, 140, 200);
        source_release(&s);
    }
}

/* A ramp of `total` whose last 0.3 are held out, for T = 8. */
static void open_ramp(struct source *s, int total, bool bos, idx eval_seed)
{
    char path[512];
    struct err e = { 0 };
    write_ramp("ramp", total);
    struct data_options o =
        text_options(path_of(path, "ramp"), bos, false, 0.3);
    o.eval_seed = eval_seed;
    if (source_open(s, &o, 1, 8, &e))
        fail_msg("%s", e.text);
}

enum { LENGTH = 8 }; /* T */

/* Each token of the held-out part is the target of one validation sample,
 * behind the tokens that stand in front of it; the first one only where BOS is
 * in front. Lengths that LENGTH divides, and others. */
static void check_tiles(struct source *s, int total)
{
    idx count[256] = { 0 }, first = sampler_of(s)->train.n, n_skipped = 0;
    for (idx i = 0; i < s->n_tiles; i++) {
        int32_t tokens[LENGTH], targets[LENGTH];
        real weights[LENGTH];
        int32_t used;
        struct batch batch = { .B = 1,
                               .T = LENGTH,
                               .tokens = tokens,
                               .targets = targets,
                               .weights = weights,
                               .used = &used,
                               .rules.document_token = NO_TOKEN };
        source_batch(s, &batch, SPLIT_VAL, i);
        bool counts = false;
        for (idx t = 0; t < LENGTH; t++) {
            assert_true(tokens[t] >= first);
            if (weights[t] == 0) {
                assert_false(counts); /* only in front */
                n_skipped++;
                continue;
            }
            counts = true;
            count[targets[t]]++;
            bool is_bos = t == 0 && s->bos != NO_TOKEN;
            assert_int_equal(tokens[t], is_bos ? s->bos : targets[t] - 1);
        }
        assert_true(counts);
    }
    for (int token = 0; token < 256; token++)
        assert_int_equal(count[token], token >= first + (s->bos == NO_TOKEN) &&
                                           token < total);
    assert_true(n_skipped < LENGTH); /* of the last tile alone */
}

static void test_text__each_held_out_token_is_a_target_once(void **state)
{
    (void)state;
    for (int bos = 0; bos <= 1; bos++)
        for (int total = 180; total <= 240; total++)
            for (idx seed = 1; seed <= 3; seed++) {
                struct source s;
                open_ramp(&s, total, bos, seed);
                check_tiles(&s, total);
                source_plan_validation(&s, 1 << 20); /* in order */
                check_tiles(&s, total);
                source_release(&s);
            }
}

static void test_text__seed_orders_the_tiles_until_all_are_read(void **state)
{
    (void)state;
    struct source a, b;
    open_ramp(&a, 250, true, 1);
    open_ramp(&b, 250, true, 2);
    assert_int_equal(a.n_tiles, 10);
    for (int all = 0; all <= 1; all++) {
        idx n = source_plan_validation(&a, all ? 73 : 72), differ = 0;
        source_plan_validation(&b, all ? 73 : 72);
        assert_int_equal(n, all ? 10 : 9);
        for (idx i = 0; i < n; i++) {
            int32_t x[LENGTH + 1], y[LENGTH + 1];
            source_sample(&a, x, LENGTH + 1, SPLIT_VAL, i);
            source_sample(&b, y, LENGTH + 1, SPLIT_VAL, i);
            differ += x[1] != y[1];
        }
        assert_true(all ? differ == 0 : differ > 4);
    }
    source_release(&a);
    source_release(&b);
}

static void
test_text__validation_reads_whole_samples_that_there_are(void **state)
{
    (void)state;
    static const idx plans[][2] = {
        { 1, 1 }, { 8, 1 }, { 9, 2 }, { 56, 7 }, { 1000, 8 }
    };
    struct source s;
    open_ramp(&s, 200, true, 1); /* 60 held out: 8 tiles, the last of 4 */
    for (int i = 0; i < COUNT_OF(plans); i++)
        assert_int_equal(source_plan_validation(&s, plans[i][0]), plans[i][1]);
    source_release(&s);
}

/* Samples for sinks: whole tiles from the other end, so that they are apart
 * from validation's as long as there are enough; and when short ones have had
 * each tile once, the next window of each. */
static void test_text__sinks_lie_apart_from_validation(void **state)
{
    (void)state;
    for (int bos = 0; bos <= 1; bos++) {
        struct source s;
        bool is_val[256] = { false };
        idx count[256] = { 0 }, window = 3, n = window + bos;
        open_ramp(&s, 250, bos, 1);
        idx half = s.n_tiles / 2, windows = LENGTH / window;
        for (idx i = 0; i < half; i++) {
            int32_t x[LENGTH + 1];
            source_sample(&s, x, LENGTH + 1, SPLIT_VAL, i);
            for (idx t = 1; t <= LENGTH; t++)
                is_val[x[t]] = true;
        }
        for (idx i = 0; i < s.n_tiles - half - 1; i++) {
            int32_t x[LENGTH + 1];
            source_sample(&s, x, LENGTH + 1, SPLIT_SINK, i);
            for (idx t = 1; t <= LENGTH; t++)
                assert_false(is_val[x[t]] && x[t] < 250 - LENGTH);
        }
        for (idx i = 0; i < windows * s.n_tiles; i++) {
            int32_t x[LENGTH + 1];
            source_sample(&s, x, n, SPLIT_SINK, i);
            for (idx t = bos; t < n; t++)
                count[x[t]]++;
        }
        for (int token = 0; token < 250 - LENGTH - 1; token++)
            assert_true(count[token] <= 1); /* the last tile lies over others */
        source_release(&s);
    }
}

/* The stream of both parts is `want`, with `eos` where it has a bar. */
static void check_tokens(const struct source *s, const unsigned char *want,
                         idx n, int32_t eos)
{
    const struct stream *train = &sampler_of(s)->train;
    const struct stream *val = &sampler_of(s)->val;
    int32_t tokens[512], documents[512];
    real weights[512];
    idx offsets[512];
    struct row first = { .tokens = tokens,
                         .weights = weights,
                         .documents = documents,
                         .offsets = offsets };
    struct row rest = row_rest(&first, train->n);
    assert_int_equal(train->n + val->n, n);
    stream_read(train, &first, train->n, 0);
    stream_read(val, &rest, val->n, 0);
    for (idx i = 0; i < n; i++)
        assert_int_equal(tokens[i],
                         eos != NO_TOKEN && want[i] == '|' ? eos : want[i]);
}

static void check_stream(const struct source *s, const char *want, int32_t eos)
{
    check_tokens(s, (const unsigned char *)want, (idx)strlen(want), eos);
}

static void test_text__all_byte_values_are_tokens(void **state)
{
    (void)state;
    char path[512];
    unsigned char bytes[512];
    for (int i = 0; i < 512; i++)
        bytes[i] = (unsigned char)(255 - i % 256);
    write_text("bytes", bytes, sizeof bytes);
    struct data_options o = text_options(path_of(path, "bytes"), 1, 1, 0.5);
    struct source s;
    struct err e = { 0 };
    assert_int_equal(source_open(&s, &o, 1, 8, &e), OK);
    assert_int_equal(s.n_plain, 256);
    assert_int_equal(s.bos, 256);
    assert_int_equal(s.eos, 257);
    assert_int_equal(s.vocab, 258);
    check_tokens(&s, bytes, 512, NO_TOKEN);
    source_release(&s);
    o.bos = false;
    assert_int_equal(source_open(&s, &o, 1, 8, &e), OK);
    assert_int_equal(s.eos, 256);
    assert_int_equal(s.vocab, 257);
    source_release(&s);
}

static void make_folder(const char *name)
{
    char path[512];
    assert_int_equal(mkdir(path_of(path, name), 0700), 0);
}

static void test_text__folder_is_read_whole_in_the_order_of_names(void **state)
{
    (void)state;
    char path[512];
    make_folder("tree");
    make_folder("tree/b");
    make_folder("tree/b/deep");
    make_folder("tree/.hidden");
    make_folder("tree/void");
    write_text("tree/c.txt", "CCCCC", 5);
    write_text("tree/a.txt", "AAA", 3);
    write_text("tree/b/y", "YY", 2);
    write_text("tree/b/deep/x", "XXXX", 4);
    write_text("tree/.hidden/h", "hhhh", 4);
    write_text("tree/.h", "hhhh", 4);
    struct data_options o = text_options(path_of(path, "tree"), 0, 1, 0.5);
    struct source s;
    struct err e = { 0 };
    assert_int_equal(source_open(&s, &o, 1, 3, &e), OK);
    check_stream(&s, "AAA|XXXX|YY|CCCCC", s.eos);
    source_release(&s);
    o.eos = false;
    assert_int_equal(source_open(&s, &o, 1, 3, &e), OK);
    check_stream(&s, "AAAXXXXYYCCCCC", NO_TOKEN);
    assert_int_equal(s.vocab, 256);
    source_release(&s);
}

static void test_text__folder_may_be_hidden_itself(void **state)
{
    (void)state;
    char path[512];
    make_folder(".corpus");
    write_text(".corpus/a", "0123456789", 10);
    struct data_options o = text_options(path_of(path, ".corpus"), 0, 1, 0.5);
    struct source s;
    struct err e = { 0 };
    assert_int_equal(source_open(&s, &o, 1, 4, &e), OK);
    check_stream(&s, "0123456789", NO_TOKEN);
    source_release(&s);
}

static void check_refused(const char *path, idx T, const char *words)
{
    struct data_options o = text_options(path, true, false, 0.5);
    struct source s;
    struct err e = { 0 };
    assert_int_equal(source_open(&s, &o, 1, T, &e), ERR_DATA);
    assert_non_null(strstr(e.text, words));
    assert_non_null(strstr(e.text, path[0] ? path : "path"));
    source_release(&s);
}

static void test_text__refuses_what_is_no_text(void **state)
{
    (void)state;
    char path[512];
    check_refused("", 8, "empty");
    check_refused(path_of(path, "missing"), 8, "No such file");
    write_text("nothing", "", 0);
    check_refused(path_of(path, "nothing"), 8, "empty");
    make_folder("bare");
    check_refused(path_of(path, "bare"), 8, "no regular file");
    write_text("bare/.hidden", "0123456789012345678901234567890", 30);
    check_refused(path_of(path, "bare"), 8, "no regular file");
    assert_int_equal(mkfifo(path_of(path, "pipe"), 0600), 0);
    check_refused(path, 8, "neither a file"); /* and does not wait for it */
    make_folder("holes");
    write_text("holes/a", "0123456789012345678901234567890", 30);
    assert_int_equal(symlink("nowhere", path_of(path, "holes/b")), 0);
    check_refused(path_of(path, "holes"), 8, "No such file");
}

static void test_text__refuses_what_it_may_not_read(void **state)
{
    (void)state;
    char path[512];
    if (geteuid() == 0)
        skip(); /* who may read everything */
    write_text("locked", "0123456789012345678901234567890", 30);
    assert_int_equal(chmod(path_of(path, "locked"), 0), 0);
    check_refused(path, 8, "ermission");
    make_folder("shut");
    assert_int_equal(chmod(path_of(path, "shut"), 0), 0);
    check_refused(path, 8, "ermission");
    assert_int_equal(chmod(path, 0700), 0);
}

static void test_text__refuses_to_hold_out_what_it_trains_on(void **state)
{
    (void)state;
    char path[512];
    make_folder("both");
    make_folder("both/inner");
    write_ramp("both/inner/a", 100);
    write_ramp("both/b", 100);
    for (int k = 0; k < 2; k++) {
        struct data_options o =
            text_options(path_of(path, "both"), true, false, 0.5);
        struct source s;
        struct err e = { 0 };
        snprintf(o.val_path, sizeof o.val_path, "%s/both/%s", test_dir(),
                 k ? "b" : "inner");
        assert_int_equal(source_open(&s, &o, 1, 8, &e), ERR_DATA);
        assert_non_null(strstr(e.text, "data.val_path"));
        assert_non_null(strstr(e.text, "held out"));
        source_release(&s);
    }
}

/* T = 8 takes 9 tokens of each part, one less if BOS is the first. */
static void test_text__refuses_what_is_shorter_than_a_sequence(void **state)
{
    (void)state;
    char path[512];
    struct source s;
    struct err e = { 0 };
    write_ramp("short", 17);
    check_refused(path_of(path, "short"), 9, "sequence");
    struct data_options o = text_options(path, true, false, 0.5);
    assert_int_equal(source_open(&s, &o, 1, 8, &e), OK); /* 9 and 8 */
    for (idx j = 0; j < 20; j++) {
        int32_t x[9];
        source_sample(&s, x, 9, SPLIT_VAL, j);
        assert_int_equal(x[1], 9);
        assert_int_equal(x[8], 16);
    }
    source_release(&s);
    o.bos = false;
    assert_int_equal(source_open(&s, &o, 1, 8, &e), ERR_DATA);
    source_release(&s);
    o.val_fraction = 0.9; /* too little for training */
    o.bos = true;
    e = (struct err){ 0 };
    assert_int_equal(source_open(&s, &o, 1, 8, &e), ERR_DATA);
    source_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__held_out_tail_is_apart),
        cmocka_unit_test(test_text__each_held_out_token_is_a_target_once),
        cmocka_unit_test(test_text__seed_orders_the_tiles_until_all_are_read),
        cmocka_unit_test(
            test_text__validation_reads_whole_samples_that_there_are),
        cmocka_unit_test(test_text__sinks_lie_apart_from_validation),
        cmocka_unit_test(test_text__all_byte_values_are_tokens),
        cmocka_unit_test(test_text__folder_is_read_whole_in_the_order_of_names),
        cmocka_unit_test(test_text__folder_may_be_hidden_itself),
        cmocka_unit_test(test_text__refuses_what_is_no_text),
        cmocka_unit_test(test_text__refuses_what_it_may_not_read),
        cmocka_unit_test(test_text__refuses_to_hold_out_what_it_trains_on),
        cmocka_unit_test(test_text__refuses_what_is_shorter_than_a_sequence),
    };
    return cmocka_run_group_tests_name("corpus_text", tests, NULL, NULL);
}

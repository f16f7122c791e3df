/* Text as bytes: files, folders, parts, windows and refusals. */
#include "data/source.h"
#include "harness.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct data_options text_options(const char *path, bool bos, bool eos,
                                        double val_fraction)
{
    struct data_options o = { .bos = bos,
                              .eos = eos,
                              .val_fraction = val_fraction };
    while (strcmp(source_name(o.source), "text") != 0)
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
 * reaching both ends of their part, and never over the border. */
static void check_part(const struct source *s, enum split split, int first,
                       int end)
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
        assert_int_equal(s.n_train, 140);
        assert_int_equal(s.n_val, 60);
        check_part(&s, SPLIT_TRAIN, 0, 140);
        check_part(&s, SPLIT_VAL, 140, 200);
        check_part(&s, SPLIT_SINK, 140, 200);
        source_release(&s);
    }
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
    for (int i = 0; i < 512; i++)
        assert_int_equal(s.stream[i], bytes[i]);
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

static void check_stream(const struct source *s, const char *want, int32_t eos)
{
    assert_int_equal(s->n_train + s->n_val, strlen(want));
    for (idx i = 0; want[i]; i++)
        assert_int_equal(s->stream[i], want[i] == '|' ? eos : want[i]);
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
    check_refused(path, 8, "no regular file"); /* and does not wait for it */
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
        cmocka_unit_test(test_text__all_byte_values_are_tokens),
        cmocka_unit_test(test_text__folder_is_read_whole_in_the_order_of_names),
        cmocka_unit_test(test_text__folder_may_be_hidden_itself),
        cmocka_unit_test(test_text__refuses_what_is_no_text),
        cmocka_unit_test(test_text__refuses_what_it_may_not_read),
        cmocka_unit_test(test_text__refuses_what_is_shorter_than_a_sequence),
    };
    return cmocka_run_group_tests_name("source_text", tests, NULL, NULL);
}

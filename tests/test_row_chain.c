#include "chained.h"
#include "harness.h"
#include "io/fsys.h"
#include "io/row_chain.h"

#include <stdlib.h>
#include <string.h>

static const char header[] = "step,loss," ROW_CHAIN_COLUMN;

static const char *const rows[] = { "0,5.5", "10,5.25", "20,5", "30,4.5" };

static void test_row_chain__is_as_documented(void **state)
{
    struct row_chain c;
    char text[64];
    (void)state;
    assert_true(row_chain_start(&c, header, strlen(header)));
    hash_hex(text, hash_bytes(header, strlen(header)));
    assert_string_equal(c.hex, text);
    hash_hex(text + 16, hash_bytes("0,5.5", 5));
    char want[HASH_HEX_MAX];
    hash_hex(want, hash_bytes(text, 32));
    row_chain_next(&c, "0,5.5", 5);
    assert_string_equal(c.hex, want);
}

static void test_row_chain__knows_its_column(void **state)
{
    static const char *const others[] = {
        "step,loss", "row_hash", "", "a,b", "step,row_hash2", "step,row_hash,"
    };
    struct row_chain c;
    (void)state;
    for (idx i = 0; i < COUNT_OF(others); i++)
        assert_false(row_chain_start(&c, others[i], strlen(others[i])));
}

/* How many of the lines that follow the header are taken. */
static idx taken(const char *text)
{
    struct row_chain c;
    idx n = 0;
    const char *end = strchr(text, '\n');
    row_chain_start(&c, text, (size_t)(end - text));
    for (text = end + 1; (end = strchr(text, '\n')); text = end + 1, n++) {
        struct row_chain before = c;
        if (!row_chain_take(&c, text, (size_t)(end - text))) {
            assert_string_equal(c.hex, before.hex);
            return n;
        }
    }
    return n;
}

static void print_rows(char *out, const int *order, int n)
{
    char plain[512] = "step,loss\n";
    size_t at;
    for (int i = 0; i < COUNT_OF(rows); i++)
        sprintf(plain + strlen(plain), "%s\n", rows[i]);
    const char *all = chained(plain), *line[1 + COUNT_OF(rows)];
    line[0] = all;
    for (int i = 1; i <= COUNT_OF(rows); i++)
        line[i] = strchr(line[i - 1], '\n') + 1;
    at = (size_t)sprintf(out, "%.*s", (int)(line[1] - all), all);
    for (int i = 0; i < n; i++)
        at += (size_t)sprintf(out + at, "%.*s",
                              (int)strcspn(line[1 + order[i]], "\n") + 1,
                              line[1 + order[i]]);
}

static void test_row_chain__tells_lost_doubled_and_moved_rows(void **state)
{
    static const struct {
        int n, order[5];
        idx taken;
    } cases[] = {
        { 4, { 0, 1, 2, 3 }, 4 },    { 3, { 1, 2, 3 }, 0 },
        { 3, { 0, 2, 3 }, 1 },       { 3, { 0, 1, 3 }, 2 },
        { 3, { 0, 1, 2 }, 3 },       { 5, { 0, 0, 1, 2, 3 }, 1 },
        { 5, { 0, 1, 2, 3, 3 }, 4 }, { 4, { 0, 2, 1, 3 }, 1 },
        { 4, { 1, 0, 2, 3 }, 0 },
    };
    char text[1024];
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        print_rows(text, cases[i].order, cases[i].n);
        assert_int_equal(taken(text), cases[i].taken);
    }
}

/* Whatever byte becomes whatever other, the line is not taken. */
static void test_row_chain__tells_every_changed_byte(void **state)
{
    char text[1024];
    static const int all[] = { 0, 1, 2, 3 };
    (void)state;
    print_rows(text, all, 4);
    size_t n = strlen(text);
    idx line = -1;
    for (size_t i = 0; i < n; i++) {
        char was = text[i];
        for (int to = 1; to < 256 && was != '\n'; to++) {
            if ((char)to == was)
                continue;
            text[i] = (char)to;
            assert_int_equal(taken(text), line < 0 ? 0 : line);
        }
        text[i] = was;
        line += was == '\n';
    }
}

static void test_row_chain__writes_whole_files(void **state)
{
    static const char text[] = "step,loss\n0,5.5\n10,5\n";
    char path[256], *got;
    size_t n;
    struct err e = { 0 };
    (void)state;
    snprintf(path, sizeof path, "%s/whole.csv", test_dir());
    assert_int_equal(row_chain_write(path, text, strlen(text), &e), OK);
    assert_int_equal(fsys_read_file(&got, &n, path, 1000, &e), OK);
    assert_string_equal(got, chained(text));
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_chain__is_as_documented),
        cmocka_unit_test(test_row_chain__knows_its_column),
        cmocka_unit_test(test_row_chain__tells_lost_doubled_and_moved_rows),
        cmocka_unit_test(test_row_chain__tells_every_changed_byte),
        cmocka_unit_test(test_row_chain__writes_whole_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Safetensors: what is written comes back, half precision is widened exactly,
 * and whatever is wrong with a file is one sentence. */
#include "harness.h"
#include "io/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/fsys.h"

static const float numbers[6] = { 1, -2.5F, 0, -0.0F, 3e-41F, INFINITY };

static void read_numbers(float *x, const struct safetensor_out *t, idx from,
                         idx n)
{
    memcpy(x, (const float *)t->user + from, (size_t)n * sizeof *x);
}

static const struct safetensor_out written[] = {
    { "b.weight", 2, { 2, 3 }, read_numbers, numbers },
    { "a", 1, { 2 }, read_numbers, numbers + 1 },
    { "empty", 2, { 0, 3 }, read_numbers, numbers },
    { "one", 0, { 0 }, read_numbers, numbers + 4 },
};

static void test_safetensors__come_back_as_they_were_written(void **state)
{
    (void)state;
    struct safetensors s;
    struct err e = { 0 };
    const char *path = test_path("a.safetensors");
    assert_int_equal(safetensors_write(path, written, COUNT_OF(written), &e),
                     OK);
    if (safetensors_open(&s, path, &e))
        fail_msg("%s", e.text);
    assert_int_equal(s.n, COUNT_OF(written));
    for (idx i = 1; i < s.n; i++)
        assert_true(strcmp(s.tensors[i - 1].name, s.tensors[i].name) < 0);
    for (idx i = 0; i < COUNT_OF(written); i++) {
        const struct safetensor *t = safetensors_find(&s, written[i].name);
        real x[6];
        float back[6];
        assert_non_null(t);
        assert_true(safetensor_is_real(t));
        assert_int_equal(t->ndim, written[i].ndim);
        for (int k = 0; k < t->ndim; k++)
            assert_int_equal(t->shape[k], written[i].shape[k]);
        safetensor_read(x, 1, t, 0, t->n);
        for (idx k = 0; k < t->n; k++)
            back[k] = (float)x[k];
        assert_memory_equal(back, written[i].user,
                            (size_t)t->n * sizeof(float));
    }
    real column[5] = { 7, 7, 7, 7, 7 };
    safetensor_read(column, 2, safetensors_find(&s, "b.weight"), 1, 2);
    assert_true(column[0] == (real)-2.5 && column[1] == 7 && column[2] == 0);
    assert_null(safetensors_find(&s, "c"));
    safetensors_release(&s);
}

/* A file of one header and so many bytes 0 behind it. */
static const char *write_raw(const char *name, const char *header,
                             const void *data, size_t n_data)
{
    static char bytes[4096];
    const char *path = test_path(name);
    size_t n = strlen(header);
    assert_true(8 + n + n_data <= sizeof bytes);
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(n >> 8 * i & 255);
    memcpy(bytes + 8, header, n);
    if (data)
        memcpy(bytes + 8 + n, data, n_data);
    else
        memset(bytes + 8 + n, 0, n_data);
    test_write_file(path, bytes, 8 + n + n_data);
    return path;
}

static void test_safetensors__half_precision_is_widened_exactly(void **state)
{
    (void)state;
    static const uint16_t halves[] = { 0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001,
                                       0x83ff, 0x8000, 0x7c00, 0xfc00, 0x7e00 };
    static const double want[] = { 1,
                                   -2,
                                   65504,
                                   0x1p-14,
                                   0x1p-24,
                                   -1023 * 0x1p-24,
                                   -0.0,
                                   (double)INFINITY,
                                   -(double)INFINITY,
                                   (double)NAN };
    static const uint16_t brains[] = { 0x3f80, 0xc020, 0x0001, 0x7f80 };
    static const double brain_want[] = { 1, -2.5, 0x1p-133, (double)INFINITY };
    unsigned char data[28];
    struct safetensors s;
    struct err e = { 0 };
    real x[10];
    for (int i = 0; i < 14; i++) {
        uint16_t bits = i < 10 ? halves[i] : brains[i - 10];
        data[2 * i] = (unsigned char)(bits & 255);
        data[2 * i + 1] = (unsigned char)(bits >> 8);
    }
    const char *path = write_raw(
        "half.safetensors",
        "{\"h\":{\"dtype\":\"F16\",\"shape\":[10],\"data_offsets\":[0,20]},"
        "\"b\":{\"dtype\":\"BF16\",\"shape\":[2,2],\"data_offsets\":[20,28]}}",
        data, sizeof data);
    if (safetensors_open(&s, path, &e))
        fail_msg("%s", e.text);
    safetensor_read(x, 1, safetensors_find(&s, "h"), 0, 10);
    for (int i = 0; i < 9; i++)
        assert_true((double)x[i] == want[i] &&
                    !signbit(x[i]) == !signbit(want[i]));
    assert_true(isnan(x[9]));
    safetensor_read(x, 1, safetensors_find(&s, "b"), 0, 4);
    for (int i = 0; i < 4; i++)
        assert_true((double)x[i] == brain_want[i]);
    safetensors_release(&s);
}

#define T(name, type, shape, from, to)                                         \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape                    \
    ",\"data_offsets\":[" from "," to "]}"

/* Headers of 16 bytes of data, and what is said of each. */
static const struct {
    const char *header, *said;
} hostile[] = {
    { "{" T("a", "F32", "[3]", "0", "12") "}", "4 bytes behind its last" },
    { "{" T("a", "F32", "[5]", "0", "20") "}", "lie outside of the file" },
    { "{" T("a", "F32", "[4]", "0", "12") "}", "shape and the length" },
    { "{" T("a", "F32", "[2]", "0", "8") "," T("b", "F32", "[3]", "4",
                                               "16") "}",
      "'b': its data overlap" },
    { "{" T("a", "F32", "[1]", "0", "4") "," T("b", "F32", "[2]", "8",
                                               "16") "}",
      "'b': a gap lies in front" },
    { "{" T("a", "F32", "[4]", "4", "0") "}", "lie outside of the file" },
    { "{" T("a", "F32", "[4]", "-4", "12") "}", "not what the format has" },
    { "{" T("a", "F32", "[4.0]", "0", "16") "}", "no memory holds" },
    { "{" T("a", "F32", "[-4]", "0", "16") "}", "no memory holds" },
    { "{" T("a", "F32", "[4611686018427387904,4]", "0", "16") "}",
      "no memory holds" },
    { "{" T("a", "F32", "[2305843009213693953,2]", "0", "16") "}",
      "no memory holds" },
    { "{" T("a", "F32", "[9223372036854775808]", "0", "16") "}", "no JSON" },
    { "{" T("a", "F32", "[1,1,1,1,1,1,1,1,4]", "0", "16") "}",
      "more than 8 dimensions" },
    { "{" T("a", "F4", "[4]", "0", "16") "}", "is of type F4" },
    { "{\"a\":{\"dtype\":4,\"shape\":[4],\"data_offsets\":[0,16]}}",
      "not what the format has" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":4,\"data_offsets\":[0,16]}}",
      "not what the format has" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16]}}",
      "not what the format has" },
    { "{\"a\":[]}", "not what the format has" },
    { "{" T("a", "F32", "[2]", "0", "8") "," T("a", "F32", "[2]", "8",
                                               "16") "}",
      "no JSON" },
    { "{}", "16 bytes behind its last" },
    { "{\"a\":", "no JSON" },
    { "[]", "no safetensors file" },
    { "", "no safetensors file" },
};

static void check_refused(const char *path, const char *said)
{
    struct safetensors s;
    struct err e = { 0 };
    assert_int_equal(safetensors_open(&s, path, &e), ERR_DATA);
    if (!strstr(e.text, said) || strchr(e.text, '\n'))
        fail_msg("want '%s', got '%s'", said, e.text);
    safetensors_release(&s);
}

static void test_safetensors__hostile_headers_are_one_sentence(void **state)
{
    (void)state;
    for (idx i = 0; i < COUNT_OF(hostile); i++)
        check_refused(write_raw("x.safetensors", hostile[i].header, NULL, 16),
                      hostile[i].said);
}

/* At any length but its own. */
static void test_safetensors__a_file_cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    char *bytes;
    size_t n;
    const char *path = test_path("whole.safetensors");
    assert_int_equal(safetensors_write(path, written, COUNT_OF(written), &e),
                     OK);
    assert_int_equal(fsys_read_file(&bytes, &n, path, 1 << 20, &e), OK);
    for (size_t cut = 0; cut < n; cut++) {
        const char *part = test_path("part.safetensors");
        test_write_file(part, bytes, cut);
        check_refused(part, "");
    }
    free(bytes);
    /* a length that no memory holds */
    check_refused(test_write_text("long.safetensors", "\377\377\377\377\377"
                                                      "\377\377\377{}"),
                  "no safetensors file");
}

static void test_safetensors__shards_are_where_the_index_says(void **state)
{
    (void)state;
    static const char *const names[] = { "1.safetensors", "2.safetensors" };
    static const struct {
        const char *index, *said; /* NULL: right */
    } indices[] = {
        { "{\"weight_map\":{\"b.weight\":\"1.safetensors\",\"a\":"
          "\"2.safetensors\"}}",
          NULL },
        { "{\"weight_map\":{\"b.weight\":\"1.safetensors\"}}", NULL },
        { "{\"weight_map\":{\"b.weight\":\"2.safetensors\",\"a\":"
          "\"1.safetensors\"}}",
          "is not in" },
        { "{\"weight_map\":{\"b.weight\":\"1.safetensors\",\"c\":"
          "\"2.safetensors\"}}",
          "'c' is not in" },
        { "{\"weight_map\":{\"b.weight\":\"../1.safetensors\"}}",
          "not the name of a file beside it" },
        { "{\"weight_map\":{\"b.weight\":7}}",
          "not the name of a file beside it" },
        { "{\"weight_map\":[]}", "no weight_map" },
        { "{}", "no weight_map" },
        { "{", "no JSON" },
    };
    char dir[512], path[600];
    struct err e = { 0 };
    snprintf(dir, sizeof dir, "%s", test_path("sharded"));
    mkdir(dir, 0777);
    check_refused(dir, "neither model.safetensors nor");
    for (idx i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_int_equal(safetensors_write(path, &written[i], 1, &e), OK);
    }
    snprintf(path, sizeof path, "%s/%s", dir, SAFETENSORS_INDEX);
    for (idx i = 0; i < COUNT_OF(indices); i++) {
        struct safetensors s;
        test_write_file(path, indices[i].index, strlen(indices[i].index));
        if (indices[i].said) {
            check_refused(dir, indices[i].said);
            continue;
        }
        if (safetensors_open(&s, dir, &e))
            fail_msg("%s", e.text);
        assert_int_equal(s.n, i == 0 ? 2 : 1);
        assert_non_null(safetensors_find(&s, "b.weight"));
        safetensors_release(&s);
    }
    /* a file that holds more than the index knows */
    snprintf(path, sizeof path, "%s/%s", dir, names[1]);
    assert_int_equal(safetensors_write(path, written, 2, &e), OK);
    snprintf(path, sizeof path, "%s/%s", dir, SAFETENSORS_INDEX);
    test_write_file(path, indices[0].index, strlen(indices[0].index));
    check_refused(dir, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safetensors__come_back_as_they_were_written),
        cmocka_unit_test(test_safetensors__half_precision_is_widened_exactly),
        cmocka_unit_test(test_safetensors__hostile_headers_are_one_sentence),
        cmocka_unit_test(test_safetensors__a_file_cut_off_anywhere_is_refused),
        cmocka_unit_test(test_safetensors__shards_are_where_the_index_says),
    };
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}

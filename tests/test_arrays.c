/* Analysis files: what was saved comes back, with its axes attached. */
#include "harness.h"

#include <hdf5.h>
#include <hdf5_hl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/arrays.h"
#include "io/hdf.h"
#include "io/fsys.h"

enum { STEPS = 5, LAYERS = 2, HEADS = 3, CAP_BYTES = 1 << 24 };

static const int64_t steps[STEPS] = { 0, 1, 2, 4, 1000000007 };
static const int64_t layers[LAYERS] = { 0, 1 };
static const int64_t heads[HEADS] = { 0, 1, 2 };
static const double eps[] = { 0.1, 0.3 };

static const struct axis axes[] = {
    { "step", "1", "optimizer updates done", STEPS, steps, NULL },
    { "layer", "1", "layer, from the input", LAYERS, layers, NULL },
    { "head", "1", "head within its layer", HEADS, heads, NULL },
    { "eps", "1", "threshold", 2, NULL, eps },
};

static const struct note notes[] = {
    { "run_id", "run-\xc3\xa9t\xc3\xa9" },
    { "config", "[run]\nseed = 3\n" },
};

/* Numbers over all axes, and their two arrays. */
struct fixture {
    float sink[STEPS * LAYERS * HEADS * 2];
    double loss[STEPS];
    struct array arrays[2];
    struct arrays all;
};

static void fixture_init(struct fixture *f)
{
    for (idx i = 0; i < COUNT_OF(f->sink); i++)
        f->sink[i] = (float)i / 7;
    for (idx i = 0; i < STEPS; i++)
        f->loss[i] = i == 2 ? NAN : 5.0 / (double)(i + 3);
    f->arrays[0] = (struct array){ .name = "sink_1",
                                   .long_name = "sinks on token 1",
                                   .source = "the study",
                                   .unit = "1",
                                   .definition = "share above eps",
                                   .ndim = 4,
                                   .axes = { 0, 1, 2, 3 },
                                   .floats = f->sink };
    f->arrays[1] = (struct array){ .name = "val_loss",
                                   .long_name = "validation loss",
                                   .unit = "nat",
                                   .definition = "mean cross-entropy",
                                   .ndim = 1,
                                   .axes = { 0 },
                                   .doubles = f->loss };
    f->all =
        (struct arrays){ notes,          COUNT_OF(notes), axes,
                         COUNT_OF(axes), f->arrays,       COUNT_OF(f->arrays) };
}

static const char *save(char path[FSYS_PATH_MAX], const char *name)
{
    struct err e = { 0 };
    struct fixture f;
    fixture_init(&f);
    snprintf(path, FSYS_PATH_MAX, "%s/%s", test_dir(), name);
    int rc = arrays_save(path, &f.all, &e);
    assert_string_equal(e.text, "");
    assert_int_equal(rc, OK);
    return path;
}

static void test_arrays__come_back(void **state)
{
    char path[FSYS_PATH_MAX], *text;
    struct err e = { 0 };
    struct array_values a;
    struct fixture f;
    (void)state;
    fixture_init(&f);
    save(path, "back.h5");
    assert_int_equal(array_load(&a, path, "sink_1", &e), OK);
    assert_int_equal(a.ndim, 4);
    assert_int_equal(a.shape[0], STEPS);
    assert_int_equal(a.shape[2], HEADS);
    assert_int_equal(a.n, COUNT_OF(f.sink));
    for (idx i = 0; i < a.n; i++)
        assert_true(a.values[i] == (double)f.sink[i]);
    array_values_release(&a);
    assert_int_equal(array_load(&a, path, "val_loss", &e), OK);
    assert_memory_equal(a.values, f.loss, sizeof f.loss);
    array_values_release(&a);
    assert_int_equal(array_load(&a, path, "step", &e), OK);
    for (idx i = 0; i < STEPS; i++)
        assert_true(a.values[i] == (double)steps[i]);
    array_values_release(&a);
    assert_int_equal(note_load(&text, path, "config", &e), OK);
    assert_string_equal(text, notes[1].text);
    free(text);
}

/* A file is read by what was found in the same bytes before, and by nothing
 * else. */
static void test_arrays__a_known_file_is_not_looked_into_again(void **state)
{
    char path[FSYS_PATH_MAX], other[FSYS_PATH_MAX], *text = NULL;
    struct hdf_layout layout;
    struct err e = { 0 }, bad = { 0 };
    (void)state;
    save(path, "known.h5");
    assert_int_equal(note_load_layout(&text, &layout, path, "config", &e), OK);
    free(text);
    struct array_file f = { .known = &layout };
    struct array_values a;
    assert_int_equal(array_file_open(&f, path, &e), OK);
    assert_int_equal(array_file_read(&a, &f, "val_loss", &e), OK);
    assert_int_equal(a.n, STEPS);
    array_values_release(&a);
    array_file_close(&f);
    layout.text[layout.n / 2] ^= 0x55; /* nonsense is told, so it was read */
    layout.n /= 2;
    f.known = &layout;
    assert_int_equal(array_file_open(&f, path, &bad), ERR_DATA);
    array_file_close(&f);
    const struct arrays few = { 0 };
    snprintf(other, sizeof other, "%s/other.h5", test_dir());
    assert_int_equal(arrays_save(other, &few, &e), OK);
    f.known = &layout; /* of other bytes: the library looks */
    assert_int_equal(array_file_open(&f, other, &e), OK);
    assert_int_equal(f.n, 0);
    array_file_close(&f);
    hdf_layout_release(&layout);
}

static void test_arrays__same_content_is_same_bytes(void **state)
{
    char path[2][FSYS_PATH_MAX], *bytes[2];
    size_t n[2];
    struct err e = { 0 };
    (void)state;
    for (int i = 0; i < 2; i++) {
        save(path[i], i ? "again.h5" : "once.h5");
        assert_int_equal(
            fsys_read_file(&bytes[i], &n[i], path[i], CAP_BYTES, &e), OK);
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(bytes[0], bytes[1], n[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static void test_arrays__every_axis_has_its_scale(void **state)
{
    char path[FSYS_PATH_MAX];
    struct fixture f;
    (void)state;
    fixture_init(&f);
    save(path, "scales.h5");
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    for (idx i = 0; i < f.all.n_arrays; i++) {
        hid_t data = H5Dopen2(file, f.arrays[i].name, H5P_DEFAULT);
        for (int k = 0; k < f.arrays[i].ndim; k++) {
            const char *name = axes[f.arrays[i].axes[k]].name;
            hid_t scale = H5Dopen2(file, name, H5P_DEFAULT);
            assert_true(H5DSis_scale(scale) > 0);
            assert_int_equal(H5DSget_num_scales(data, (unsigned)k), 1);
            assert_true(H5DSis_attached(data, scale, (unsigned)k) > 0);
            H5Dclose(scale);
        }
        H5Dclose(data);
    }
    H5Fclose(file);
}

static void test_arrays__missing_or_damaged_is_refused(void **state)
{
    char path[FSYS_PATH_MAX], *text = NULL;
    struct array_values a;
    struct err missing = { 0 }, damaged = { 0 }, none = { 0 }, note = { 0 };
    (void)state;
    save(path, "damaged.h5");
    assert_int_equal(array_load(&a, path, "sink_2", &missing), ERR_DATA);
    assert_non_null(strstr(missing.text, "has no array sink_2"));
    assert_int_equal(note_load(&text, path, "kind", &note), ERR_DATA);
    assert_null(text);
    assert_int_equal(truncate(path, 3000), 0);
    assert_int_equal(array_load(&a, path, "sink_1", &damaged), ERR_DATA);
    assert_non_null(strstr(damaged.text, "sinklab analyze"));
    assert_null(a.values);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(array_load(&a, path, "sink_1", &none), ERR_IO);
}

/* A pipe to the child that reads it takes two: not a lack of memory. */
static void test_arrays__too_few_open_files_are_told_as_such(void **state)
{
    char path[FSYS_PATH_MAX];
    struct array_values a;
    struct err e = { 0 };
    struct rlimit before, few;
    (void)state;
    save(path, "few.h5");
    int next = dup(STDIN_FILENO);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)next + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    int rc = array_load(&a, path, "step", &e);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(rc, ERR_IO);
    assert_non_null(strstr(e.text, "few.h5: cannot read it in another"));
    assert_non_null(strstr(e.text, "ulimit -n"));
}

static void test_array_file__tells_what_is_there(void **state)
{
    (void)state;
    char path[FSYS_PATH_MAX];
    struct err e = { 0 };
    struct array_file f = { 0 };
    struct array_values a;
    struct fixture want;
    fixture_init(&want);
    save(path, "file.h5");
    assert_int_equal(array_file_open(&f, path, &e), OK);
    assert_int_equal(f.n, 2); /* axes are none */
    assert_string_equal(f.arrays[0].name, "sink_1");
    assert_string_equal(f.arrays[0].axes, "step layer head eps");
    assert_int_equal(f.arrays[0].ndim, 4);
    assert_int_equal(f.arrays[0].shape[2], HEADS);
    assert_string_equal(f.arrays[1].name, "val_loss");
    assert_string_equal(f.arrays[1].axes, "step");
    assert_int_equal(array_file_read(&a, &f, "sink_1", &e), OK);
    assert_int_equal(a.n, COUNT_OF(want.sink));
    assert_true(a.values[5] == (double)want.sink[5]);
    array_values_release(&a);
    assert_int_equal(array_file_read(&a, &f, "step", &e), OK);
    assert_true(a.values[STEPS - 1] == 1000000007);
    array_values_release(&a);
    assert_int_equal(array_file_read(&a, &f, "nothing", &e), ERR_DATA);
    assert_null(a.values);
    array_file_close(&f);
    struct err none = { 0 };
    assert_int_equal(array_file_open(&f, "nowhere.h5", &none), ERR_IO);
    array_file_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_array_file__tells_what_is_there),
        cmocka_unit_test(test_arrays__too_few_open_files_are_told_as_such),
        cmocka_unit_test(test_arrays__come_back),
        cmocka_unit_test(test_arrays__a_known_file_is_not_looked_into_again),
        cmocka_unit_test(test_arrays__same_content_is_same_bytes),
        cmocka_unit_test(test_arrays__every_axis_has_its_scale),
        cmocka_unit_test(test_arrays__missing_or_damaged_is_refused),
    };
    return cmocka_run_group_tests_name("arrays", tests, NULL, NULL);
}

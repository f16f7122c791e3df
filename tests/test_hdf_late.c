/* Datasets whose values come when the file is saved. */
#include "harness.h"

#include <string.h>
#include <unistd.h>

#include "io/hdf.h"

enum { N = 3, M = 700 };

struct values {
    float matrix[N][M];
    int64_t counts[N];
    int rc; /* of fill */
};

static int fill(char *const *at, void *context, struct err *e)
{
    struct values *v = context;
    for (idx i = N - 1; i >= 0; i--) { /* in any order */
        memcpy(at[0] + i * (idx)sizeof v->matrix[0], v->matrix[i],
               sizeof v->matrix[0]);
        memcpy(at[1] + i * 8, &v->counts[i], 8);
    }
    return v->rc == OK ? OK : err_set(e, v->rc, "no more");
}

static int save(const char *path, struct values *v, bool is_late, struct err *e)
{
    static const int64_t axis[N] = { 4, 5, 6 };
    const struct hdf_shape matrix = { 2, { N, M } }, line = { 1, { N } };
    struct hdf *h;
    int rc = hdf_build(&h, path, sizeof *v, e);
    assert_int_equal(rc, OK);
    hdf_add_dataset(h, "/row", HDF_INT64, &line, axis);
    hdf_make_scale(h, "/row", "row");
    if (is_late)
        hdf_add_late(h, "/matrix", HDF_FLOAT32, &matrix);
    else
        hdf_add_dataset(h, "/matrix", HDF_FLOAT32, &matrix, v->matrix);
    hdf_attach_scale(h, "/matrix", 0, "/row");
    hdf_put_text(h, "/matrix", "units", "1");
    if (is_late)
        hdf_add_late(h, "/counts", HDF_INT64, &line);
    else
        hdf_add_dataset(h, "/counts", HDF_INT64, &line, v->counts);
    rc = is_late ? hdf_save_late(h, fill, v) : hdf_save(h);
    hdf_free(h);
    return rc;
}

static void assert_holds(const char *path, const struct values *want)
{
    struct values got;
    struct hdf *h;
    struct err e = { 0 };
    if (hdf_open(&h, path, 1 << 20, ERR_DATA, "-", &e) ||
        hdf_read(h, "/matrix", HDF_FLOAT32, got.matrix, (idx)N * M) ||
        hdf_read(h, "/counts", HDF_INT64, got.counts, N))
        fail_msg("%s", e.text);
    assert_memory_equal(got.matrix, want->matrix, sizeof got.matrix);
    assert_memory_equal(got.counts, want->counts, sizeof got.counts);
    hdf_free(h);
}

static struct values some_values(float shift)
{
    struct values v = { .rc = OK };
    for (idx i = 0; i < N; i++) {
        v.counts[i] = 7 * i - 3;
        for (idx j = 0; j < M; j++)
            v.matrix[i][j] = shift + (float)(i * M + j) / 16;
    }
    return v;
}

static void test_hdf_late__values_are_those_of_other_datasets(void **state)
{
    (void)state;
    struct values v = some_values(1);
    struct err e = { 0 };
    for (int is_late = 0; is_late < 2; is_late++) {
        const char *path = test_path("it.h5");
        if (save(path, &v, is_late, &e))
            fail_msg("%s", e.text);
        assert_holds(path, &v);
    }
}

/* What fill cannot give leaves the file that was there. */
static void test_hdf_late__a_failure_leaves_the_old_file(void **state)
{
    (void)state;
    struct values old = some_values(1), new = some_values(2);
    struct err e = { 0 };
    const char *path = test_path("kept.h5");
    if (save(path, &old, true, &e))
        fail_msg("%s", e.text);
    new.rc = ERR_DIVERGED;
    assert_int_equal(save(path, &new, true, &e), ERR_DIVERGED);
    assert_string_equal(e.text, "no more");
    assert_holds(path, &old);
    assert_int_equal(test_count(".tmp-"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hdf_late__values_are_those_of_other_datasets),
        cmocka_unit_test(test_hdf_late__a_failure_leaves_the_old_file),
    };
    return cmocka_run_group_tests_name("hdf_late", tests, NULL, NULL);
}

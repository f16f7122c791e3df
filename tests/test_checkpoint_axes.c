/* Axes of a checkpoint's datasets are dimension scales, which no reader of ours
 * needs. */
#include "harness.h"

#include <hdf5.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/fsys.h"
#include "run/checkpoint.h"

enum { CAP_BYTES = 1 << 26 };

/* A model with a square matrix, whose axes are to have two names; a state of
 * another shape, and a window. */
static void declare(struct param_table *t)
{
    *t = (struct param_table){ 0 };
    param_declare(t, PARAM_EMBEDDING, 1, 2, (idx[]){ 7, 5 }, "token.w");
    param_declare(t, PARAM_LINEAR, 1, 2, (idx[]){ 5, 5 }, "square");
    param_declare(t, PARAM_COLUMN, 1, 3, (idx[]){ 2, 1, 5 }, "keys");
    param_declare(t, PARAM_GAIN, 1, 1, (idx[]){ 5 }, "norm");
}

static void save(const char *path, const struct param_table *t, bool is_state)
{
    char config[] = "[run]\n";
    struct err e = { 0 };
    real *w = calloc((size_t)t->total, sizeof *w);
    assert_non_null(w);
    struct checkpoint_head head = {
        .run_id = "run-1", .step = 8, .tokens = 512, .config = config
    };
    struct optim_state state = { .slot = "vectors",
                                 .name = "token.w",
                                 .ndim = 1,
                                 .shape = { 3 },
                                 .n = 3,
                                 .values = w };
    struct window window = { "grad_norm_z", 2, { 0.5, 0.25 } };
    struct checkpoint_data d = { .weights = w };
    if (is_state)
        d = (struct checkpoint_data){ w, 1, &state, 1, &window };
    if (checkpoint_save(path, &head, t, &d, &e))
        fail_msg("%s", e.text);
    free(w);
}

static void make_file(char path[FSYS_PATH_MAX])
{
    struct param_table t;
    declare(&t);
    snprintf(path, FSYS_PATH_MAX, "%s/axes.h5", test_dir());
    save(path, &t, true);
    param_table_release(&t);
}

static void assert_attached(hid_t file, const char *dataset, int axis,
                            const char *scale)
{
    char name[64] = "";
    hid_t d = H5Dopen2(file, dataset, H5P_DEFAULT);
    hid_t s = H5Dopen2(file, scale, H5P_DEFAULT);
    assert_true(d >= 0 && s >= 0);
    assert_true(H5DSis_scale(s) > 0);
    assert_int_equal(H5DSis_attached(d, s, (unsigned)axis), 1);
    assert_int_equal(H5DSget_num_scales(d, (unsigned)axis), 1);
    assert_true(H5DSget_scale_name(s, name, sizeof name) > 0);
    assert_string_equal(name, scale + 1);
    H5Dclose(s);
    H5Dclose(d);
}

static void test_checkpoint_axes__each_has_its_scale(void **state)
{
    static const struct {
        const char *dataset, *scales[3];
    } wanted[] = {
        { "/param/token.w", { "/rows_7", "/columns_5" } },
        { "/param/square", { "/rows_5", "/columns_5" } },
        { "/param/keys", { "/rows_2", "/columns_1", "/layers_5" } },
        { "/param/norm", { "/rows_5" } },
        { "/optim/vectors/token.w", { "/rows_3" } },
        { "/window/grad_norm_z", { "/rows_2" } },
    };
    char path[FSYS_PATH_MAX];
    (void)state;
    make_file(path);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    for (idx i = 0; i < COUNT_OF(wanted); i++)
        for (int k = 0; k < 3 && wanted[i].scales[k]; k++)
            assert_attached(file, wanted[i].dataset, k, wanted[i].scales[k]);
    H5Fclose(file);
}

/* Their numbers are places. */
static void test_checkpoint_axes__scales_count(void **state)
{
    char path[FSYS_PATH_MAX];
    int64_t at[7];
    (void)state;
    make_file(path);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t d = H5Dopen2(file, "/rows_7", H5P_DEFAULT);
    assert_true(H5Dget_storage_size(d) == sizeof at);
    assert_true(H5Dread(d, H5T_STD_I64LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, at) >=
                0);
    for (int i = 0; i < COUNT_OF(at); i++)
        assert_int_equal(at[i], i);
    H5Dclose(d);
    H5Fclose(file);
}

/* As earlier versions wrote them. */
static void test_checkpoint_axes__files_without_are_read(void **state)
{
    static const char *const lists[] = { "/param/token.w", "/param/square",
                                         "/param/keys", "/param/norm" };
    static const char *const scales[] = { "/rows_7",    "/rows_5",
                                          "/rows_2",    "/rows_3",
                                          "/columns_5", "/columns_1",
                                          "/layers_5" };
    char path[FSYS_PATH_MAX];
    struct checkpoint_head head = { 0 };
    struct err e = { 0 };
    struct param_table t;
    (void)state;
    make_file(path);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    for (idx i = 0; i < COUNT_OF(lists); i++)
        assert_true(H5Adelete_by_name(file, lists[i], "DIMENSION_LIST",
                                      H5P_DEFAULT) >= 0);
    for (idx i = 0; i < COUNT_OF(scales); i++)
        assert_true(H5Ldelete(file, scales[i], H5P_DEFAULT) >= 0);
    H5Fclose(file);
    test_seal(path);
    declare(&t);
    real *w = calloc((size_t)t.total, sizeof *w);
    struct checkpoint_data d = { .weights = w };
    if (checkpoint_load(&head, path, &t, &d, &e))
        fail_msg("%s", e.text);
    assert_int_equal(head.step, 8);
    free(head.config);
    free(w);
    param_table_release(&t);
}

static idx size_of(idx n_tensors)
{
    char path[FSYS_PATH_MAX], *bytes;
    size_t n;
    struct err e = { 0 };
    struct param_table t = { 0 };
    for (idx i = 0; i < n_tensors; i++)
        param_declare(&t, PARAM_GAIN, 1, 1, (idx[]){ 4 }, "norm.%td", i);
    snprintf(path, sizeof path, "%s/many.h5", test_dir());
    save(path, &t, false);
    assert_int_equal(fsys_read_file(&bytes, &n, path, CAP_BYTES, &e), OK);
    free(bytes);
    param_table_release(&t);
    return (idx)n;
}

/* A list of users that was written anew for each would lie there n times; and
 * what does not fit an object's header is all right, too. */
static void test_checkpoint_axes__of_many_tensors_take_room_once(void **state)
{
    (void)state;
    idx few = size_of(600), many = size_of(6000);
    assert_true(many < 11 * few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checkpoint_axes__each_has_its_scale),
        cmocka_unit_test(test_checkpoint_axes__scales_count),
        cmocka_unit_test(test_checkpoint_axes__files_without_are_read),
        cmocka_unit_test(test_checkpoint_axes__of_many_tensors_take_room_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

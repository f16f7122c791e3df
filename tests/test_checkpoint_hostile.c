/* Checkpoints that someone built to be misread. Each is a good file that was
 * changed through the HDF5 library and sealed again, so that only the reader's
 * own checks are left to refuse it. */
#include "harness.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/fsys.h"
#include "run/checkpoint.h"

enum { ROWS = 4, COLUMNS = 6 };

static const char victim[] = "/param/token.w";

/* A model of two tensors; a checkpoint of it at path. */
static void make_table(struct param_table *t)
{
    *t = (struct param_table){ 0 };
    param_declare(t, PARAM_EMBEDDING, 1, 2, (idx[]){ ROWS, COLUMNS },
                  "token.w");
    param_declare(t, PARAM_GAIN, 1, 1, (idx[]){ COLUMNS }, "norm");
}

static void make_file(char path[FSYS_PATH_MAX])
{
    char config[] = "[run]\n";
    struct err e = { 0 };
    struct param_table t;
    make_table(&t);
    real *w = calloc((size_t)t.total, sizeof *w);
    assert_non_null(w);
    for (idx i = 0; i < t.total; i++)
        w[i] = (real)i / 3;
    struct checkpoint_head head = {
        .run_id = "run-1", .step = 8, .tokens = 512, .config = config
    };
    struct optim_state state = {
        .slot = "moment", .name = "norm", .ndim = 1, .n = 2, .values = w
    };
    struct window window = { "grad_norm_z", 2, { 0.5, 0.25 } };
    state.shape[0] = state.n;
    struct checkpoint_data d = { w, 1, &state, 1, &window };
    snprintf(path, FSYS_PATH_MAX, "%s/hostile.h5", test_dir());
    assert_int_equal(checkpoint_save(path, &head, &t, &d, &e), OK);
    param_table_release(&t);
    free(w);
}

static void assert_refused(const char *path, const char *because)
{
    struct param_table t;
    struct err e = { 0 };
    struct checkpoint_head head = { 0 };
    make_table(&t);
    real *w = calloc((size_t)t.total, sizeof *w);
    assert_non_null(w);
    struct checkpoint_data d = { .weights = w };
    int rc = checkpoint_load(&head, path, &t, &d, &e);
    if (rc != ERR_CHECKPOINT || !strstr(e.text, because))
        fail_msg("got: %d %s\nwant: ...%s...", rc, e.text, because);
    free(head.config);
    free(w);
    param_table_release(&t);
}

/* The ways to change a file; each gets it open, the victim still in place. */

static void replace_victim(hid_t file, hid_t type, int ndim, const hsize_t *n,
                           hid_t list)
{
    hid_t space = ndim ? H5Screate_simple(ndim, n, NULL) : H5Screate(H5S_NULL);
    assert_true(H5Ldelete(file, victim, H5P_DEFAULT) >= 0);
    hid_t data =
        H5Dcreate2(file, victim, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(data >= 0);
    H5Sclose(space);
    H5Dclose(data);
}

static const hsize_t right_shape[] = { ROWS, COLUMNS };

static void store_externally(hid_t file)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(list, "/etc/passwd", 0, ROWS * COLUMNS * sizeof(float));
    replace_victim(file, H5T_IEEE_F32LE, 2, right_shape, list);
    H5Pclose(list);
}

static void store_compressed(hid_t file)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, right_shape);
    H5Pset_deflate(list, 9);
    replace_victim(file, H5T_IEEE_F32LE, 2, right_shape, list);
    H5Pclose(list);
}

static void store_virtually(hid_t file)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    hid_t space = H5Screate_simple(2, right_shape, NULL);
    H5Pset_virtual(list, space, "/tmp/other.h5", "/x", space);
    replace_victim(file, H5T_IEEE_F32LE, 2, right_shape, list);
    H5Sclose(space);
    H5Pclose(list);
}

static void store_compactly(hid_t file)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(list, H5D_COMPACT);
    replace_victim(file, H5T_IEEE_F32LE, 2, right_shape, list);
    H5Pclose(list);
}

static void store_nothing(hid_t file)
{
    replace_victim(file, H5T_IEEE_F32LE, 2, right_shape, H5P_DEFAULT);
}

static void claim_huge_shape(hid_t file)
{
    const hsize_t n[] = { (hsize_t)1 << 30, (hsize_t)1 << 30 };
    replace_victim(file, H5T_IEEE_F32LE, 2, n, H5P_DEFAULT);
}

static void claim_empty_shape(hid_t file)
{
    const hsize_t n[] = { 0, COLUMNS };
    replace_victim(file, H5T_IEEE_F32LE, 2, n, H5P_DEFAULT);
}

static void claim_no_shape(hid_t file)
{
    replace_victim(file, H5T_IEEE_F32LE, 0, NULL, H5P_DEFAULT);
}

static void claim_many_dimensions(hid_t file)
{
    const hsize_t n[] = { 1, 1, 1, 1, ROWS, COLUMNS };
    replace_victim(file, H5T_IEEE_F32LE, 6, n, H5P_DEFAULT);
}

static void use_big_endian(hid_t file)
{
    replace_victim(file, H5T_IEEE_F32BE, 2, right_shape, H5P_DEFAULT);
}

static void use_texts(hid_t file)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    replace_victim(file, type, 2, right_shape, H5P_DEFAULT);
    H5Tclose(type);
}

static void link_softly(hid_t file)
{
    H5Lmove(file, victim, file, "/elsewhere", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/elsewhere", file, victim, H5P_DEFAULT, H5P_DEFAULT);
}

static void link_externally(hid_t file)
{
    H5Ldelete(file, victim, H5P_DEFAULT);
    H5Lcreate_external("/tmp/other.h5", "/x", file, victim, H5P_DEFAULT,
                       H5P_DEFAULT);
}

static void link_whole_group(hid_t file)
{
    H5Lmove(file, "/param", file, "/elsewhere", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/elsewhere", file, "/param", H5P_DEFAULT, H5P_DEFAULT);
}

static void link_in_a_circle(hid_t file)
{
    H5Ldelete(file, victim, H5P_DEFAULT);
    H5Lcreate_hard(file, "/param", file, victim, H5P_DEFAULT, H5P_DEFAULT);
}

static void name_overlong(hid_t file)
{
    char path[1024] = "/param/";
    memset(path + strlen(path), 'x', 900);
    H5Lcreate_hard(file, victim, file, path, H5P_DEFAULT, H5P_DEFAULT);
}

static void put_group(hid_t file)
{
    H5Ldelete(file, victim, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, victim, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

static void put_type(hid_t file)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Ldelete(file, victim, H5P_DEFAULT);
    H5Tcommit2(file, victim, type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(type);
}

static void drop_tensor_hash(hid_t file)
{
    H5Adelete_by_name(file, victim, "xxh3", H5P_DEFAULT);
}

static void drop_config(hid_t file)
{
    H5Adelete(file, "config");
}

static void put_attribute(hid_t file, const char *name, hid_t type,
                          const void *value)
{
    H5Adelete(file, name);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t a = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(a >= 0 && H5Awrite(a, type, value) >= 0);
    H5Aclose(a);
    H5Sclose(space);
}

static void put_short_step(hid_t file)
{
    const int32_t step = 8;
    put_attribute(file, "step", H5T_STD_I32LE, &step);
}

static void put_other_step(hid_t file)
{
    const int64_t step = 9;
    put_attribute(file, "step", H5T_STD_I64LE, &step);
}

static void put_next_format(hid_t file)
{
    const int64_t format = CHECKPOINT_FORMAT + 1;
    put_attribute(file, "format", H5T_STD_I64LE, &format);
}

static void put_fixed_config(hid_t file)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, 6);
    put_attribute(file, "config", type, "[run]\n");
    H5Tclose(type);
}

static void change_number(hid_t file)
{
    float w[ROWS * COLUMNS] = { 0 };
    hid_t data = H5Dopen2(file, victim, H5P_DEFAULT);
    H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, w);
    H5Dclose(data);
}

static void rename_window(hid_t file)
{
    H5Lmove(file, "/window/grad_norm_z", file, "/window/weight_norm_z",
            H5P_DEFAULT, H5P_DEFAULT);
}

static void test_hostile__every_trick_is_refused(void **state)
{
    static const struct {
        void (*change)(hid_t file);
        const char *because;
    } tricks[] = {
        { store_externally, "/param/token.w is not stored plainly" },
        { store_compressed, "/param/token.w is not stored plainly" },
        { store_virtually, "/param/token.w is not stored plainly" },
        { store_compactly, "/param/token.w is not stored plainly" },
        { store_nothing, "/param/token.w has less data" },
        { claim_huge_shape, "/param/token.w has less data" },
        { claim_empty_shape, "/param/token.w has an impossible shape" },
        { claim_no_shape, "/param/token.w has an impossible shape" },
        { claim_many_dimensions, "/param/token.w has an impossible shape" },
        { use_big_endian, "/param/token.w has another type" },
        { use_texts, "/param/token.w has another type" },
        { link_softly, "/param/token.w is a soft or external link" },
        { link_externally, "/param/token.w is a soft or external link" },
        { link_whole_group, "/param is a soft or external link" },
        { link_in_a_circle, "/param/token.w is not a dataset" },
        { name_overlong, "/param has a member with an overlong name" },
        { put_group, "/param/token.w is not a dataset" },
        { put_type, "/param/token.w is not a dataset" },
        { drop_tensor_hash, "/param/token.w has no sound attribute xxh3" },
        { drop_config, "/ has no sound attribute config" },
        { put_short_step, "has an attribute step of another type" },
        { put_other_step, "attributes do not match their hash" },
        { put_next_format, "has format 3, this program reads 2" },
        { put_fixed_config, "has an attribute config of another type" },
        { rename_window, "attributes do not match their hash" },
        { change_number, "contents of /param/token.w do not match" },
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(tricks); i++) {
        char path[FSYS_PATH_MAX];
        make_file(path);
        hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        assert_true(file >= 0);
        tricks[i].change(file);
        H5Fclose(file);
        assert_refused(path, "the seal, is missing");
        test_seal(path);
        assert_refused(path, tricks[i].because);
    }
}

static void test_hostile__times_are_not_in_the_file(void **state)
{
    const char *objects[] = { "/", "/param", victim };
    char path[FSYS_PATH_MAX];
    (void)state;
    make_file(path);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    for (idx i = 0; i < COUNT_OF(objects); i++) {
        hid_t object = H5Oopen(file, objects[i], H5P_DEFAULT);
#if H5_VERSION_GE(1, 12, 0)
        H5O_info2_t info;
        assert_true(H5Oget_info3(object, &info, H5O_INFO_TIME) >= 0);
#else
        H5O_info_t info;
        assert_true(H5Oget_info(object, &info) >= 0);
#endif
        assert_int_equal(info.ctime, 0);
        assert_int_equal(info.mtime, 0);
        H5Oclose(object);
    }
    H5Fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile__every_trick_is_refused),
        cmocka_unit_test(test_hostile__times_are_not_in_the_file),
    };
    return cmocka_run_group_tests_name("checkpoint_hostile", tests, NULL, NULL);
}

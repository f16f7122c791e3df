/* A checkpoint comes back bit for bit, or is refused in a sentence. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "run/checkpoint.h"

enum { CAP_BYTES = 1 << 24, CALLS_MAX = 100, N_SLOTS = 2, N_TENSORS = 4 };

/* Of places in a file every so-manieth is tried, a prime; at the end, where the
 * seal is, or the beginning, each. */
enum { STRIDE = 7, ENDS = 256 };

static const char *const slot_names[N_SLOTS] = { "moment1", "moment2" };

/* A model's table, its numbers, and its head. */
struct fixture {
    struct param_table t;
    real *values[1 + N_SLOTS];
    struct optim_state states[N_SLOTS * N_TENSORS];
    struct checkpoint_data d;
    struct checkpoint_head head;
};

/* Any bits will do: NaNs, negative zeros and subnormals among them. */
static real *random_bits(const struct param_table *t, uint64_t number)
{
    real *values = calloc((size_t)t->total, sizeof *values);
    struct rng r = rng_open(7, RNG_TEST, 0, number);
    assert_non_null(values);
    for (idx i = 0; i < t->count; i++) {
        char *at = (char *)(values + t->rows[i].offset);
        for (size_t k = 0; k < (size_t)t->rows[i].n * sizeof(real); k += 4) {
            uint32_t word = rng_u32(&r);
            memcpy(at + k, &word, 4);
        }
    }
    return values;
}

static void declare(struct param_table *t, idx width)
{
    param_declare(t, PARAM_EMBEDDING, 1, 2, (idx[]){ 11, width }, "token.w");
    param_declare(t, PARAM_LINEAR, width, 2, (idx[]){ 3 * width, width },
                  "block.%d.qkv", 0);
    param_declare(t, PARAM_BIAS, width, 1, (idx[]){ 3 * width },
                  "block.%d.bias", 0);
    param_declare(t, PARAM_COLUMN, width, 3, (idx[]){ 2, 1, width }, "keys");
}

/* All tensors of a slot, slot by slot. */
static void describe_states(struct fixture *f)
{
    assert_int_equal(f->t.count, N_TENSORS);
    for (idx i = 0; i < COUNT_OF(f->states); i++) {
        const struct param *p = &f->t.rows[i % N_TENSORS];
        struct optim_state *x = &f->states[i];
        x->slot = slot_names[i / N_TENSORS];
        strcpy(x->name, p->name);
        x->ndim = p->ndim;
        memcpy(x->shape, p->shape, sizeof x->shape);
        x->n = p->n;
        x->values = f->values[1 + i / N_TENSORS] + p->offset;
    }
}

static void fixture_init(struct fixture *f, uint64_t number, idx n_slots)
{
    *f = (struct fixture){ 0 };
    declare(&f->t, 5);
    for (int i = 0; i < 1 + N_SLOTS; i++)
        f->values[i] = random_bits(&f->t, 10 * number + (uint64_t)i);
    describe_states(f);
    f->d = (struct checkpoint_data){ .weights = f->values[0],
                                     .n_states = n_slots * N_TENSORS,
                                     .states = f->states };
    f->head = (struct checkpoint_head){ .run_id = "run-\xc3\xa9t\xc3\xa9",
                                        .step = 128,
                                        .tokens = 65536.5,
                                        .last_row = "0123456789abcdef" };
    f->head.config = strdup("[run]\nseed = 3\n");
    assert_non_null(f->head.config);
}

static void fixture_release(struct fixture *f)
{
    for (int i = 0; i < 1 + N_SLOTS; i++)
        free(f->values[i]);
    free(f->head.config);
    param_table_release(&f->t);
}

static void save(const struct fixture *f, const char *path)
{
    struct err e = { 0 };
    int rc = checkpoint_save(path, &f->head, &f->t, &f->d, &e);
    assert_string_equal(e.text, "");
    assert_int_equal(rc, OK);
}

/* Load into other numbers; on success they must be f's. */
static int load(const struct fixture *f, const char *path, struct err *e)
{
    struct fixture got;
    struct checkpoint_head head = { 0 };
    size_t bytes = (size_t)f->t.total * sizeof(real);
    fixture_init(&got, 99, f->d.n_states / N_TENSORS);
    int rc = checkpoint_load(&head, path, &f->t, &got.d, e);
    if (rc == OK) {
        for (idx i = 0; i <= f->d.n_states / N_TENSORS; i++)
            assert_memory_equal(got.values[i], f->values[i], bytes);
        assert_string_equal(head.run_id, f->head.run_id);
        assert_string_equal(head.config, f->head.config);
        assert_int_equal(head.step, f->head.step);
        assert_true(head.tokens == f->head.tokens);
        if (f->d.n_states)
            assert_string_equal(head.last_row, f->head.last_row);
        free(head.config);
    }
    fixture_release(&got);
    return rc;
}

static const char *in_dir(char path[FSYS_PATH_MAX], const char *name)
{
    snprintf(path, FSYS_PATH_MAX, "%s/%s", test_dir(), name);
    return path;
}

static void assert_refused(const struct fixture *f, const char *path,
                           const char *because)
{
    struct err e = { 0 };
    assert_int_equal(load(f, path, &e), ERR_CHECKPOINT);
    if (!strstr(e.text, path) || !strstr(e.text, because))
        fail_msg("got: %s\nwant: ...%s...", e.text, because);
}

static void test_checkpoint__comes_back_bit_for_bit(void **state)
{
    char path[FSYS_PATH_MAX];
    struct err e = { 0 };
    (void)state;
    in_dir(path, "same.h5");
    for (idx n_slots = 0; n_slots <= N_SLOTS; n_slots++) {
        struct fixture f;
        fixture_init(&f, 1, n_slots);
        save(&f, path);
        assert_int_equal(load(&f, path, &e), OK);
        f.d.n_states = 0; /* the weights of a full state will do for analysis */
        assert_int_equal(load(&f, path, &e), OK);
        fixture_release(&f);
    }
}

static void test_checkpoint__head_is_read_alone(void **state)
{
    char path[FSYS_PATH_MAX];
    struct err e = { 0 };
    struct fixture f;
    struct checkpoint_head head = { 0 };
    const size_t n = 100000; /* more than an HDF5 attribute holds by default */
    (void)state;
    fixture_init(&f, 1, 0);
    free(f.head.config);
    f.head.config = malloc(n + 1);
    assert_non_null(f.head.config);
    memset(f.head.config, '#', n);
    f.head.config[n] = '\0';
    save(&f, in_dir(path, "head.h5"));
    assert_int_equal(checkpoint_read_head(&head, path, &e), OK);
    assert_string_equal(head.config, f.head.config);
    assert_string_equal(head.run_id, f.head.run_id);
    assert_int_equal(load(&f, path, &e), OK);
    free(head.config);
    fixture_release(&f);
}

static void test_checkpoint__same_content_is_same_bytes(void **state)
{
    char path[2][FSYS_PATH_MAX], *bytes[2];
    size_t n[2];
    struct err e = { 0 };
    struct fixture f;
    (void)state;
    fixture_init(&f, 1, N_SLOTS);
    for (int i = 0; i < 2; i++) {
        save(&f, in_dir(path[i], i ? "again.h5" : "once.h5"));
        assert_int_equal(
            fsys_read_file(&bytes[i], &n[i], path[i], CAP_BYTES, &e), OK);
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(bytes[0], bytes[1], n[0]);
    free(bytes[0]);
    free(bytes[1]);
    fixture_release(&f);
}

static void fill_window(struct window *w, const char *name, idx n)
{
    *w = (struct window){ .n = n };
    strcpy(w->name, name);
    for (idx i = 0; i < n; i++)
        w->values[i] = 1 / (double)(i + 3);
}

/* Windows come back by name, whoever else is there; one that is not there is
 * empty. A file has no trace of windows that hold nothing. */
static void test_checkpoint__windows_come_back_by_name(void **state)
{
    char path[FSYS_PATH_MAX], other[FSYS_PATH_MAX], *bytes[2];
    struct window saved[3], got[2];
    struct err e = { 0 };
    struct fixture f;
    size_t n[2];
    (void)state;
    fixture_init(&f, 1, 1);
    save(&f, in_dir(path, "none.h5"));
    fill_window(&saved[0], "lr_z", 0);
    f.d.windows = saved;
    f.d.n_windows = 1;
    save(&f, in_dir(other, "empty.h5"));
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            fsys_read_file(&bytes[i], &n[i], i ? other : path, CAP_BYTES, &e),
            OK);
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(bytes[0], bytes[1], n[0]);
    free(bytes[0]), free(bytes[1]);
    fill_window(&saved[1], "grad_norm_z", 3);
    fill_window(&saved[2], "weight_norm_z", WINDOW_VALUES);
    f.d.n_windows = 3;
    save(&f, path);
    fill_window(&got[0], "weight_norm_z", 1);
    fill_window(&got[1], "update_ratio_z", 5);
    f.d.windows = got;
    f.d.n_windows = 2;
    assert_int_equal(checkpoint_load(NULL, path, &f.t, &f.d, &e), OK);
    assert_memory_equal(&got[0], &saved[2], sizeof *got);
    assert_int_equal(got[1].n, 0);
    got[0].n = 7;
    assert_int_equal(checkpoint_load(NULL, other, &f.t, &f.d, &e), OK);
    assert_int_equal(got[0].n, 0);
    fixture_release(&f);
}

static void test_checkpoint__of_another_model_is_refused(void **state)
{
    char path[FSYS_PATH_MAX];
    struct fixture f, other;
    (void)state;
    fixture_init(&f, 1, 0);
    fixture_init(&other, 1, 0);
    save(&f, in_dir(path, "other.h5"));
    param_table_release(&other.t);
    declare(&other.t, 7);
    assert_refused(&other, path,
                   "/param/token.w has shape 11 x 5, this model wants 11 x 7");
    param_table_release(&other.t);
    declare(&other.t, 5);
    other.t.count--; /* as if the model had no "keys" */
    assert_refused(&other, path, "holds /param/keys");
    other.t.count++;
    param_declare(&other.t, PARAM_GAIN, 1, 1, (idx[]){ 4 }, "norm");
    assert_refused(&other, path, "misses /param/norm");
    fixture_release(&f);
    fixture_release(&other);
}

static void test_checkpoint__of_another_optimizer_is_refused(void **state)
{
    char path[FSYS_PATH_MAX];
    struct fixture f;
    (void)state;
    in_dir(path, "optimizer.h5");
    fixture_init(&f, 1, 0);
    save(&f, path);
    f.d.n_states = N_TENSORS;
    assert_refused(&f, path, "holds weights only");
    save(&f, path);
    f.d.n_states = 2 * N_TENSORS;
    assert_refused(&f, path, "misses /optim/moment2");
    save(&f, path);
    f.d.n_states = N_TENSORS;
    assert_refused(&f, path, "holds /optim/moment2");
    fixture_release(&f);
}

static void test_checkpoint__what_is_none_is_refused(void **state)
{
    char path[FSYS_PATH_MAX];
    struct err e = { 0 };
    struct fixture f;
    (void)state;
    fixture_init(&f, 1, 0);
    assert_int_equal(load(&f, in_dir(path, "missing.h5"), &e), ERR_IO);
    assert_non_null(strstr(e.text, path));
    assert_int_equal(load(&f, test_dir(), &e), ERR_IO);
    test_write_file(in_dir(path, "empty.h5"), "", 0);
    assert_refused(&f, path, "not an HDF5 file");
    test_write_file(in_dir(path, "text.h5"), "step,loss\n0,5.5\n", 16);
    assert_refused(&f, path, "not an HDF5 file");
    fixture_release(&f);
}

static void test_checkpoint__truncated_file_is_refused(void **state)
{
    char path[FSYS_PATH_MAX], *bytes;
    struct err e = { 0 };
    struct fixture f;
    size_t size;
    (void)state;
    fixture_init(&f, 1, 1);
    save(&f, in_dir(path, "cut.h5"));
    assert_int_equal(fsys_read_file(&bytes, &size, path, CAP_BYTES, &e), OK);
    for (size_t n = size; n > 0;) {
        n -= n > ENDS && n + ENDS < size ? STRIDE : 1;
        assert_int_equal(truncate(path, (off_t)n), 0);
        assert_refused(&f, path, "damaged");
    }
    free(bytes);
    fixture_release(&f);
}

static void test_checkpoint__changed_byte_is_refused(void **state)
{
    char path[FSYS_PATH_MAX], *bytes;
    struct err e = { 0 };
    struct rng r = rng_open(7, RNG_TEST, 1, 0);
    struct fixture f;
    size_t size;
    (void)state;
    fixture_init(&f, 1, 1);
    save(&f, in_dir(path, "changed.h5"));
    assert_int_equal(fsys_read_file(&bytes, &size, path, CAP_BYTES, &e), OK);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    /* the last one is the line end of the seal */
    for (size_t at = 0; at + 1 < size; at += at + ENDS < size ? STRIDE : 1) {
        char changed = (char)(bytes[at] ^ (1 + rng_below(&r, 255)));
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
        assert_refused(&f, path, "damaged");
        assert_int_equal(pwrite(fd, bytes + at, 1, (off_t)at), 1);
    }
    assert_int_equal(load(&f, path, &e), OK);
    close(fd);
    free(bytes);
    fixture_release(&f);
}

/* Save `new` over `old` while the n-th call and perhaps all after it fail. */
static int save_failing(const struct fixture *old, const struct fixture *new,
                        const char *path, long n, bool is_persistent)
{
    struct err e = { 0 }, unused = { 0 };
    save(old, path);
    (is_persistent ? fsys_fail_from : fsys_fail_at)(n, ENOSPC);
    int rc = checkpoint_save(path, &new->head, &new->t, &new->d, &e);
    fsys_fail_at(0, 0);
    assert_true(rc == OK || rc == ERR_IO);
    assert_true(rc == OK || strstr(e.text, "free some space"));
    struct checkpoint_head head = { 0 };
    assert_int_equal(checkpoint_read_head(&head, path, &unused), OK);
    const struct fixture *there = head.step == old->head.step ? old : new;
    assert_true(there == new || rc == ERR_IO);
    assert_int_equal(load(there, path, &unused), OK);
    free(head.config);
    return rc;
}

static void test_checkpoint__failing_save_leaves_old_or_new(void **state)
{
    char path[FSYS_PATH_MAX];
    struct fixture old, new;
    (void)state;
    fixture_init(&old, 1, 1);
    fixture_init(&new, 2, 1);
    new.head.step = 256;
    in_dir(path, "failing.h5");
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        int rc = ERR_IO;
        for (long n = 1; rc != OK && n < CALLS_MAX; n++) {
            struct err e = { 0 };
            rc = save_failing(&old, &new, path, n, is_persistent);
            if (is_persistent) /* then even the cleaning up may have failed */
                assert_int_equal(fsys_remove_stale(test_dir(), &e), OK);
            assert_int_equal(test_count(".tmp-"), 0);
        }
        assert_int_equal(rc, OK);
    }
    fixture_release(&old);
    fixture_release(&new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checkpoint__comes_back_bit_for_bit),
        cmocka_unit_test(test_checkpoint__head_is_read_alone),
        cmocka_unit_test(test_checkpoint__same_content_is_same_bytes),
        cmocka_unit_test(test_checkpoint__windows_come_back_by_name),
        cmocka_unit_test(test_checkpoint__of_another_model_is_refused),
        cmocka_unit_test(test_checkpoint__of_another_optimizer_is_refused),
        cmocka_unit_test(test_checkpoint__what_is_none_is_refused),
        cmocka_unit_test(test_checkpoint__truncated_file_is_refused),
        cmocka_unit_test(test_checkpoint__changed_byte_is_refused),
        cmocka_unit_test(test_checkpoint__failing_save_leaves_old_or_new),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}

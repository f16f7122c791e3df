/* Files that somebody changed in any place and sealed again: a reader refuses
 * them with a sentence, or takes what they say; it neither crashes nor hangs,
 * though the HDF5 library does. */
#include "harness.h"
#include "hdf_mutant.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "io/fsys.h"
#include "io/hdf_record.h"

static const char *const names[] = { "weights.h5", "state.h5", "analysis.h5" };

static void check_answer(const char *name, int rc, const struct err *e)
{
    int refusal = strcmp(name, "analysis.h5") == 0 ? ERR_DATA : ERR_CHECKPOINT;
    if (rc != OK && rc != refusal)
        fail_msg("%s: status %d: %s", name, rc, e->text);
    if (rc != OK && !strstr(e->text, name))
        fail_msg("%s is not named: %s", name, e->text);
}

static void open_mutant(struct hdf_mutant *m, const char *name)
{
    char path[FSYS_PATH_MAX];
    struct err e = { 0 };
    if (hdf_mutant_make(test_dir(), &e))
        fail_msg("%s", e.text);
    snprintf(path, sizeof path, "%s/%s", test_dir(), name);
    if (hdf_mutant_init(m, path, &e))
        fail_msg("%s", e.text);
    assert_true(m->n_sums > 5);
    hdf_mutant_edit(m, NULL, 0); /* nothing changed: all is put right */
    assert_int_equal(hdf_mutant_save(m, path), OK);
    assert_int_equal(hdf_mutant_load(test_dir(), name, &e), OK);
}

static void check_edits(struct hdf_mutant *m, const char *name,
                        const uint8_t *edits, size_t n, idx *n_refused)
{
    char path[FSYS_PATH_MAX];
    struct err e = { 0 };
    snprintf(path, sizeof path, "%s/%s", test_dir(), name);
    hdf_mutant_edit(m, edits, n);
    assert_int_equal(hdf_mutant_save(m, path), OK);
    int rc = hdf_mutant_load(test_dir(), name, &e);
    check_answer(name, rc, &e);
    *n_refused += rc != OK;
}

static void test_hdf_mutant__random_edits_are_refused_or_harmless(void **state)
{
    enum { MUTANTS = 50, EDITS_MAX = 3 };
    (void)state;
    for (idx k = 0; k < COUNT_OF(names); k++) {
        struct hdf_mutant m;
        idx n_refused = 0;
        open_mutant(&m, names[k]);
        struct rng r = rng_open(7, RNG_TEST, (uint64_t)k, 0);
        for (idx i = 0; i < MUTANTS; i++) {
            uint8_t edits[EDITS_MAX * MUTANT_EDIT_BYTES];
            for (size_t b = 0; b < sizeof edits; b++)
                edits[b] = (uint8_t)rng_below(&r, 256);
            check_edits(&m, names[k], edits,
                        (size_t)(1 + i % EDITS_MAX) * MUTANT_EDIT_BYTES,
                        &n_refused);
        }
        assert_true(n_refused > MUTANTS / 3);
        hdf_mutant_release(&m);
    }
}

/* Where texts of variable length lie. The library reads past the end of what
 * is said to be there. */
static void test_hdf_mutant__the_heap_of_texts_may_say_anything(void **state)
{
    (void)state;
    struct hdf_mutant m;
    idx n_refused = 0, n_edits = 0;
    open_mutant(&m, names[0]);
    const char *heap = memmem(m.base, m.n, "GCOL", 4);
    assert_non_null(heap);
    for (size_t i = 4; i < 48; i += 4) {
        size_t at = (size_t)(heap - m.base) + i;
        uint8_t edits[] = { (uint8_t)at, (uint8_t)(at >> 8),
                            (uint8_t)(at >> 16), 3, i % 8 ? 0xff : 0 };
        check_edits(&m, names[0], edits, sizeof edits, &n_refused);
        n_edits++;
    }
    assert_true(n_refused > n_edits / 3);
    hdf_mutant_release(&m);
}

/* What a child that was taken over might say instead of a tree. */
static void test_hdf_mutant__nonsense_from_the_child_is_refused(void **state)
{
    enum { TRIES = 2000, BYTES = 600 };
    struct rng r = rng_open(3, RNG_TEST, 0, 0);
    (void)state;
    for (idx i = 0; i < TRIES; i++) {
        char bytes[BYTES];
        struct err e = { 0 };
        struct hdf h = { .path = "x.h5",
                         .e = &e,
                         .damage_code = ERR_DATA,
                         .remedy = "none",
                         .n_bytes = 100 };
        for (idx b = 0; b < BYTES; b++) /* mostly small numbers */
            bytes[b] = (char)(rng_below(&r, 4) ? 0 : rng_below(&r, 256));
        bytes[0] = "oafe"[i % 4];
        assert_int_equal(hdf_take(&h, bytes, BYTES), ERR_DATA);
        assert_non_null(strstr(e.text, "x.h5: damaged"));
        pool_release(&h.memory);
        free(h.objects);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hdf_mutant__the_heap_of_texts_may_say_anything),
        cmocka_unit_test(test_hdf_mutant__random_edits_are_refused_or_harmless),
        cmocka_unit_test(test_hdf_mutant__nonsense_from_the_child_is_refused),
    };
    return cmocka_run_group_tests_name("hdf_mutant", tests, NULL, NULL);
}

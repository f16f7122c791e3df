#include "hdf_mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "io/arrays.h"
#include "io/fsys.h"
#include "io/hdf_tree.h"
#include "run/checkpoint.h"

/* The library's own, which no header declares. */
uint32_t H5_checksum_metadata(const void *bytes, size_t n, uint32_t start);

enum { BLOCK_MAX = 4096, FILE_MAX = 1 << 20 };

static bool is_block(const char *at)
{
    static const char *const signatures[] = { "\211HDF", "OHDR", "OCHK",
                                              "FRHP",    "FHDB", "FHIB",
                                              "BTHD",    "BTLF", "BTIN" };
    for (idx i = 0; i < COUNT_OF(signatures); i++)
        if (memcmp(at, signatures[i], 4) == 0)
            return true;
    return false;
}

static void find_sum(struct hdf_mutant *m, size_t start)
{
    for (size_t end = start + 8; end + 4 <= m->n && end < start + BLOCK_MAX;
         end++) {
        uint32_t stored;
        memcpy(&stored, m->base + end, sizeof stored);
        if (stored == H5_checksum_metadata(m->base + start, end - start, 0) &&
            m->n_sums < MUTANT_SUMS_MAX) {
            m->sums[m->n_sums].start = start;
            m->sums[m->n_sums++].end = end;
            return;
        }
    }
}

int hdf_mutant_init(struct hdf_mutant *m, const char *path, struct err *e)
{
    *m = (struct hdf_mutant){ 0 };
    int rc = fsys_read_file(&m->base, &m->n, path, FILE_MAX, e);
    if (rc)
        return rc;
    BUG_ON(m->n < HDF_SEAL_BYTES + 64);
    m->n -= HDF_SEAL_BYTES;
    m->bytes = malloc(m->n + HDF_SEAL_BYTES + 1);
    if (!m->bytes)
        return err_set(e, ERR_MEMORY, "no memory");
    for (size_t i = 0; i + 8 < m->n; i++)
        if (is_block(m->base + i))
            find_sum(m, i);
    return OK;
}

void hdf_mutant_release(struct hdf_mutant *m)
{
    free(m->base);
    free(m->bytes);
    *m = (struct hdf_mutant){ 0 };
}

static void edit(struct hdf_mutant *m, const uint8_t *e)
{
    size_t at = (e[0] | (size_t)e[1] << 8 | (size_t)e[2] << 16) % m->n;
    size_t room = m->n - at, n = room < 8 ? room : 8;
    char *byte = m->bytes + at;
    switch (e[3] % 6) {
    case 0:
        *byte = (char)e[4];
        break;
    case 1:
        *byte = (char)(*byte ^ (1 << e[4] % 8));
        break;
    case 2:
        *byte = (char)(*byte + e[4]);
        break;
    case 3: /* an address or a length, large or small */
        memset(byte, e[4], n);
        break;
    case 4: /* another place of the file */
        memmove(byte, m->bytes + (size_t)e[4] * 64 % (m->n - n), n);
        break;
    default:
        memset(byte, 0, n);
        *byte = (char)e[4];
    }
}

void hdf_mutant_edit(struct hdf_mutant *m, const uint8_t *edits, size_t n)
{
    memcpy(m->bytes, m->base, m->n);
    for (size_t i = 0; i + MUTANT_EDIT_BYTES <= n; i += MUTANT_EDIT_BYTES)
        edit(m, edits + i);
    for (idx i = 0; i < m->n_sums; i++) {
        const char *start = m->bytes + m->sums[i].start;
        uint32_t sum =
            H5_checksum_metadata(start, m->sums[i].end - m->sums[i].start, 0);
        memcpy(m->bytes + m->sums[i].end, &sum, sizeof sum);
    }
    char hex[HASH_HEX_MAX];
    hash_hex(hex, hash_bytes(m->bytes, m->n));
    snprintf(m->bytes + m->n, HDF_SEAL_BYTES + 1, HDF_SEAL_MARK "%s\n", hex);
}

int hdf_mutant_save(const struct hdf_mutant *m, const char *path)
{
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(m->bytes, 1, m->n + HDF_SEAL_BYTES, f) ==
                       m->n + HDF_SEAL_BYTES;
    if (f)
        ok = fclose(f) == 0 && ok;
    return ok ? OK : ERR_IO;
}

/* ---- files ------------------------------------------------------------- */

/* So many tensors that the library keeps them in a heap and a tree of its own,
 * as it does beyond eight. */
enum { TENSORS = 9, WIDTH = 3 };

static void declare(struct param_table *t)
{
    *t = (struct param_table){ 0 };
    for (int i = 0; i < TENSORS; i++) {
        param_declare(t, PARAM_EMBEDDING, 1, 2, (idx[]){ WIDTH, WIDTH },
                      "block.%d.w", i);
    }
}

static void describe_states(struct optim_state states[TENSORS],
                            const struct param_table *t, real *slot)
{
    for (int i = 0; i < TENSORS; i++) {
        const struct param *p = &t->rows[i];
        states[i] = (struct optim_state){ .slot = "moment1",
                                          .ndim = 2,
                                          .shape = { WIDTH, WIDTH },
                                          .n = p->n,
                                          .values = slot + p->offset };
        strcpy(states[i].name, p->name);
    }
}

static int with_checkpoint(const char *path, bool is_state, bool is_save,
                           struct err *e)
{
    struct param_table t;
    char config[] = "[run]\nseed = 3\n";
    declare(&t);
    real *w = calloc(2 * (size_t)t.total, sizeof *w);
    if (!w)
        return err_set(e, ERR_MEMORY, "no memory");
    for (idx i = 0; i < 2 * t.total; i++)
        w[i] = (real)i / 3;
    struct optim_state states[TENSORS];
    describe_states(states, &t, w + t.total);
    struct checkpoint_data d = { .weights = w,
                                 .n_states = is_state ? TENSORS : 0,
                                 .states = states };
    struct checkpoint_head head = { .run_id = "run-1",
                                    .step = 8,
                                    .tokens = 512,
                                    .config = is_save ? config : NULL };
    int rc = is_save ? checkpoint_save(path, &head, &t, &d, e)
                     : checkpoint_load(&head, path, &t, &d, e);
    if (!is_save)
        free(head.config);
    free(w);
    param_table_release(&t);
    return rc;
}

static int save_analysis(const char *path, struct err *e)
{
    static const int64_t steps[] = { 0, 1, 2, 4 };
    static const double heads[] = { 0, 1 };
    static const float values[8] = { 0.5f, 1, 2 };
    static const struct note notes[] = { { "run_id", "run-1" },
                                         { "config", "[run]\nseed = 3\n" } };
    static const struct axis axes[] = {
        { "step", "1", "updates", COUNT_OF(steps), .ints = steps },
        { "head", "1", "heads", COUNT_OF(heads), .doubles = heads },
    };
    static const struct array arrays[] = {
        { "sink_1",
          "sinks",
          "1",
          "what it is",
          NULL,
          2,
          { 0, 1 },
          .floats = values },
    };
    const struct arrays all = { notes,  COUNT_OF(notes), axes, COUNT_OF(axes),
                                arrays, COUNT_OF(arrays) };
    return arrays_save(path, &all, e);
}

int hdf_mutant_make(const char *dir, struct err *e)
{
    char path[FSYS_PATH_MAX];
    snprintf(path, sizeof path, "%s/weights.h5", dir);
    int rc = with_checkpoint(path, false, true, e);
    snprintf(path, sizeof path, "%s/state.h5", dir);
    if (rc == OK)
        rc = with_checkpoint(path, true, true, e);
    snprintf(path, sizeof path, "%s/analysis.h5", dir);
    return rc == OK ? save_analysis(path, e) : rc;
}

static int load_analysis(const char *path, struct err *e)
{
    static const char *const names[] = { "sink_1", "step", "head" };
    char *text = NULL;
    int rc = note_load(&text, path, "config", e);
    free(text);
    for (idx i = 0; i < COUNT_OF(names) && rc == OK; i++) {
        struct array_values a = { 0 };
        rc = array_load(&a, path, names[i], e);
        array_values_release(&a);
    }
    return rc;
}

int hdf_mutant_load(const char *dir, const char *name, struct err *e)
{
    char path[FSYS_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (strcmp(name, "analysis.h5") == 0)
        return load_analysis(path, e);
    return with_checkpoint(path, strcmp(name, "state.h5") == 0, false, e);
}

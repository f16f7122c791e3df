/* What an earlier analysis left, sealed right: the rows of analysis.csv and the
 * note `checkpoints`, a NUL behind each, then arrays of analysis.h5, whose
 * names and shapes RECORD_BYTES say. What is kept of it can be restored, and
 * what its arrays hold drawn. */
#include "fuzz.h"

#include <math.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/kept.h"
#include "io/hdf.h"
#include "io/row_chain.h"
#include "report/run_arrays.h"
#include "train/session.h"

enum { RECORD_BYTES = 6, NUMBERS_MAX = 4096, COLUMNS_MAX = 64 };

static const char settings[] = "0123456789abcdef";
static const char *const axes_texts[] = {
    "step", "step layer head", "step depth", "layer step", "step nothing", "",
};

static struct session session;
static struct run_columns columns;

/* Each name once: they are a folder's. */
struct names {
    bool is_used[COLUMNS_MAX];
};

static void open_session(void)
{
    static const char *const small[] = {
        "model.layers=1",  "model.width=8", "model.heads=2",
        "model.context=8", "train.batch=1", "train.threads=1",
        "sink.tokens=8",   "data.vocab=8",  "data.source=random",
    };
    struct config c;
    struct err e = { 0 };
    FUZZ_CHECK(!config_load(&c, NULL, small, COUNT_OF(small), NULL, &e));
    FUZZ_CHECK(!session_open(&session, &c, false, &e));
    columns = session_columns(&session);
}

/* The text up to the next NUL, which is passed by. */
static char *take_text(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *nul = memchr(*at, '\0', (size_t)(end - *at));
    const uint8_t *stop = nul ? nul : end;
    char *text = fuzz_text(*at, (size_t)(stop - *at));
    *at = nul ? nul + 1 : end;
    return text;
}

/* Name, axes, number of dimensions, three of them. */
static void add_array(struct hdf *h, struct names *names, const uint8_t *r)
{
    static double zeros[NUMBERS_MAX];
    struct column_facts f;
    struct hdf_shape shape = { .ndim = 1 + r[2] % 3 };
    char path[HDF_PATH_MAX];
    idx i = r[0] % COLUMNS_MAX, at = 0;
    for (idx n = 0; n <= i; n++)
        if (!column_next(&f, &at, &columns, COLUMN_ANALYSIS))
            return;
    if (names->is_used[i])
        return;
    for (int k = 0; k < shape.ndim; k++)
        shape.n[k] = r[3 + k] < 128 ? 1 + r[3 + k] % 8 : 1 << r[3 + k] % 8;
    if (hdf_shape_count(&shape) > NUMBERS_MAX)
        return;
    names->is_used[i] = true;
    snprintf(path, sizeof path, "/%s", f.name);
    hdf_add_dataset(h, path, HDF_FLOAT64, &shape, zeros);
    if (i > 0)
        hdf_put_text(h, path, "definition", "it");
    if (r[1] % 8 < COUNT_OF(axes_texts))
        hdf_put_text(h, path, "axes", axes_texts[r[1] % 8]);
}

static void write_arrays(const char *checkpoints, const uint8_t *at,
                         const uint8_t *end)
{
    char path[FUZZ_PATH_MAX];
    struct names names = { { false } };
    struct hdf *h;
    struct err e = { 0 };
    fuzz_path(path, RUN_ARRAYS);
    FUZZ_CHECK(hdf_build(&h, path, 1 << 16, &e) == OK);
    hdf_put_text(h, "/", "settings", settings);
    hdf_put_text(h, "/", "made_from", settings);
    hdf_put_text(h, "/", "checkpoints", checkpoints);
    for (; end - at >= RECORD_BYTES; at += RECORD_BYTES)
        add_array(h, &names, at);
    FUZZ_CHECK(hdf_save(h) == OK);
    hdf_free(h);
}

/* Whole lines, and the columns that tell where they are from. */
static void write_rows(char *text)
{
    struct err e = { 0 };
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] != '\n')
        n--;
    if (n > 0)
        analysis_write_csv(fuzz_dir(), "", text, n, &e);
}

static void check_kept(const char *checkpoints)
{
    struct kept k;
    struct readings r = { .meter = &session.meter };
    kept_open(&k, fuzz_dir(), "", settings, &columns);
    /* what is asked for is what a line says, and what none says */
    for (const char *line = checkpoints; line; line = strchr(line, '\n')) {
        char seal[HASH_HEX_MAX] = "";
        long step = 0;
        line += *line == '\n';
        sscanf(line, "%ld %16s", &step, seal);
        idx row = kept_row(&k, step, seal);
        FUZZ_CHECK(row < k.csv.rows);
        kept_restore(&k, row, &r, &session.meter, &columns);
    }
    FUZZ_CHECK(kept_row(&k, 41, "no seal") < 0 || strstr(checkpoints, "41 "));
    kept_close(&k);
}

/* Each column that the file may have, at one step: each reads the file. */
static void check_arrays(double step)
{
    const struct run_data run = { .path = fuzz_dir(), .analysis_name = "" };
    struct column_facts f;
    idx at = 0;
    column_next(&f, &at, &columns, COLUMN_ANALYSIS); /* the step */
    while (column_next(&f, &at, &columns, COLUMN_ANALYSIS)) {
        struct pool memory = { 0 };
        struct run_array a;
        struct err e = { 0 };
        idx row;
        if (!f.metric)
            continue;
        int rc = run_array_load(&a, &memory, &run, f.name, step, &e);
        fuzz_check_told(rc, &e);
        if (rc == OK && a.n_steps > 0)
            FUZZ_CHECK(run_array_at(&row, &a, INFINITY));
        pool_release(&memory);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const double steps[] = { NAN, 0, -1, 1e9 };
    const uint8_t *at = bytes, *end = bytes + n;
    if (!session.meter.n_columns)
        open_session();
    char *rows = take_text(&at, end), *checkpoints = take_text(&at, end);
    write_arrays(checkpoints, at, end);
    write_rows(rows);
    check_kept(checkpoints);
    if (n > 0 && bytes[n - 1] % 4 == 0)
        check_arrays(steps[bytes[n - 1] / 4 % COUNT_OF(steps)]);
    analysis_is_current(fuzz_dir(), "", settings);
    free(rows);
    free(checkpoints);
    return 0;
}

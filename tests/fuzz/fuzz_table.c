/* A CSV of numbers, as compare reads it and as a resumed run cuts it. */
#include "fuzz.h"

#include <string.h>

#include "io/table.h"
#include "run/metrics.h"

static void check_table(const char *path)
{
    struct table t = { 0 };
    struct err e = { 0 };
    int rc = table_read(&t, path, &e);
    fuzz_check_told(rc, &e);
    for (idx i = 0; i < t.columns; i++) {
        FUZZ_CHECK(table_find(&t, t.names[i]) == i);
        const double *v = table_column(&t, i);
        double sum = 0;
        for (idx k = 0; k < t.rows; k++)
            sum += v[k];
        FUZZ_CHECK(sum >= 0 || !(sum >= 0)); /* all were readable */
    }
    table_release(&t);
}

/* The first line stands for the header that this run would write. */
static void check_log(const char *path, const char *text)
{
    struct metrics m;
    struct err e = { 0 };
    char header[METRICS_HEADER_MAX];
    size_t n = strcspn(text, "\n");
    if (n >= sizeof header)
        return;
    memcpy(header, text, n);
    header[n] = '\0';
    metrics_open(&m, path, header, 40, "0123456789abcdef", &e);
    e = (struct err){ 0 };
    if (metrics_open_cut(&m, path, header, 40, &e))
        return;
    FUZZ_CHECK(metrics_append(&m, "41,1", &e) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[FUZZ_PATH_MAX], *text = fuzz_text(bytes, n);
    fuzz_file(path, "table.csv", bytes, n);
    check_table(path);
    check_log(path, text);
    free(text);
    return 0;
}

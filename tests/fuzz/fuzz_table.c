/* A CSV of numbers, as compare reads it and as a resumed run cuts it: as it is,
 * and with the hashes of a log behind its lines, so that what stands behind
 * their check is read, too. */
#include "fuzz.h"

#include <string.h>

#include "base/text.h"
#include "io/row_chain.h"
#include "io/table.h"
#include "run/metrics.h"

static void check_table(const char *path)
{
    struct table t = { 0 };
    struct err e = { 0 };
    int rc = table_read(&t, path, "analysis", &e);
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
static void check_log(const char *path, const char *text, const char *last)
{
    struct metrics m;
    struct err e = { 0 };
    char header[METRICS_HEADER_MAX];
    size_t n = strcspn(text, "\n");
    if (n >= sizeof header)
        return;
    memcpy(header, text, n);
    header[n] = '\0';
    metrics_open(&m, path, header, 40, last, &e);
    e = (struct err){ 0 };
    if (metrics_open_cut(&m, path, header, 40, &e))
        return;
    FUZZ_CHECK(metrics_append(&m, "41,1", &e) == OK);
}

/* The text with row_hash behind each whole line, of which the last one's is
 * `last`; the caller frees it. */
static char *chain(const char *text, char last[HASH_HEX_MAX])
{
    size_t lines = 1;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    struct text t = { .cap_bytes = strlen(text) + lines * 2 * HASH_HEX_MAX };
    struct row_chain c = { 0 };
    const char *line = text;
    t.at = malloc(t.cap_bytes);
    FUZZ_CHECK(t.at);
    t.at[0] = '\0';
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        size_t n = (size_t)(end - line);
        text_add(&t, "%.*s", (int)n, line);
        if (line == text) {
            text_add(&t, ",%s", ROW_CHAIN_COLUMN);
            FUZZ_CHECK(row_chain_start(&c, t.at, t.n));
        } else {
            row_chain_next(&c, line, n);
            text_add(&t, ",%s", c.hex);
        }
        text_add(&t, "\n");
    }
    text_add(&t, "%s", line);
    FUZZ_CHECK(t.n < t.cap_bytes);
    memcpy(last, c.hex, HASH_HEX_MAX);
    return t.at;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[FUZZ_PATH_MAX], last[HASH_HEX_MAX], *text = fuzz_text(bytes, n);
    char *log = chain(text, last);
    fuzz_file(path, "table.csv", bytes, n);
    check_table(path);
    check_log(path, text, "0123456789abcdef");
    fuzz_file(path, "table.csv", log, strlen(log));
    check_table(path);
    check_log(path, text, last);
    free(log);
    free(text);
    return 0;
}

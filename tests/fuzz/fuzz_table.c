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

/* Two lists of cells without line feed and hash: what this run would write, for
 * which the names of the first line stand, each once, and a row of it. */
struct columns {
    char names[METRICS_HEADER_MAX], row[METRICS_HEADER_MAX];
};

static bool is_among(const char *names, const char *name, size_t n)
{
    for (const char *at = names; *at; at += *at == ',') {
        size_t length = strcspn(at, ",");
        if (length == n && memcmp(at, name, n) == 0)
            return true;
        at += length;
    }
    return false;
}

static void take_columns(struct columns *c, const char *line)
{
    enum { NAMES_MAX = 64 };
    struct text names = { c->names, METRICS_HEADER_MAX / 2, 0 };
    struct text row = { c->row, METRICS_HEADER_MAX, 0 };
    text_add(&names, "step");
    text_add(&row, "41");
    for (idx i = 0; i < NAMES_MAX && *line && *line != '\n'; i++) {
        size_t n = strcspn(line, ",\n");
        bool fits = n > 0 && names.n + n + 2 < names.cap_bytes;
        if (fits && !is_among(c->names, line, n) &&
            !is_among(ROW_CHAIN_COLUMN, line, n)) {
            text_add(&names, ",%.*s", (int)n, line);
            text_add(&row, ",1");
        }
        line += n + (line[n] == ',');
    }
}

static void check_log(const char *path, const char *text, const char *last)
{
    static struct columns c; /* large */
    struct metrics m;
    struct err e = { 0 };
    take_columns(&c, text);
    metrics_open(&m, path, c.names, 40, last, &e);
    e = (struct err){ 0 };
    if (metrics_open_cut(&m, path, c.names, 40, &e))
        return;
    FUZZ_CHECK(metrics_append(&m, c.row, &e) == OK);
}

/* The text with row_hash behind each whole line, of which the last one's is
 * `last`; the caller frees it. A first line without a name is none of a log's,
 * and is chained all the same. */
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
            FUZZ_CHECK(row_chain_start(&c, t.at, t.n) || n == 0);
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

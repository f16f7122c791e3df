/* runs.list and the journal of a sweep: the first byte says which, and whether
 * each line is sealed first, so that what stands behind the seal is read, too.
 */
#include "fuzz.h"

#include <string.h>

#include "io/sealed_line.h"
#include "sweep/sweep_folder.h"
#include "sweep/sweep_journal.h"

enum { IS_JOURNAL = 1, IS_SEALED = 2, RUNS = 3 };

/* The lines but the first, each with its hash; the caller frees it. */
static char *seal_lines(const char *text)
{
    size_t cap = strlen(text) + 64, lines = 1;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    struct text t = { .cap_bytes = cap + lines * 20 };
    t.at = malloc(t.cap_bytes);
    FUZZ_CHECK(t.at);
    t.at[0] = '\0';
    for (bool is_head = true; *text; is_head = false) {
        size_t n = strcspn(text, "\n"), start = t.n;
        text_add(&t, "%.*s", (int)n, text);
        if (is_head)
            text_add(&t, "\n");
        else
            sealed_line_end(&t, start);
        text += n + (text[n] == '\n');
    }
    FUZZ_CHECK(t.n < t.cap_bytes);
    return t.at;
}

static void check_list(void)
{
    struct sweep s = { 0 };
    struct err e = { 0 };
    int rc = sweep_open(&s, fuzz_dir(), &e);
    fuzz_check_told(rc, &e);
    if (rc == OK) {
        FUZZ_CHECK(sweep_identify(&s, &e) == OK);
        for (idx i = 0; i < s.n; i++) {
            char path[RUN_PATH_MAX];
            FUZZ_CHECK(s.runs[i].index == i);
            sweep_config_path(path, &s, &s.runs[i]);
            sweep_log_path(path, &s, &s.runs[i]);
            FUZZ_CHECK(sweep_find(&s, s.runs[i].now));
        }
    }
    sweep_close(&s);
}

static void check_journal(void)
{
    struct sweep_run runs[RUNS] = { 0 };
    struct sweep_record records[RUNS];
    struct sweep s = { .n = RUNS, .runs = runs };
    struct err e = { 0 };
    snprintf(s.dir, sizeof s.dir, "%s", fuzz_dir());
    for (idx i = 0; i < RUNS; i++) {
        runs[i].index = i;
        runs[i].name = "x";
        snprintf(runs[i].id, sizeof runs[i].id, "000000000000000%d", (int)i);
    }
    int rc = sweep_journal_read(records, &s, &e);
    fuzz_check_told(rc, &e);
    for (idx i = 0; rc == OK && i < RUNS; i++) {
        FUZZ_CHECK(sweep_event_name(records[i].last));
        FUZZ_CHECK(strlen(records[i].detail) < SWEEP_DETAIL_MAX);
    }
    if (rc == OK)
        FUZZ_CHECK(!sweep_journal_append(&s, &runs[1], RUN_DONE, "x", &e));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[FUZZ_PATH_MAX];
    if (n == 0)
        return 0;
    bool is_journal = bytes[0] & IS_JOURNAL;
    const char *name = is_journal ? "journal" : "runs.list";
    char *text = fuzz_text(bytes + 1, n - 1);
    if (bytes[0] & IS_SEALED) {
        char *sealed = seal_lines(text);
        fuzz_file(path, name, sealed, strlen(sealed));
        free(sealed);
    } else {
        fuzz_file(path, name, bytes + 1, n - 1);
    }
    if (is_journal)
        check_journal();
    else
        check_list();
    free(text);
    return 0;
}

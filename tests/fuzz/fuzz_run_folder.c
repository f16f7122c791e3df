/* The small files of a run folder: the first byte says which, and whether it is
 * sealed first, so that what stands behind the seal is read, too; and of a
 * manifest whether a start and its end are added, which takes ten times as long
 * as all the rest: the program is hashed. */
#include "fuzz.h"

#include <string.h>

#include "io/sealed_text.h"
#include "run/manifest.h"
#include "run/run.h"
#include "run/run_facts.h"

enum { IS_STATUS = 1, IS_SEALED = 2, IS_STARTED = 4 + 8 + 16 };

static void check_status(const char *dir)
{
    struct run_status s;
    struct err e = { 0 };
    int rc = run_status_read(&s, dir, &e);
    fuzz_check_told(rc, &e);
    if (rc == OK) {
        FUZZ_CHECK(s.state >= 0 && s.state < RUN_UNKNOWN);
        FUZZ_CHECK(strlen(s.reason) < RUN_REASON_MAX);
    }
    FUZZ_CHECK(run_state_word(run_look(&s, dir, ERR_IGNORED)));
}

static void add_start(const char *dir)
{
    static const char id[] = "0123456789abcdef";
    struct err e = { 0 };
    char name[] = "sinklab", command[] = "train";
    char *words[] = { name, command };
    const struct manifest_start start = { .blas = "b",
                                          .blas_core = "c",
                                          .blas_threading = "t",
                                          .threads = 1,
                                          .argc = 2,
                                          .argv = words };
    fuzz_check_told(manifest_add_start(dir, id, &start, &e), &e);
    e = (struct err){ 0 };
    fuzz_check_told(manifest_add_end(dir, id, "done", 3, &e), &e);
}

static void check_manifest(const char *dir)
{
    char changes[MANIFEST_CHANGES_MAX];
    struct manifest m = { 0 };
    struct err e = { 0 };
    fuzz_check_told(manifest_read(&m, dir, &e), &e);
    manifest_changes(changes, &m);
    FUZZ_CHECK(strlen(changes) < sizeof changes);
    manifest_release(&m);
}

/* n bytes of text, the line feed they end with, and their seal. */
static void write_sealed(const char *name, const uint8_t *bytes, size_t n)
{
    char path[FUZZ_PATH_MAX], seal[SEAL_LINE_MAX];
    char *text = malloc(n + 1 + SEAL_LINE_MAX);
    FUZZ_CHECK(text);
    memcpy(text, bytes, n);
    if (n > 0 && text[n - 1] != '\n')
        text[n++] = '\n';
    sealed_text_line(seal, text, n);
    memcpy(text + n, seal, SEAL_LINE_BYTES);
    fuzz_file(path, name, text, n + SEAL_LINE_BYTES);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[FUZZ_PATH_MAX];
    if (n == 0)
        return 0;
    bool is_status = bytes[0] & IS_STATUS;
    const char *name = is_status ? "status" : "manifest.ini";
    if (bytes[0] & IS_SEALED)
        write_sealed(name, bytes + 1, n - 1);
    else
        fuzz_file(path, name, bytes + 1, n - 1);
    if (is_status)
        check_status(fuzz_dir());
    else
        check_manifest(fuzz_dir());
    if (!is_status && (bytes[0] & IS_STARTED) == IS_STARTED)
        add_start(fuzz_dir());
    return 0;
}

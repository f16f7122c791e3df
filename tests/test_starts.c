/* What manifest.ini says of starts, whichever system call fails in one. */
#include "cmd/cmd.h"
#include "harness.h"
#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "run/run_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char config[] =
    "[model]\nlayers = 1\nwidth = 4\nheads = 1\ncontext = 8\n"
    "[train]\nsteps = 2\nbatch = 1\nval_every = 0\nthreads = 1\n"
    "[data]\nsource = random\nvocab = 4\n"
    "[sink]\ntokens = 8\nprobe_every = 0\n";

static int train(const char *what, const char *setting, struct err *e)
{
    char *words[] = { strdup("train"), strdup(what), strdup(setting), NULL };
    int rc = command_train.run(3, words, e);
    for (idx i = 0; words[i]; i++)
        free(words[i]);
    return rc;
}

/* Each section has one end at most, and the one in front of the starts none. */
static void check_ends(const char *dir, long call)
{
    char path[RUN_PATH_MAX], *text;
    size_t n;
    idx ends = 1;
    run_path(path, dir, RUN_MANIFEST);
    assert_int_equal(fsys_read_file(&text, &n, path, 1 << 20, ERR_IGNORED), OK);
    for (const char *line = text; line; line = strchr(line + 1, '\n')) {
        if (strncmp(line, "\n[start ", 8) == 0)
            ends = 0;
        if (strncmp(line, "\nended = ", 9) == 0 && ends++ > 0)
            fail_msg("call %ld: %s", call, text);
    }
    free(text);
}

/* Lock, manifest, config and status are written in the first calls. */
static void test_starts__one_that_failed_ends_no_other(void **state)
{
    enum { CALLS = 20 };
    char dir[RUN_DIR_MAX + 8], setting[64];
    struct err e = { 0 };
    idx n_failed = 0;
    (void)state;
    test_write_file(test_path("tiny.ini"), config, strlen(config));
    snprintf(dir, sizeof dir, "run.dir=%s", test_path("run"));
    if (train(test_path("tiny.ini"), dir, &e) != OK)
        fail_msg("%s", e.text);
    for (long call = 1; call <= CALLS; call++) {
        struct err ignored = { 0 };
        snprintf(setting, sizeof setting, "train.steps=%ld", 2 + call);
        fsys_fail_at(call, EIO);
        n_failed += train(test_path("run"), setting, &ignored) != OK;
        fsys_fail_at(0, 0);
        check_ends(test_path("run"), call);
    }
    assert_true(n_failed > CALLS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts__one_that_failed_ends_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

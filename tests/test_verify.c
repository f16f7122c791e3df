/* `sinklab verify` on folders that the program itself has written: nothing is
 * found in whole ones, and everything in those with one changed bit. */
#include "cmd/cmd.h"
#include "harness.h"
#include "io/fsys.h"
#include "verify/verify.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of HDF5 files (io/hdf.h has tests of its own) and of longer texts each
 * so-manieth byte is changed, a prime. */
enum { HDF_STRIDE = 2999, TEXT_STRIDE = 29, WHOLE_BYTES = 400 };

static const char config[] =
    "[model]\nlayers = 1\nwidth = 4\nheads = 1\n"
    "context = 8\n"
    "[train]\nsteps = 8\nbatch = 1\nlog_every = 2\n"
    "val_every = 4\nval_tokens = 8\nthreads = 1\n"
    "[data]\nsource = random\nvocab = 4\n"
    "[sink]\ntokens = 8\nsequences = 1\nval_tokens = 8\n"
    "probe_every = 4\nprobe_sequences = 1\n"
    "[checkpoint]\nevery = 4\nresume_every = 4\n";

static void run_command(int (*command)(int, char **, struct err *),
                        const char *name, const char *a, const char *b,
                        const char *c)
{
    const char *const given[] = { name, a, b, c, c ? "0" : NULL };
    char *words[6] = { NULL };
    struct err e = { 0 };
    int n = 0;
    for (; n < 5 && given[n]; n++)
        words[n] = strdup(given[n]);
    if (command(n, words, &e) != OK)
        fail_msg("%s: %s", name, e.text);
    while (n > 0)
        free(words[--n]);
}

static void make_run(const char *name)
{
    char dir[600];
    test_write_file(test_path("tiny.ini"), config, strlen(config));
    snprintf(dir, sizeof dir, "run.dir=%s", test_path(name));
    run_command(command_train.run, "train", test_path("tiny.ini"), dir, NULL);
    run_command(command_analyze.run, "analyze", test_path(name), NULL, NULL);
}

/* What verify prints of the folder; the caller frees it. */
static char *verified(const char *dir, struct verify *v)
{
    char *text = NULL;
    size_t n = 0;
    struct err e = { 0 };
    *v = (struct verify){ .out = open_memstream(&text, &n) };
    assert_non_null(v->out);
    int rc = strstr(dir, "sweep") ? verify_sweep(v, dir, &e)
                                  : verify_run(v, dir, &e);
    fclose(v->out);
    verify_release(v);
    if (rc != OK)
        fail_msg("%s", e.text);
    return text;
}

static void check_whole(const char *dir)
{
    struct verify v;
    char *text = verified(dir, &v);
    if (v.n_findings || v.code || *text)
        fail_msg("%s: %s", dir, text);
    free(text);
}

static const char *folder;
static bool is_text; /* which files are changed */
static idx n_flips, n_files;

static void flip_one(const char *path, char *bytes, size_t n, size_t at)
{
    struct verify v;
    bytes[at] = (char)(bytes[at] ^ 1 << at % 8);
    test_write_file(path, bytes, n);
    char *text = verified(folder, &v);
    bytes[at] = (char)(bytes[at] ^ 1 << at % 8);
    n_flips++;
    if (v.n_findings == 0 || v.code == OK || !strstr(text, path))
        fail_msg("%s: byte %zu of %zu: found %lld:\n%s", path, at, n,
                 (long long)v.n_findings, text);
    free(text);
}

static int flip_file(const char *path, const struct stat *st, int type,
                     struct FTW *where)
{
    char *bytes;
    size_t n, stride;
    struct err e = { 0 };
    (void)st, (void)where;
    bool is_hdf = strcmp(path + strlen(path) - 3, ".h5") == 0;
    if (type != FTW_F || is_hdf == is_text || strstr(path, "/log.txt"))
        return 0;
    assert_int_equal(fsys_read_file(&bytes, &n, path, 1 << 24, &e), OK);
    assert_true(n > 0);
    stride = is_hdf ? HDF_STRIDE : n > WHOLE_BYTES ? TEXT_STRIDE : 1;
    if (!test_is_long()) /* odd, as the others: which bit changes turns round */
        stride *= 9;
    for (size_t at = 0; at < n; at += stride)
        flip_one(path, bytes, n, at);
    flip_one(path, bytes, n, n - 1);
    test_write_file(path, bytes, n);
    free(bytes);
    n_files++;
    return 0;
}

static void flip_all(const char *dir, bool texts, idx files)
{
    folder = dir;
    is_text = texts;
    n_flips = n_files = 0;
    assert_int_equal(nftw(dir, flip_file, 16, FTW_PHYS), 0);
    print_message("%s: %lld bits in %lld files\n", dir, (long long)n_flips,
                  (long long)n_files);
    assert_int_equal(n_files, files);
}

static void remove_file(const char *dir, const char *name)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, name);
    assert_int_equal(unlink(path), 0);
}

static void test_verify__finds_every_changed_bit_of_a_run(void **state)
{
    const char *dir = test_path("run");
    (void)state;
    make_run("run");
    check_whole(dir);
    flip_all(dir, false, 5); /* three of weights, a state, an analysis */
    check_whole(dir);
    /* Texts are looked at without the others, which take their time; what is
     * missing then is found as well, and told of those files. */
    remove_file(dir, "analysis.h5");
    remove_file(dir, "checkpoints/resume.h5");
    for (idx step = 0; step <= 8; step += 4) {
        char name[64];
        snprintf(name, sizeof name, "checkpoints/step-%08lld.h5",
                 (long long)step);
        remove_file(dir, name);
    }
    /* config manifest status lock metrics timing analysis.csv */
    flip_all(dir, true, 7);
}

static void flip_byte(const char *dir, const char *name, size_t from_end)
{
    char path[RUN_PATH_MAX], *bytes;
    size_t n;
    struct err e = { 0 };
    run_path(path, dir, name);
    assert_int_equal(fsys_read_file(&bytes, &n, path, 1 << 24, &e), OK);
    bytes[n - from_end] ^= 1;
    test_write_file(path, bytes, n);
    free(bytes);
}

static idx count_lines_with(const char *text, const char *words)
{
    idx n = 0;
    for (const char *at = text; (at = strstr(at, words)); n++)
        at += strcspn(at, "\n");
    return n;
}

static void test_verify__tells_each_damage_of_an_analysis_once(void **state)
{
    const char *dir = test_path("both");
    struct verify v;
    (void)state;
    make_run("both");
    flip_byte(dir, "analysis.h5", 2000);
    flip_byte(dir, "analysis.csv", 3);
    char *text = verified(dir, &v);
    if (v.n_findings != 2 || count_lines_with(text, "analysis.h5: ") != 1 ||
        count_lines_with(text, "analysis.csv:4: damaged: ") != 1)
        fail_msg("%s", text);
    free(text);
}

/* A log as older versions wrote it, without the last cell of each line, and
 * with another text in place of `old`. */
static void strip_log(const char *path, const char *old, const char *new)
{
    char *text, *out = NULL;
    size_t n, n_out;
    struct err e = { 0 };
    assert_int_equal(fsys_read_file(&text, &n, path, 1 << 24, &e), OK);
    FILE *f = open_memstream(&out, &n_out);
    assert_non_null(f);
    for (char *at = text, *end; (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        *strrchr(at, ',') = '\0';
        bool is_old = strncmp(at, old, strlen(old)) == 0;
        fprintf(f, "%s%s\n", is_old ? new : "", at + is_old * strlen(old));
    }
    fclose(f);
    test_write_file(path, out, n_out);
    free(out);
    free(text);
}

static void test_verify__tells_steps_that_are_none_without_hashes(void **state)
{
    const char *dir = test_path("old");
    char metrics[RUN_PATH_MAX], timing[RUN_PATH_MAX];
    struct verify v;
    (void)state;
    make_run("old");
    run_path(metrics, dir, RUN_METRICS);
    run_path(timing, dir, RUN_TIMING);
    strip_log(metrics, "4,", "nan,");
    strip_log(timing, "step,", "time,");
    char *text = verified(dir, &v);
    if (v.n_findings != 4 || v.code != ERR_DATA ||
        count_lines_with(text, ".csv:1: not protected: ") != 2 ||
        count_lines_with(text, "metrics.csv:4: step: got nan, want 0, 1") !=
            1 ||
        count_lines_with(text, "timing.csv:1: no column named step; put") != 1)
        fail_msg("%s", text);
    free(text);
    strip_log(metrics, "nan,", ",");
    text = verified(dir, &v);
    if (count_lines_with(text, "metrics.csv:4: step: got nothing, want") != 1)
        fail_msg("%s", text);
    free(text);
}

/* Of the sweep, found by its folder as a user names it. */
static void check_missing(const char *name)
{
    char path[RUN_PATH_MAX], away[RUN_PATH_MAX], *text = NULL;
    size_t n = 0;
    struct err e = { 0 };
    run_path(path, test_path("sweep"), name);
    run_path(away, test_path("away"), name);
    assert_int_equal(rename(path, away), 0);
    struct verify v = { .out = open_memstream(&text, &n) };
    assert_non_null(v.out);
    assert_int_equal(verify_folder(&v, test_path("sweep"), &e), OK);
    fclose(v.out);
    verify_release(&v);
    if (v.code != ERR_DATA || !strstr(text, path) ||
        !strstr(text, "is missing; "))
        fail_msg("%s: got %d, %s", name, v.code, text);
    free(text);
    assert_int_equal(rename(away, path), 0);
}

static void test_verify__finds_every_changed_bit_of_a_sweep(void **state)
{
    static const char sweep[] = "include = tiny.ini\n[axes]\nrun.seed = 1, 2\n";
    char dir[600];
    (void)state;
    test_write_file(test_path("tiny.ini"), config, strlen(config));
    test_write_file(test_path("s.ini"), sweep, strlen(sweep));
    snprintf(dir, sizeof dir, "run.dir=%s", test_path("sweep"));
    run_command(command_sweep.run, "sweep", test_path("s.ini"), dir, "--index");
    check_whole(test_path("sweep"));
    snprintf(dir, sizeof dir, "%s/0000-seed1", test_path("sweep"));
    run_command(command_analyze.run, "analyze", dir, NULL, NULL);
    check_whole(test_path("sweep"));
    /* Of the run only what is lost with it: the rest is tested above */
    fsys_mkdirs(test_path("away"), ERR_IGNORED);
    assert_int_equal(rename(dir, test_path("away/0")), 0);
    /* sweep.ini runs.list journal lock, two configs */
    flip_all(test_path("sweep"), true, 6);
    struct verify v;
    char *text = verified(test_path("sweep"), &v);
    assert_non_null(strstr(text, "0000-seed1: is waiting, but the journal"));
    assert_int_equal(v.code, ERR_DATA);
    free(text);
    assert_int_equal(rename(test_path("away/0"), dir), 0);
    check_missing("journal");
    check_missing("runs.list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify__finds_every_changed_bit_of_a_run),
        cmocka_unit_test(test_verify__tells_each_damage_of_an_analysis_once),
        cmocka_unit_test(test_verify__tells_steps_that_are_none_without_hashes),
        cmocka_unit_test(test_verify__finds_every_changed_bit_of_a_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

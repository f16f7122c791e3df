#include "runs_case.h"

#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/fsys.h"

enum { PATH_BYTES = 512, RUNS_MAX = 80, FILE_MAX = 1 << 24 };

const struct compare_options compare_usual = {
    .metric = "sink_1",
    .loss = "val_loss",
    .threshold = 0.5,
    .width = 60,
    .x = "step",
    .step = NAN,
};

const char *path_to(const char *run, const char *file)
{
    static char path[8][PATH_BYTES];
    static int next;
    char *p = path[next++ % 8];
    snprintf(p, PATH_BYTES, "%s/%s%s%s", test_dir(), run, *file ? "/" : "",
             file);
    return p;
}

void put_file(const char *run, const char *file, const char *text)
{
    struct err e = { 0 };
    assert_int_equal(fsys_mkdirs(path_to(run, ""), &e), OK);
    test_write_file(path_to(run, file), text, strlen(text));
}

void put_run(const char *run, const char *status, const char *config,
             const char *rows)
{
    char text[2048];
    snprintf(text, sizeof text, "%s\nstep 10, 2026-01-31T12:00:00Z\n", status);
    put_file(run, "status", text);
    /* without settings all are defaults; an empty file is a damaged one */
    put_file(run, "config.ini", *config ? config : "[run]\n");
    snprintf(text, sizeof text, "step,loss,val_loss,sink_1\n%s", rows);
    put_file(run, "metrics.csv", text);
}

void put_seed(const char *run, const char *status, const char *weights,
              int seed, const char *rows)
{
    char config[128];
    snprintf(config, sizeof config,
             "[run]\nseed = %d\n[attention]\nweights = %s\n", seed, weights);
    put_run(run, status, config, rows);
}

void assert_within(const char *text, const char *want)
{
    if (!strstr(text, want))
        fail_msg("got\n%s\nwant \"%s\"", text, want);
}

char *read_whole(const char *path, size_t *n)
{
    char *bytes = NULL;
    struct err e = { 0 };
    if (fsys_read_file(&bytes, n, path, FILE_MAX, &e) != OK)
        fail_msg("%s", e.text);
    return bytes;
}

int compare_case(char **text, const char *const *names, idx n,
                 struct compare_options o, struct err *e)
{
    static char paths[RUNS_MAX][PATH_BYTES];
    const char *runs[RUNS_MAX];
    size_t size = 0;
    assert_true(n <= RUNS_MAX);
    for (idx i = 0; i < n; i++) {
        snprintf(paths[i], PATH_BYTES, "%s", path_to(names[i], ""));
        runs[i] = paths[i];
    }
    o.runs = runs;
    o.n_runs = n;
    *text = NULL;
    FILE *f = open_memstream(text, &size);
    assert_non_null(f);
    int rc = compare_run(f, &o, e);
    assert_int_equal(fclose(f), 0);
    return rc;
}

char *compare_ok(const char *const *names, idx n, struct compare_options o)
{
    char *text;
    struct err e = { 0 };
    if (compare_case(&text, names, n, o, &e) != OK)
        fail_msg("%s", e.text);
    return text;
}

void skip_without_gnuplot(void)
{
    char path[4096];
    const char *rest = getenv("PATH");
    while (rest && *rest) {
        int n = (int)strcspn(rest, ":");
        snprintf(path, sizeof path, "%.*s/gnuplot", n, rest);
        if (access(path, X_OK) == 0)
            return;
        rest += n + (rest[n] == ':');
    }
    print_message("gnuplot is not installed: plots are not tested\n");
    skip();
}

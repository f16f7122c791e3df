/* [claims] of a sweep file, then the tables settings.csv and curves.csv that
 * they are judged by, a NUL behind each; where there is no table a good one
 * stands for it. What is accepted is printed, read again, and judged. */
#include "fuzz.h"

#include <math.h>
#include <string.h>

#include "report/claim_judge.h"
#include "report/claim_words.h"
#include "sweep/sweep_file.h"

static const char good_settings[] =
    "run,run.seed,attention.weights,optim.lr,train.steps\n"
    "lr/0,1,softmax,0.001,200\nlr/1,2,softmax,0.01,200\n"
    "lr/2,1,sigmoid,0.001,200\nlr/3,2,sigmoid,0.01,200\n";
static const char good_curves[] =
    "run,step,tokens,sink_1,val_loss\n"
    "lr/0,0,0,0,4\nlr/0,200,9,0.5,3\nlr/1,0,0,0,4\nlr/1,200,9,0.9,2\n"
    "lr/2,0,0,0,4\nlr/2,200,9,,3\nlr/3,0,0,0,4\nlr/3,200,9,nan,2\n";

/* The text up to the next NUL, which is passed by. */
static char *take_text(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *nul = memchr(*at, '\0', (size_t)(end - *at));
    const uint8_t *stop = nul ? nul : end;
    char *text = fuzz_text(*at, (size_t)(stop - *at));
    *at = nul ? nul + 1 : end;
    return text;
}

static void write_table(const char *name, const char *text, const char *good)
{
    char path[FUZZ_PATH_MAX];
    const char *table = *text ? text : good;
    fuzz_file(path, name, table, strlen(table));
}

static int read_claims(struct sweep_file *f, const char *text)
{
    char path[FUZZ_PATH_MAX];
    struct err e = { 0 };
    fuzz_file(path, "lr.ini", text, strlen(text));
    int rc = sweep_file_read(f, path, NULL, 0, &e);
    fuzz_check_told(rc, &e);
    return rc;
}

/* What is printed reads back to the same claims. */
static void check_printed(const struct sweep_file *f)
{
    struct sweep_file other = { .n_axes = 0 };
    char *text = sweep_file_print(f);
    FUZZ_CHECK(text);
    FUZZ_CHECK(read_claims(&other, text) == OK);
    FUZZ_CHECK(f->n_claims == other.n_claims);
    FUZZ_CHECK(f->correction == other.correction);
    for (idx i = 0; i < f->n_claims; i++) {
        const struct claim *c = &f->claims[i], *d = &other.claims[i];
        FUZZ_CHECK(strcmp(c->text, d->text) == 0 && c->kind == d->kind);
        FUZZ_CHECK(c->a.n == d->a.n && c->b.n == d->b.n);
    }
    sweep_file_release(&other);
    free(text);
}

static bool is_chance(double p)
{
    return isnan(p) || (p >= 0 && p <= 1);
}

static void check_judged(const struct sweep_file *f,
                         const struct claim_runs *runs)
{
    static struct claim_result results[CLAIMS_MAX];
    char line[CLAIM_LINE_MAX];
    struct grid g = { 0 };
    struct err e = { 0 };
    const struct claim_file file = { results, f->n_claims, f->correction,
                                     "lr" };
    for (idx i = 0; i < f->n_claims; i++)
        FUZZ_CHECK(claim_judge(&results[i], &f->claims[i], runs, 0.05, &e) ==
                   OK);
    claims_correct(results, f->n_claims, f->correction);
    for (idx i = 0; i < f->n_claims; i++) {
        const struct claim_result *r = &results[i];
        FUZZ_CHECK(is_chance(r->p) && is_chance(r->p_corrected));
        FUZZ_CHECK(claim_verdict(r) == CLAIM_UNDECIDED || !isnan(r->p));
        claim_line(line, &file, i);
    }
    claims_footer(line, &file);
    FUZZ_CHECK(claims_grid(&g, &file, true, &e) == OK);
    grid_release(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const uint8_t *at = bytes, *end = bytes + n;
    static const char base[] = "[axes]\nrun.seed = 1, 2\n[claims]\n";
    char *claims = take_text(&at, end), *settings = take_text(&at, end);
    char *curves = take_text(&at, end), *text = NULL;
    struct sweep_file f = { .n_axes = 0 };
    struct claim_runs runs = { 0 };
    struct err e = { 0 };
    write_table("settings.csv", settings, good_settings);
    write_table("curves.csv", curves, good_curves);
    text = malloc(sizeof base + strlen(claims));
    FUZZ_CHECK(text);
    strcat(strcpy(text, base), claims);
    /* other files have targets of their own */
    if (!strstr(claims, "include") && read_claims(&f, text) == OK) {
        check_printed(&f);
        int rc = claim_runs_of_tables(&runs, fuzz_dir(), "lr", &e);
        fuzz_check_told(rc, &e);
        if (rc == OK)
            check_judged(&f, &runs);
    }
    claim_runs_release(&runs);
    sweep_file_release(&f);
    free(text);
    free(curves);
    free(settings);
    free(claims);
    return 0;
}

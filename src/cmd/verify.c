/* verify.c - `sinklab verify`: its command line. */
#include "verify/verify.h"

#include "cmd/cmd.h"

static void say_all_holds(const struct verify *v)
{
    printf("all holds: %td run%s", v->n_runs, v->n_runs == 1 ? "" : "s");
    if (v->n_sweeps)
        printf(", %td sweep%s", v->n_sweeps, v->n_sweeps == 1 ? "" : "s");
    printf("\n");
}

struct verify_options {
    bool is_json;
};

static const struct command_option options[] = {
    { .name = "json",
      .offset = offsetof(struct verify_options, is_json),
      .help = "what was found for programs, on one line" },
    { .name = NULL },
};

static void check_all(struct verify *v, const struct words *words,
                      struct err *e)
{
    for (idx i = 0; i < words->n && !e->code; i++)
        verify_folder(v, words->at[i], e);
}

/* Findings come before the counts, which are known then. */
static int print_json(struct verify *v, const struct words *words,
                      struct err *e)
{
    enum { DIGITS = 17 };
    struct json j = { .depth = 0 };
    v->json = &j;
    json_begin_object(&j, NULL);
    json_begin_array(&j, "findings");
    check_all(v, words, e);
    json_end(&j);
    json_put_count(&j, "runs", v->n_runs);
    json_put_count(&j, "sweeps", v->n_sweeps);
    json_put_count(&j, "in_use", v->n_used);
    json_end(&j);
    if (e->code)
        json_release(&j);
    else
        json_write(v->out, &j, DIGITS, e);
    return e->code;
}

static int run(int argc, char **argv, struct err *e)
{
    struct verify v = { .out = stdout };
    struct verify_options o = { .is_json = false };
    struct words words;
    if (!command_parse(&command_verify, &o, &words, argc, argv, e)) {
        if (o.is_json)
            print_json(&v, &words, e);
        else
            check_all(&v, &words, e);
    }
    words_release(&words);
    if (!e->code && v.n_findings)
        err_set(e, v.code, "verify: %td finding%s, listed above", v.n_findings,
                v.n_findings == 1 ? "" : "s");
    if (!e->code && !o.is_json)
        say_all_holds(&v);
    verify_release(&v);
    return e->code;
}

const struct command command_verify = {
    .name = "verify",
    .summary = "check all that a run or a sweep holds for damage",
    .synopsis = "FOLDER... [--json]",
    .about =
        "Checks all that the folder of a run, of a sweep, or of many runs "
        "holds, one thing against the other: seals and hashes of all files, "
        "settings against those kept in the checkpoints, rows and checkpoints "
        "against what the settings ask for, the analysis against the "
        "checkpoints. A line for each finding says where, what, and what to do "
        "about it.\n\n"
        "Changes nothing and waits for nobody: of a run that is in use it "
        "checks what is there. The status is 0 if all holds; else that of the "
        "gravest finding: 5 (cannot be read), 6 (checkpoint), 3 (settings), 4 "
        "(the rest).",
    .options = options,
    .missing = "which folder? Try `sinklab verify runs/quick`",
    .run = run,
};

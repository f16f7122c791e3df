/* verify.c - `sinklab verify`: its command line. */
#include "verify/verify.h"

#include "cmd/cmd.h"

static int say_all_holds(const struct verify *v)
{
    printf("all holds: %td run%s", v->n_runs, v->n_runs == 1 ? "" : "s");
    if (v->n_sweeps)
        printf(", %td sweep%s", v->n_sweeps, v->n_sweeps == 1 ? "" : "s");
    printf("\n");
    return OK;
}

static int run(int argc, char **argv, struct err *e)
{
    struct verify v = { .out = stdout };
    struct words words;
    command_parse(&command_verify, NULL, &words, argc, argv, e);
    for (idx i = 0; i < words.n && !e->code; i++)
        verify_folder(&v, words.at[i], e);
    words_release(&words);
    if (e->code)
        return e->code;
    if (v.n_findings)
        return err_set(e, v.code, "verify: %td finding%s, listed above",
                       v.n_findings, v.n_findings == 1 ? "" : "s");
    return say_all_holds(&v);
}

const struct command command_verify = {
    .name = "verify",
    .summary = "check all that a run or a sweep holds for damage",
    .synopsis = "FOLDER...",
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
    .missing = "which folder? Try `sinklab verify runs/quick`",
    .run = run,
};

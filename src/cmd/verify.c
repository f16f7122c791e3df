/* verify.c - `sinklab verify`: its command line. */
#include "verify/verify.h"

#include <string.h>

#include "cmd/cmd.h"

static const char usage[] =
    "usage: sinklab verify FOLDER ...\n"
    "\n"
    "Checks all that the folder of a run, of a sweep, or of many runs holds,\n"
    "one thing against the other: seals and hashes of all files, settings\n"
    "against those kept in the checkpoints, rows and checkpoints against what\n"
    "the settings ask for, the analysis against the checkpoints. A line for\n"
    "each finding says where, what, and what to do about it.\n"
    "\n"
    "Changes nothing and waits for nobody: of a run that is in use it checks\n"
    "what is there. The status is 0 if all holds; else that of the gravest\n"
    "finding: 5 (cannot be read), 6 (checkpoint), 3 (settings), 4 (the "
    "rest).\n";

int cmd_verify(int argc, char **argv, struct err *e)
{
    struct verify v = { .out = stdout };
    if (argc == 2 &&
        (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return OK;
    }
    for (int i = 1; i < argc; i++)
        if (argv[i][0] == '-')
            return err_set(e, ERR_USAGE,
                           "verify: unknown option %s (see `sinklab help "
                           "verify`)",
                           argv[i]);
    if (argc < 2)
        return err_set(e, ERR_USAGE,
                       "verify: which folder? Try `sinklab verify runs/quick`, "
                       "or `sinklab help verify`");
    for (int i = 1; i < argc && !e->code; i++)
        verify_folder(&v, argv[i], e);
    if (e->code)
        return e->code;
    if (v.n_findings)
        return err_set(e, v.code, "verify: %td finding%s, listed above",
                       v.n_findings, v.n_findings == 1 ? "" : "s");
    printf("all holds: %td run%s", v.n_runs, v.n_runs == 1 ? "" : "s");
    if (v.n_sweeps)
        printf(", %td sweep%s", v.n_sweeps, v.n_sweeps == 1 ? "" : "s");
    printf("\n");
    return OK;
}

/* tool.h - run another program (gnuplot, sbatch, spm_train) over three open
 * files.
 *
 * No shell sees the words, and nothing but the three files is handed on: what
 * this program opens by name is closed on exec. Standard input, output and
 * complaints are files, so neither side can block the other.
 */
#ifndef SINKLAB_TOOL_H
#define SINKLAB_TOOL_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"

/* What a missing program's status is, where the system cannot tell sooner. */
enum { TOOL_NOT_FOUND = 127 };

/* tool_run - start words[0], looked for in PATH, with these words (NULL at the
 * end) and wait for it; *status as waitpid has it. in, out and complaints are
 * open and flushed; in is read from its place.
 * OK: it ran, however it ended; ERR_TOOL: it cannot be started, with ENOENT in
 * errno if there is no such program; ERR_IO. */
int tool_run(int *status, const char *const *words, FILE *in, FILE *out,
             FILE *complaints, struct err *e);

/* tool_run_in - the same in another folder (NULL: this one), from which the
 * words' paths are to be told. */
int tool_run_in(int *status, const char *folder, const char *const *words,
                FILE *in, FILE *out, FILE *complaints, struct err *e);

/* tool_check - OK, or ERR_TOOL that says how the program failed, with the last
 * line of its complaints. */
int tool_check(int status, const char *name, FILE *complaints, struct err *e);

#endif

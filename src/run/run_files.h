/* run_files.h - what lies in a run folder, by name (docs/FORMATS.md). */
#ifndef SINKLAB_RUN_FILES_H
#define SINKLAB_RUN_FILES_H

#include "base/base.h"
#include "base/err.h"

/* Bytes of a run folder's path and of a path in it, NUL included. */
enum { RUN_DIR_MAX = 1024, RUN_PATH_MAX = RUN_DIR_MAX + 64 };

/* Bytes of a run's id, NUL included. */
enum { RUN_ID_MAX = 40 };

/* Their names; messages to users say them out. */
#define RUN_CONFIG "config.ini"
#define RUN_MANIFEST "manifest.ini"
#define RUN_METRICS "metrics.csv"
#define RUN_TIMING "timing.csv"
#define RUN_SAMPLES "samples.csv" /* where [train] sample_tokens asks for it */
#define RUN_ARRAYS "analysis.h5"
#define RUN_ANALYSIS "analysis.csv"
#define RUN_STATUS "status"
#define RUN_LOCK "lock"
#define RUN_OUTPUT "log.txt" /* of a run that a sweep started */
#define RUN_CHECKPOINTS "checkpoints"
#define RUN_RESUME "resume.h5" /* in there */

struct run_file {
    const char *name;
    bool is_foreign; /* another program may leave it in a folder of its own */
    bool is_record;  /* a file that says what training did, without weights */
};

/* Every file and folder of a run, ends with name NULL. */
extern const struct run_file run_files[];

/* Bytes of the name of an analysis, NUL included. */
enum { RUN_ANALYSIS_NAME_MAX = 32 };

/* run_file_is_one - is this the name of one of them, or of a checkpoint, which
 * are the only copy of something? */
bool run_file_is_one(const char *name);

/* run_files_find - the first of them that is in dir into *name, else NULL;
 * is_foreign ones are passed over if told to. OK; ERR_IO: it cannot be looked
 * at. */
int run_files_find(const char **name, const char *dir, bool foreign_too,
                   struct err *e);

/* Paths in a run folder; dir is shorter than RUN_DIR_MAX. */
void run_path(char path[RUN_PATH_MAX], const char *dir, const char *name);
void run_step_path(char path[RUN_PATH_MAX], const char *dir, idx step);
void run_resume_path(char path[RUN_PATH_MAX], const char *dir);

/* run_analysis_path - of an analysis: analysis.csv and analysis.h5 by their
 * endings, and beside them analysis-NAME.csv, analysis-NAME.h5; name "": the
 * usual one.
 * run_analysis_of_file - the name, of a file's that is one of a named one.
 * run_analysis_check - may one be called so? OK, or ERR_USAGE: what it may be
 * of; the message begins with `where`. */
void run_analysis_path(char path[RUN_PATH_MAX], const char *dir,
                       const char *name, const char *ending);
bool run_analysis_of_file(char name[RUN_ANALYSIS_NAME_MAX], const char *file);
int run_analysis_check(const char *name, const char *where, struct err *e);

/* run_file_exists - is there a file or folder of this name in dir? OK; ERR_IO:
 * it cannot be looked at. */
int run_file_exists(bool *is_there, const char *dir, const char *name,
                    struct err *e);

/* The step in a weights file's name, or -1 if run_step_path would not write it
 * so. */
idx run_step_of_name(const char *name);

#endif

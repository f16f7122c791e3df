/* sweep_case.h - a sweep file written by a test, and what becomes of it. */
#ifndef SINKLAB_SWEEP_CASE_H
#define SINKLAB_SWEEP_CASE_H

#include "sweep/sweep_expand.h"

/* What was read last. */
extern struct sweep_file case_file;
extern struct sweep_points case_points;

void sweep_case_release(void);

/* s.ini in the temporary folder, which gets this text. */
const char *sweep_case_write(const char *text);

/* Write it, and read it into case_file; what was read before is released. */
int sweep_case_read(const char *text, const char *const *overrides, idx n,
                    struct err *e);

/* The same, and expand it into case_points. */
int sweep_case_expand(const char *text, const char *const *overrides, idx n,
                      struct err *e);

/* It is refused with this code and a message that holds `want`. */
void sweep_case_refused(const char *text, int code, const char *want);

#endif

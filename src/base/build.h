/* build.h - what this binary was built from, for the manifest of every run.
 *
 * Constants of the program; the Makefile gives them to build.c alone. Cannot
 * fail, any thread.
 */
#ifndef SINKLAB_BUILD_H
#define SINKLAB_BUILD_H

const char *build_version(void);  /* "0.1.0" */
const char *build_commit(void);   /* "1a2b3c4d5e6f-dirty", "unknown" */
const char *build_compiler(void); /* "gcc 12.2.0" */
const char *build_flags(void);    /* as the Makefile passed them */

#endif

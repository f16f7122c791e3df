/* analysis.h - the two files of an analysis, and what they were made from.
 *
 * analysis.h5 is the truth; its attribute `made_from` is a hash of all that it
 * follows from. analysis.csv is the same in short, and names in its column
 * `analysis` the seal of the analysis.h5 that it was written from: they are
 * replaced one after the other, and a failure in between shows. An analysis of
 * another name (run_analysis_path; "": the usual one) is two such files beside
 * these.
 */
#ifndef SINKLAB_ANALYSIS_H
#define SINKLAB_ANALYSIS_H

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "config/config.h"
#include "io/table.h"
#include "run/run.h"

/* The column of analysis.csv that holds no numbers. */
#define ANALYSIS_ORIGIN "analysis"

/* analysis_made_from - the hash of what an analysis of the run in dir with
 * these settings follows from: the settings that measured_settings says, and
 * step and seal of each weights file. OK, ERR_IO, ERR_CHECKPOINT (a file
 * without seal), ERR_MEMORY. */
int analysis_made_from(char hex[HASH_HEX_MAX], const char *dir,
                       const struct config *c, const struct step_list *steps,
                       struct err *e);

/* analysis_settings - the hash of the settings alone, but for which metrics are
 * asked for, and of the program's definitions. */
void analysis_settings(char hex[HASH_HEX_MAX], const struct config *c);

/* analysis_is_current - are both files there and whole, made from that, and
 * the CSV from the other? */
bool analysis_is_current(const char *dir, const char *name,
                         const char *made_from);

/* analysis_write_csv - behind analysis.h5: the text (n bytes of whole lines,
 * a header first) with the columns `analysis` and `row_hash` behind.
 * OK, ERR_IO, ERR_DATA, ERR_MEMORY. */
int analysis_write_csv(const char *dir, const char *name, const char *text,
                       size_t n, struct err *e);

/* analysis_read_csv - analysis.csv, which must be made from the analysis.h5
 * beside it (one of an earlier version does not say; its origin is ""). OK;
 * ERR_DATA: it is not, or is damaged; ERR_IO, ERR_MEMORY. On error the table is
 * empty. */
int analysis_read_csv(struct table *t, const char *dir, const char *name,
                      struct err *e);

#endif

/* html_curves.h - the columns of runs and groups over their steps, as JSON, for
 * the page of `compare --report`.
 *
 * Columns that were measured at the same steps share an axis:
 *
 *     "axes":[{"logged":false,"step":[0,100],"tokens":[0,51200]}],
 *     "curves":{"sink_1":{"axis":0,"value":[0,0.5]},
 *               "loss":{"axis":0,"value":[4,2],"spread":[0.1,0.2],"n":3}}
 *
 * logged: of metrics.csv. Values with a spread are means over n runs (means.h).
 * The last ones, which tables show, are exact, for the page is to round as
 * `compare` does: what does not read back from CURVE_DIGITS is a text.
 * What was not measured has no point. Long curves are thinned (thin.h).
 */
#ifndef SINKLAB_HTML_CURVES_H
#define SINKLAB_HTML_CURVES_H

#include "io/json.h"
#include "report/means.h"

enum { CURVE_DIGITS = 5 }; /* significant ones, in a line of JSON */

/* put_exact - a number that JSON with CURVE_DIGITS would round: as a text. NAN
 * is null. */
void put_exact(struct json *j, const char *key, double value);

/* Names of columns, in the order of the files; borrowed from the runs. */
struct page_columns {
    const char **names; /* (n) */
    idx n;
};

/* page_columns_find - fill a zeroed one with what any run has measured. OK or
 * ERR_MEMORY; to be released in any case. */
int page_columns_find(struct page_columns *c, const struct groups *s,
                      struct err *e);
void page_columns_release(struct page_columns *c);

/* html_run_curves - of run i of the group, into the object begun last; at most
 * `most` points each. html_group_curves - its means. OK or ERR_MEMORY. */
int html_run_curves(struct json *j, const struct group *g, idx i,
                    const struct page_columns *c, idx most, struct err *e);
int html_group_curves(struct json *j, const struct group *g,
                      const struct page_columns *c, idx most, struct err *e);

#endif

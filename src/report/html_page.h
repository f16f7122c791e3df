/* html_page.h - `sinklab compare --report DIR`: DIR/index.html, one page that
 * shows runs and groups and needs nothing else, no network either.
 *
 * Frame, style and scripts are the files of src/report/html, compiled in, and
 * so is Chart.js, which draws the curves. Data are lines of JSON in a script
 * element, one by kind: head, config, judged, group, run. What a run is called
 * and holds is text there, and only ever set as text.
 */
#ifndef SINKLAB_HTML_PAGE_H
#define SINKLAB_HTML_PAGE_H

#include "report/html_data.h"

/* The Makefile makes them of files; page_charts is empty where Chart.js was not
 * found when this program was built. */
extern const char page_frame[], page_style[], page_script[], page_charts[];

/* html_page_check - may it be written to dir, and is there all that it takes?
 * charts: page_charts; others (n): what else is written, NULL: not asked
 * for. OK; ERR_TOOL: built without Chart.js; ERR_BUSY, ERR_USAGE, ERR_IO: as
 * report_files_check. */
int html_page_check(const char *dir, const char *charts,
                    const char *const *others, idx n, struct err *e);

/* html_page_write - the page, whole or not at all. path: of the page. OK,
 * ERR_IO, ERR_MEMORY. */
int html_page_write(char path[RUN_PATH_MAX], const char *dir,
                    const struct compare_rows *t,
                    const struct page_texts *texts, struct err *e);

#endif

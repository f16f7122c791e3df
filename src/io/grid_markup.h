/* grid_markup.h - a grid as a table of Markdown or LaTeX.
 *
 * Cells are shown, never interpreted: what the language would take for its own
 * is escaped. Hidden columns are there. Row 0 is the heading, its lines joined.
 */
#ifndef SINKLAB_GRID_MARKUP_H
#define SINKLAB_GRID_MARKUP_H

#include "io/grid.h"

/* grid_markdown - a pipe table (GitHub Flavored Markdown). */
void grid_markdown(FILE *out, const struct grid *g);

/* grid_latex - a tabular with booktabs' rules, or \hline where the document
 * does not load that package. */
void grid_latex(FILE *out, const struct grid *g);

#endif

/* compare_sheet.h - a table of `compare` that is being made column by column.
 *
 * On a screen: percent, rounded, "-" for what is missing, only the first of
 * many differing keys. For papers the same, but all keys, and a mean and its
 * spread are one cell. In files: everything, fractions, all digits, empty
 * cells.
 */
#ifndef SINKLAB_COMPARE_SHEET_H
#define SINKLAB_COMPARE_SHEET_H

#include "io/grid.h"
#include "report/compare_rows.h"

enum sheet_form { SHEET_SCREEN, SHEET_PAPER, SHEET_FILE };

struct sheet {
    struct grid *g;
    const struct compare_rows *t;
    const struct compare_row *rows; /* (n) */
    idx n;
    enum sheet_form form;
    const char *spread; /* "±" or what stands for it */
};

/* sheet_of - rows of t, or others (n) of its groups. */
struct sheet sheet_of(struct grid *g, const struct compare_rows *t,
                      const struct compare_row *rows, idx n,
                      enum sheet_form form);

/* Where a row has what a column shows: bytes into struct compare_row. */
size_t sheet_final_at(idx measure);
size_t sheet_pair_at(idx measure); /* the summary of its differences */

/* Columns, headed in the manner of printf, of what stands `at` bytes into each
 * row: a text; a count; a part of a summary of this measure (NULL: of steps).
 * Return their number. */
enum statistic { MEAN, SPREAD, ERROR, MIN, MAX };
idx sheet_text(struct sheet *s, size_t at, const char *heading);
idx sheet_count(struct sheet *s, size_t at, const char *heading, ...)
    __attribute__((format(printf, 3, 4)));
idx sheet_part(struct sheet *s, size_t at, enum statistic part,
               const char *measure, const char *heading, ...)
    __attribute__((format(printf, 5, 6)));

/* sheet_spread - the mean of a summary with its spread beside it: two columns
 * on a screen, one for papers. */
void sheet_spread(struct sheet *s, size_t at, const char *measure,
                  const char *heading);

/* sheet_shows_key - is key k of n among the first `most`? The first of each
 * section come before the second of any, so that they tell in what ways rows
 * differ; those of [run] last. */
bool sheet_shows_key(const struct config_key *keys, idx n, idx k, idx most);

/* sheet_keys - a column a key; on a screen at most so many. */
void sheet_keys(struct sheet *s, const struct config_key *keys, idx n,
                idx most);

/* sheet_heading - of a measured column, for people: its name over at most two
 * lines, and its unit; `before` stands above. Returns text. */
enum { HEADING_MAX = 2 * COLUMN_NAME_MAX };
const char *sheet_heading(char text[HEADING_MAX], const char *before,
                          const char *column);

#endif

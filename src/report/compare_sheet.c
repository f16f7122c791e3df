#include "report/compare_sheet.h"

#include "base/text.h"
#include "report/cells.h"

#include <string.h>

/* Of a heading's line, where a name is longer. */
enum { HEADING_WIDTH = 10 };

struct sheet sheet_of(struct grid *g, const struct compare_rows *t,
                      const struct compare_row *rows, idx n,
                      enum sheet_form form)
{
    bool has_sign = form == SHEET_PAPER || t->o->unicode;
    return (struct sheet){ g, t, rows, n, form, has_sign ? "±" : "+-" };
}

size_t sheet_final_at(idx measure)
{
    return offsetof(struct compare_row, finals) +
           (size_t)measure * sizeof(struct summary);
}

size_t sheet_pair_at(idx measure)
{
    return offsetof(struct compare_row, judged) +
           (size_t)measure * sizeof(struct judged) +
           offsetof(struct judged, pair.d);
}

static const void *field_at(const struct sheet *s, idx i, size_t at)
{
    return (const char *)&s->rows[i] + at;
}

idx sheet_text(struct sheet *s, size_t at, const char *heading)
{
    idx c = grid_add(s->g, "%s", heading);
    for (idx i = 0; i < s->n; i++)
        grid_set(s->g, i + 1, c, "%s",
                 *(const char *const *)field_at(s, i, at));
    return c;
}

idx sheet_count(struct sheet *s, size_t at, const char *heading, ...)
{
    va_list args;
    va_start(args, heading);
    idx c = grid_addv(s->g, heading, args);
    va_end(args);
    for (idx i = 0; i < s->n; i++)
        grid_set(s->g, i + 1, c, "%td", *(const idx *)field_at(s, i, at));
    return c;
}

/* What there is not is no NaN: that is a number that came out. */
static bool has_part(const struct summary *x, enum statistic part)
{
    return x->n > (part == SPREAD || part == ERROR);
}

idx sheet_part(struct sheet *s, size_t at, enum statistic part,
               const char *measure, const char *heading, ...)
{
    bool is_file = s->form == SHEET_FILE;
    va_list args;
    va_start(args, heading);
    idx c = grid_addv(s->g, heading, args);
    va_end(args);
    struct cell_look look = cell_look(measure ? measure : "step");
    for (idx i = 0; i < s->n; i++) {
        const struct summary *x = field_at(s, i, at);
        const double v[] = { x->mean, x->spread, x->error, x->min, x->max };
        if (has_part(x, part))
            put_number(s->g, i + 1, c, v[part], look, is_file);
        else
            put_missing(s->g, i + 1, c, is_file);
    }
    return c;
}

static void join(struct sheet *s, size_t at, const char *measure, idx c)
{
    struct cell_look look = cell_look(measure ? measure : "step");
    double scale = look.is_share ? 100 : 1;
    for (idx i = 0; i < s->n; i++) {
        char mean[CELL_NUMBER_MAX], spread[CELL_NUMBER_MAX];
        const struct summary *x = field_at(s, i, at);
        if (has_part(x, SPREAD))
            grid_set(s->g, i + 1, c, "%s %s %s",
                     cell_number(mean, scale * x->mean, look.digits), s->spread,
                     cell_number(spread, scale * x->spread, look.digits));
    }
}

void sheet_spread(struct sheet *s, size_t at, const char *measure,
                  const char *heading)
{
    idx c = sheet_part(s, at, MEAN, measure, "%s", heading);
    if (s->form == SHEET_PAPER)
        join(s, at, measure, c);
    else
        sheet_part(s, at, SPREAD, measure, "%s", s->spread);
}

/* How many keys of its section stand before it; [run], which says least of why
 * rows differ, takes its turn behind all n. */
static idx turn_of(const struct config_key *keys, idx n, idx k)
{
    idx turn = 0;
    while (turn < k && keys[k - turn - 1].section == keys[k].section)
        turn++;
    return strcmp(keys[k].section->name, "run") != 0 ? turn : n + turn;
}

bool sheet_shows_key(const struct config_key *keys, idx n, idx k, idx most)
{
    idx before = 0, turn = turn_of(keys, n, k);
    for (idx i = 0; i < n; i++) {
        idx other = turn_of(keys, n, i);
        before += other < turn || (other == turn && i < k);
    }
    return before < most;
}

/* A row of one run of a group has that run's own; of a group, what those of its
 * runs have that read the key. */
static const struct config *config_of(const struct compare_row *r,
                                      struct config_key k)
{
    return r->name ? &r->run->config
                   : group_config(group_reader(r->group, k), k);
}

void sheet_keys(struct sheet *s, const struct config_key *keys, idx n, idx most)
{
    bool is_file = s->form == SHEET_FILE;
    for (idx k = 0; k < n; k++) {
        if (s->form == SHEET_SCREEN && !sheet_shows_key(keys, n, k, most))
            continue;
        idx c = add_key(s->g, keys, n, k, is_file);
        for (idx i = 0; i < s->n; i++)
            if (s->rows[i].run->has_config)
                put_key(s->g, i + 1, c, config_of(&s->rows[i], keys[k]),
                        keys[k], is_file);
            else if (s->t->groups->are_single)
                put_missing(s->g, i + 1, c, is_file);
    }
}

const char *sheet_heading(char text[HEADING_MAX], const char *before,
                          const char *column)
{
    struct column_facts f;
    char line[COLUMN_NAME_MAX];
    struct text t = { text, HEADING_MAX, 0 };
    text_add(&t, "%s", before);
    if (!column_find(&f, column))
        f = (struct column_facts){ .name = column, .unit = "1" };
    for (idx i = 0; i < COLUMN_HEADING_LINES; i++) {
        column_heading(line, &f, i, HEADING_WIDTH);
        if (*line)
            text_add(&t, "%s%s", t.n > 0 ? "\n" : "", line);
    }
    return text;
}

#include "report/attention_show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/grid.h"
#include "io/json.h"
#include "report/report_file.h"

/* ---- where to ---------------------------------------------------------- */

/* Numbers replace numbers of attention, pictures whatever is no file of a
 * run's. */
static int check_output(const char *path, struct err *e)
{
    static const char *const endings[] = { ".h5", ".svg", ".png", ".pdf" };
    bool is_known = false, is_ours = false;
    for (idx i = 0; i < COUNT_OF(endings); i++)
        is_known = is_known || text_is_file_kind(path, endings[i]);
    if (!is_known)
        return err_set(e, ERR_USAGE,
                       "attention: -o %s: want a name that ends in .h5, .svg, "
                       ".png or .pdf",
                       path);
    if (text_is_file_kind(path, ".h5") &&
        attention_file_is_one(&is_ours, path, e))
        return e->code;
    return is_ours ? OK : report_files_check(&path, 1, e);
}

/* ---- the table --------------------------------------------------------- */

struct shares {
    const struct attention_map *m;
    struct attention_share *of;   /* (heads) of weights */
    struct attention_share *part; /* (heads) of parts of their rows */
    struct attention_sums sums;
};

static void see_head(void *context, const struct head_view *h)
{
    struct shares *s = context;
    s->of[attention_map_place(s->m, h)] = attention_share_of(h);
    s->part[attention_map_place(s->m, h)] = attention_part_of(s->m, h);
}

static void set_share(struct grid *g, idx row, idx column, double share)
{
    if (isnan(share))
        grid_set(g, row, column, "-");
    else
        grid_set(g, row, column, "%.1f", 100 * share);
}

/* Sums may be small. */
static void set_sum(struct grid *g, idx row, idx column, double sum)
{
    char word[32];
    struct text t = { word, sizeof word, 0 };
    attention_percent_add(&t, sum);
    grid_set(g, row, column, "%s", word);
}

/* What the columns would be without any preference. */
static void tell_even(FILE *out, const struct shares *s)
{
    const struct attention_map *m = s->m;
    static const struct {
        const char *name;
        size_t at;
    } shares[] = { { "first", offsetof(struct attention_share, first) },
                   { "self", offsetof(struct attention_share, self) },
                   { "previous", offsetof(struct attention_share, previous) } };
    char line[256];
    struct text t = { line, sizeof line, 0 };
    for (idx i = 0; i < COUNT_OF(shares) && (i < 2 || m->T > 1); i++) {
        text_add(&t, "%s%s ", i > 0 ? ", " : "", shares[i].name);
        attention_even_add(&t, m, shares[i].at);
    }
    fprintf(out,
            "means over queries%s; if each weighed all tokens that it sees "
            "alike:\n%s\n",
            attention_sums_differ(&s->sums) ? ", parts of what a row sums to"
                                            : "",
            line);
}

static void tell_sums(FILE *out, const struct shares *s)
{
    char line[512];
    struct text t = { line, sizeof line, 0 };
    if (!attention_sums_differ(&s->sums))
        return;
    attention_sums_add(&t, &s->sums);
    fprintf(out, "note: %s\n", line);
}

static int print_table(FILE *out, const struct shares *s, bool unicode,
                       struct err *e)
{
    static const char *const headings[] = { "layer", "head", "first %",
                                            "self %", "previous %" };
    enum { WIDEST = 20 };
    const struct attention_map *m = s->m;
    struct grid g = { 0 };
    idx heads = m->n_layers * m->n_heads;
    idx columns = COUNT_OF(headings);
    idx extra = m->has_extra ? columns++ : -1;
    idx sum = attention_sums_differ(&s->sums) ? columns++ : -1;
    if (grid_init(&g, heads + 1, columns, e) == OK) {
        for (idx i = 0; i < COUNT_OF(headings); i++)
            grid_set(&g, 0, i, "%s", headings[i]);
        if (extra >= 0)
            grid_set(&g, 0, extra, "no token %%");
        if (sum >= 0)
            grid_set(&g, 0, sum, "row sum %%");
        for (idx i = 0; i < heads; i++) {
            const struct attention_share *x = &s->part[i];
            grid_set(&g, i + 1, 0, "%td", m->layer + i / m->n_heads);
            grid_set(&g, i + 1, 1, "%td", m->head + i % m->n_heads);
            set_share(&g, i + 1, 2, x->first);
            set_share(&g, i + 1, 3, x->self);
            set_share(&g, i + 1, 4, x->previous);
            if (extra >= 0)
                set_share(&g, i + 1, extra, x->extra);
            if (sum >= 0)
                set_sum(&g, i + 1, sum, x->row_sum);
        }
        if (grid_check(&g, e) == OK) {
            grid_print(out, &g, WIDEST, unicode);
            tell_even(out, s);
            tell_sums(out, s);
        }
    }
    grid_release(&g);
    return e->code;
}

static void put_share(struct json *j, const char *key, double share)
{
    if (isnan(share))
        json_put_null(j, key);
    else
        json_put_number(j, key, share);
}

/* What a token can have, even weights, too. */
static void put_tokens(struct json *j, const struct attention_share *x)
{
    put_share(j, "first", x->first);
    put_share(j, "self", x->self);
    put_share(j, "previous", x->previous);
}

static int print_json(FILE *out, const struct attention_show *o,
                      const struct shares *s, struct err *e)
{
    enum { DIGITS = 9 };
    const struct attention_map *m = s->m;
    struct json j = { .depth = 0 };
    json_begin_object(&j, NULL);
    json_put_text(&j, "run", o->query.model.dir);
    json_put_count(&j, "step", m->model.step);
    json_begin_array(&j, "tokens");
    for (idx t = 0; t < m->T; t++)
        json_put_count(&j, NULL, m->tokens[t]);
    json_end(&j);
    json_begin_array(&j, "heads");
    for (idx i = 0; i < m->n_layers * m->n_heads; i++) {
        idx layer = m->layer + i / m->n_heads, head = m->head + i % m->n_heads;
        struct attention_share even = attention_share_even(m, layer, head);
        json_begin_object(&j, NULL);
        json_put_count(&j, "layer", layer);
        json_put_count(&j, "head", head);
        put_tokens(&j, &s->of[i]);
        put_share(&j, "extra", s->of[i].extra);
        put_share(&j, "row_sum", s->of[i].row_sum);
        json_begin_object(&j, "of_row");
        put_tokens(&j, &s->part[i]);
        put_share(&j, "extra", s->part[i].extra);
        json_end(&j);
        json_begin_object(&j, "even");
        put_tokens(&j, &even);
        json_end(&j);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    return json_write(out, &j, DIGITS, e);
}

/* First of all: a weight that is no number makes a sum of none, and then there
 * is nothing to be shown, saved or drawn. */
static int find_shares(struct shares *s, struct attention_map *m, struct err *e)
{
    size_t heads = (size_t)(m->n_layers * m->n_heads);
    *s = (struct shares){ .m = m, .sums = ATTENTION_NO_SUMS };
    s->of = calloc(2 * heads, sizeof *s->of);
    if (!s->of)
        return err_memory(e, NULL);
    s->part = s->of + heads;
    attention_map_see(m, see_head, s);
    for (idx i = 0; i < (idx)heads; i++) {
        if (!isfinite(s->of[i].row_sum))
            return err_set(e, ERR_DIVERGED,
                           "%s: weights of layer %td, head %td are not finite: "
                           "use another checkpoint",
                           m->model.path, m->layer + i / m->n_heads,
                           m->head + i % m->n_heads);
        attention_sums_of(&s->sums, &s->of[i]);
    }
    return OK;
}

static int print_shares(FILE *out, const struct attention_show *o,
                        const struct shares *s, struct err *e)
{
    return o->is_json ? print_json(out, o, s, e)
                      : print_table(out, s, o->query.model.unicode, e);
}

/* ---- the whole --------------------------------------------------------- */

static int write_output(const struct attention_show *o, struct attention_map *m,
                        struct err *e)
{
    if (!o->output)
        return OK;
    if (text_is_file_kind(o->output, ".h5"))
        return attention_file_write(m, o->output, e);
    return attention_plot_write(m, o->query.model.dir, o->output, e);
}

int attention_show(FILE *out, const struct attention_show *o, struct err *e)
{
    struct attention_map m = { .T = 0 };
    struct shares s = { .of = NULL };
    if (!o->query.text == !o->query.tokens)
        return err_set(e, ERR_USAGE,
                       o->query.text
                           ? "attention: --text and --tokens say the same: "
                             "give one of them"
                           : "attention: of which text? Give --text \"...\", "
                             "or --tokens with the numbers of its tokens");
    if ((!o->output || check_output(o->output, e) == OK) &&
        attention_map_open(&m, &o->query, e) == OK)
        run_model_tell(o->is_json ? stderr : out, &m.model.config,
                       o->query.model.dir);
    if (!e->code && find_shares(&s, &m, e) == OK &&
        write_output(o, &m, e) == OK && print_shares(out, o, &s, e) == OK &&
        o->output && !o->is_json)
        fprintf(out, "wrote %s: %td token%s\n", o->output, m.T,
                m.T == 1 ? "" : "s");
    free(s.of);
    attention_map_release(&m);
    return e->code;
}

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
    struct attention_share *of; /* (heads) */
};

static void see_head(void *context, const struct head_view *h)
{
    struct shares *s = context;
    s->of[attention_map_place(s->m, h)] = attention_share_of(h);
}

static void set_share(struct grid *g, idx row, idx column, double share)
{
    if (isnan(share))
        grid_set(g, row, column, "-");
    else
        grid_set(g, row, column, "%.1f", 100 * share);
}

/* What the columns would be without any preference. */
static void tell_even(FILE *out, const struct attention_map *m)
{
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
            "means over queries; if each weighed all tokens that it sees "
            "alike:\n%s\n",
            line);
}

/* Else what is on the first token is taken for a share of a row. */
static void tell_sums(FILE *out, const struct shares *s, idx heads)
{
    double least = INFINITY, most = -INFINITY;
    for (idx i = 0; i < heads; i++) {
        least = fmin(least, s->of[i].least_sum);
        most = fmax(most, s->of[i].most_sum);
    }
    if (!(least >= 0.99 && most <= 1.01))
        fprintf(out,
                "note: rows of these heads sum to %.0f %% at least and %.0f %% "
                "at most, not to 100: no sink is to be read off the weight on "
                "the first token alone\n",
                100 * least, 100 * most);
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
    idx extra = m->has_extra ? COUNT_OF(headings) : -1;
    if (grid_init(&g, heads + 1, COUNT_OF(headings) + m->has_extra, e) == OK) {
        for (idx i = 0; i < COUNT_OF(headings); i++)
            grid_set(&g, 0, i, "%s", headings[i]);
        if (extra >= 0)
            grid_set(&g, 0, extra, "no token %%");
        for (idx i = 0; i < heads; i++) {
            const struct attention_share *x = &s->of[i];
            grid_set(&g, i + 1, 0, "%td", m->layer + i / m->n_heads);
            grid_set(&g, i + 1, 1, "%td", m->head + i % m->n_heads);
            set_share(&g, i + 1, 2, x->first);
            set_share(&g, i + 1, 3, x->self);
            set_share(&g, i + 1, 4, x->previous);
            if (extra >= 0)
                set_share(&g, i + 1, extra, x->extra);
        }
        if (grid_check(&g, e) == OK) {
            grid_print(out, &g, WIDEST, unicode);
            tell_even(out, m);
            tell_sums(out, s, heads);
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

/* Under "even" of a head. */
static void put_even(struct json *j, const struct attention_share *even)
{
    json_begin_object(j, "even");
    put_share(j, "first", even->first);
    put_share(j, "self", even->self);
    put_share(j, "previous", even->previous);
    json_end(j);
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
        put_share(&j, "first", s->of[i].first);
        put_share(&j, "self", s->of[i].self);
        put_share(&j, "previous", s->of[i].previous);
        put_share(&j, "extra", s->of[i].extra);
        put_share(&j, "row_sum", s->of[i].row_sum);
        put_even(&j, &even);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    return json_write(out, &j, DIGITS, e);
}

static int print_shares(FILE *out, const struct attention_show *o,
                        struct attention_map *m, struct err *e)
{
    struct shares s = { .m = m };
    s.of = calloc((size_t)(m->n_layers * m->n_heads), sizeof *s.of);
    if (!s.of)
        return err_memory(e, NULL);
    attention_map_see(m, see_head, &s);
    if (o->is_json)
        print_json(out, o, &s, e);
    else
        print_table(out, &s, o->query.model.unicode, e);
    free(s.of);
    return e->code;
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
    if (!o->query.text == !o->query.tokens)
        return err_set(e, ERR_USAGE,
                       o->query.text
                           ? "attention: --text and --tokens say the same: "
                             "give one of them"
                           : "attention: of which text? Give --text \"...\", "
                             "or --tokens with the numbers of its tokens");
    if ((!o->output || check_output(o->output, e) == OK) &&
        attention_map_open(&m, &o->query, e) == OK &&
        write_output(o, &m, e) == OK && print_shares(out, o, &m, e) == OK &&
        o->output && !o->is_json)
        fprintf(out, "wrote %s: %td token%s\n", o->output, m.T,
                m.T == 1 ? "" : "s");
    attention_map_release(&m);
    return e->code;
}

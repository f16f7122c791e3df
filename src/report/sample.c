#include "report/sample.h"

#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "io/json.h"

enum { DIGITS = 9 };

const char *const split_names[SPLITS] = { "train", "val", "sink" };

/* ---- JSON -------------------------------------------------------------- */

static void put_counts(struct json *j, const char *key, const int32_t *x, idx n)
{
    json_begin_array(j, key);
    for (idx t = 0; t < n; t++)
        json_put_count(j, NULL, x[t]);
    json_end(j);
}

static void put_targets(struct json *j, const int32_t *targets, idx n,
                        idx n_known)
{
    json_begin_array(j, "targets");
    for (idx t = 0; t < n; t++)
        if (t < n_known)
            json_put_count(j, NULL, targets[t]);
        else
            json_put_null(j, NULL);
    json_end(j);
}

static void put_offsets(struct json *j, const idx *x, idx n)
{
    json_begin_array(j, "offsets");
    for (idx t = 0; t < n; t++)
        if (x[t] == NO_OFFSET)
            json_put_null(j, NULL);
        else
            json_put_count(j, NULL, x[t]);
    json_end(j);
}

/* Where documents begin for the model, or, if it does not ask, as the data know
 * it. */
static const int32_t *documents_of(const struct sample *s)
{
    return s->batch->documents ? s->batch->documents : s->row->documents;
}

int sample_print_json(FILE *out, const struct sample *s, struct err *e)
{
    struct json j = { .depth = 0 };
    const struct batch *b = s->batch;
    idx T = b->T;
    json_begin_object(&j, NULL);
    json_put_text(&j, "split", split_names[s->split]);
    json_put_count(&j, "index", s->index);
    json_put_count(&j, "part", s->row->part);
    json_put_count(&j, "unit", (idx)s->row->unit);
    json_put_count(&j, "used", idx_min(s->row->used, T));
    put_counts(&j, "tokens", b->tokens, T);
    put_targets(&j, b->targets, T, source_targets(s->split, T));
    json_begin_array(&j, "weights");
    for (idx t = 0; t < T; t++)
        json_put_number(&j, NULL, (double)b->weights[t]);
    json_end(&j);
    put_offsets(&j, s->row->offsets, T);
    put_counts(&j, "documents", documents_of(s), T);
    json_begin_array(&j, "positions");
    for (idx t = 0; t < T; t++)
        json_put_count(&j, NULL, b->positions ? (idx)b->positions[t] : t);
    json_end(&j);
    json_end(&j);
    return json_write(out, &j, DIGITS, e);
}

/* ---- for people -------------------------------------------------------- */

enum { COLUMNS = 80, INDENT = 8, LINE_BYTES = 4 * COLUMNS + TOKEN_TEXT_MAX };

struct lines {
    FILE *out;
    idx first; /* token, from 1, with which the line begins */
    idx column;
    char text[LINE_BYTES], marks[LINE_BYTES];
    size_t n;
    bool has_marks;
};

static void end_line(struct lines *l)
{
    if (!l->n)
        return;
    fprintf(l->out, "%6td  %s\n", l->first, l->text);
    while (l->column && l->marks[l->column - 1] == ' ')
        l->column--;
    if (l->has_marks)
        fprintf(l->out, "%*s%.*s\n", INDENT, "", (int)l->column, l->marks);
    l->n = 0;
    l->column = 0;
    l->has_marks = false;
}

/* A piece of text with its mark below the first column. Accents that stand
 * upon letters take bytes and no columns, so a line may be full of either. */
static void add_piece(struct lines *l, const char *piece, const char *gap,
                      char mark, idx t)
{
    idx width = utf8_columns(piece), gap_n = l->n ? (idx)strlen(gap) : 0;
    size_t n = l->n + (size_t)gap_n + strlen(piece);
    if (INDENT + l->column + gap_n + width > COLUMNS || n >= sizeof l->text) {
        end_line(l);
        gap_n = 0;
    }
    if (!l->n)
        l->first = t + 1;
    l->n += (size_t)snprintf(l->text + l->n, sizeof l->text - l->n, "%.*s%s",
                             (int)gap_n, gap, piece);
    memset(l->marks + l->column, ' ', (size_t)(gap_n + width));
    if (width)
        l->marks[l->column + gap_n] = mark;
    l->has_marks = l->has_marks || mark != ' ';
    l->column += gap_n + width;
}

/* What is to be known of token t: '!' the target in front of it is another,
 * 'x' it does not count as a target, '*' an edit put it there, 'X' both, '>'
 * it is no token but the last target. */
static char mark_of(const struct sample *s, idx t)
{
    const struct batch *b = s->batch;
    bool is_target = t > 0 && t <= source_targets(s->split, b->T);
    bool is_edited = s->row->tokens[t] != s->unedited[t];
    bool counts = !is_target || s->split == SPLIT_SINK || b->weights[t - 1] > 0;
    if (is_target && b->targets[t - 1] != s->row->tokens[t])
        return '!';
    if (!counts)
        return is_edited ? 'X' : 'x';
    if (is_edited)
        return '*';
    return t == b->T ? '>' : ' ';
}

static void print_facts(FILE *out, const struct sample *s)
{
    const struct batch *b = s->batch;
    const int32_t *documents = documents_of(s);
    idx n_counted = 0, n_documents = 1, first = NO_OFFSET;
    char facts[256];
    struct text t = { facts, sizeof facts, 0 };
    for (idx i = b->T - 1; i >= 0; i--) {
        n_counted += b->weights[i] > 0;
        n_documents += i > 0 && i < s->row->used && documents[i] == i;
        first = s->row->offsets[i] == NO_OFFSET ? first : s->row->offsets[i];
    }
    text_add(&t, "%s %td", split_names[s->split], s->index);
    if (s->update)
        text_add(&t, ", update %td", s->update);
    if (s->source->n_parts > 1)
        text_add(&t, ", part %td", s->row->part + 1);
    text_add(&t, ": unit %td", (idx)s->row->unit);
    if (first != NO_OFFSET)
        text_add(&t, ", offset %td", first);
    if (n_documents > 1)
        text_add(&t, ", %td documents", n_documents);
    if (s->split != SPLIT_SINK)
        text_add(&t, ", %td of %td targets count", n_counted, b->T);
    text_print_words(out, facts, 0, 0, COLUMNS);
}

/* Targets that are not what follows. */
static void print_replaced(FILE *out, const struct sample *s,
                           const struct token_text *text)
{
    char is[TOKEN_TEXT_MAX], was[TOKEN_TEXT_MAX];
    const struct batch *b = s->batch;
    int column = 0;
    for (idx t = 0; t < source_targets(s->split, b->T); t++) {
        char item[3 * TOKEN_TEXT_MAX];
        if (b->targets[t] == s->row->tokens[t + 1])
            continue;
        token_show(was, text, s->row->part, s->row->tokens[t + 1]);
        token_show(is, text, s->row->part, b->targets[t]);
        snprintf(item, sizeof item, "%td '%s' for '%s'", t + 2, is, was);
        int width = (int)utf8_columns(item);
        if (!column)
            column = fprintf(out, "%*sinstead: ", INDENT, "");
        else if (column + 2 + width > COLUMNS)
            column = fprintf(out, ",\n%*s", INDENT, "") - 2;
        else
            column += fprintf(out, ", ");
        fprintf(out, "%s", item);
        column += width;
    }
    if (column)
        fputc('\n', out);
}

void sample_print_text(FILE *out, const struct sample *s,
                       const struct token_text *text)
{
    struct lines l = { .out = out };
    const int32_t *documents = documents_of(s);
    idx T = s->batch->T, n = s->row->n;
    print_facts(out, s);
    for (idx t = 0, here; t < n; t += here) {
        char piece[TOKEN_TEXT_MAX];
        if (t > 0 && t < T && documents[t] == t)
            end_line(&l);
        /* one character may be several tokens */
        char mark = mark_of(s, t);
        idx end = t + 1;
        while (end < n && mark_of(s, end) == mark &&
               !(end < T && documents[end] == end))
            end++;
        here =
            tokens_show(piece, text, s->row->part, s->row->tokens + t, end - t);
        if (t >= s->row->used) {
            here = n - t;
            snprintf(piece, sizeof piece, "<%td of padding>", here);
        }
        add_piece(&l, piece, token_gap(text, s->row->part), mark, t);
    }
    end_line(&l);
    print_replaced(out, s, text);
}

void sample_print_legend(FILE *out)
{
    fprintf(out, "unit: which piece of the corpus the sample is, offset: "
                 "place of its first token\nthere; on the left the place in "
                 "the sample of a line's first token, from 1\n");
    fprintf(out, "marks: * put there by an edit, x does not count as a target, "
                 "X both, ! another\n       target is given, > target alone; a "
                 "document begins a line\n");
}

#include "data/token_text.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum { PIECE_COLUMNS = 40 };

/* A prepared folder knows what its tokens stand for. */
static int open_vocabulary(struct token_text *x, idx part, struct err *e)
{
    struct vocabulary *v = &x->vocabularies[part];
    bool is_bytes = true;
    if (vocabulary_open(v, x->source->mixture.parts[part].path, e))
        return e->code;
    for (idx i = 0; i < v->n; i++)
        is_bytes = is_bytes && v->pieces[i].type == PIECE_BYTE;
    x->looks[part] = is_bytes && v->n == 256 ? LOOK_BYTES : LOOK_PIECES;
    return OK;
}

int token_text_open(struct token_text *x, const struct source *s, bool unicode,
                    struct err *e)
{
    *x = (struct token_text){ .source = s, .unicode = unicode };
    for (idx i = 0; i < s->n_parts; i++) {
        const struct corpus *c = &s->parts[i].corpus;
        if (c->bytes ||
            (c->kind->is_stored && c->train.width == 1 && c->n_plain == 256))
            x->looks[i] = LOOK_BYTES;
        if (c->train.vocab && open_vocabulary(x, i, e))
            return e->code;
    }
    return OK;
}

void token_text_close(struct token_text *x)
{
    for (idx i = 0; i < PARTS_MAX; i++)
        vocabulary_release(&x->vocabularies[i]);
    *x = (struct token_text){ 0 };
}

/* The byte that a token of such a part stands for; -1: none. */
static int byte_of(const struct token_text *x, idx part, int32_t token)
{
    const struct corpus *c = &x->source->parts[part].corpus;
    if (token < 0 || token >= (c->bytes ? c->n_plain : 256))
        return -1;
    return c->bytes ? c->bytes[token] : token;
}

/* How many of n tokens are one character; 1 also of what is none. */
static idx read_character(char text[UTF8_MAX + 1], const struct token_text *x,
                          idx part, const int32_t *tokens, idx n)
{
    int32_t c;
    idx n_read = idx_min(n, UTF8_MAX);
    for (idx i = 0; i < n_read; i++)
        text[i] = (char)idx_max(0, byte_of(x, part, tokens[i]));
    text[n_read] = '\0';
    idx used = text[0] ? utf8_decode(&c, text) : 1;
    text[used] = '\0';
    return used;
}

static void show_byte(char out[TOKEN_TEXT_MAX], int32_t byte)
{
    snprintf(out, TOKEN_TEXT_MAX, "\\x%02x", (unsigned)byte);
}

/* n > 0 tokens, bytes of a text, begin with such a character. */
static idx show_character(char out[TOKEN_TEXT_MAX], const struct token_text *x,
                          idx part, const int32_t *tokens, idx n)
{
    char text[UTF8_MAX + 1];
    idx used = read_character(text, x, part, tokens, n);
    if (!text[0] || (used > 1 && !x->unicode)) {
        show_byte(out, byte_of(x, part, tokens[0]));
        return 1;
    }
    utf8_show(out, TOKEN_TEXT_MAX, text, PIECE_COLUMNS, x->unicode);
    return used;
}

/* A piece of a word, with which a line may hold any bytes. */
static void show_piece(char out[TOKEN_TEXT_MAX], const struct token_text *x,
                       const char *bytes, idx n)
{
    char text[TOKEN_TEXT_MAX] = "";
    if (n > 0 && n < TOKEN_TEXT_MAX)
        memcpy(text, bytes, (size_t)n);
    if (n > 0 && !text[0]) /* a NUL, or too long to show */
        snprintf(out, TOKEN_TEXT_MAX, "<%td bytes>", n);
    else
        utf8_show(out, TOKEN_TEXT_MAX, text, PIECE_COLUMNS, x->unicode);
}

/* The name of a token of ours; NULL: it is of the corpora. */
static const char *name_of(const struct source *s, int32_t token)
{
    if (token == s->bos)
        return "<BOS>";
    if (token == s->eos)
        return "<EOS>";
    return token == s->fixed && token >= s->n_plain ? "<FIXED>" : NULL;
}

idx tokens_show(char out[TOKEN_TEXT_MAX], const struct token_text *x, idx part,
                const int32_t *tokens, idx n)
{
    const char *piece, *name = name_of(x->source, tokens[0]);
    idx piece_n;
    if (name)
        strcpy(out, name);
    else if (x->looks[part] == LOOK_BYTES && byte_of(x, part, tokens[0]) >= 0)
        return show_character(out, x, part, tokens, n);
    else if (x->looks[part] == LOOK_PIECES &&
             (piece =
                  vocabulary_text(&x->vocabularies[part], tokens[0], &piece_n)))
        show_piece(out, x, piece, piece_n);
    else if (x->looks[part] == LOOK_NUMBERS)
        snprintf(out, TOKEN_TEXT_MAX, "%td", (idx)tokens[0]);
    else /* of another part of a mixture */
        snprintf(out, TOKEN_TEXT_MAX, "<%td>", (idx)tokens[0]);
    return 1;
}

void token_show(char out[TOKEN_TEXT_MAX], const struct token_text *x, idx part,
                int32_t token)
{
    tokens_show(out, x, part, &token, 1);
}

static void write_one(FILE *out, const struct token_text *x, idx part,
                      int32_t token)
{
    char shown[TOKEN_TEXT_MAX];
    const char *piece, *name = name_of(x->source, token);
    idx n;
    int byte = x->looks[part] == LOOK_BYTES ? byte_of(x, part, token) : -1;
    if (!name && byte >= 0) {
        fputc(byte, out);
    } else if (!name && x->looks[part] == LOOK_PIECES &&
               (piece = vocabulary_text(&x->vocabularies[part], token, &n))) {
        fwrite(piece, 1, (size_t)n, out);
    } else {
        token_show(shown, x, part, token);
        fputs(shown, out);
    }
}

void tokens_write(FILE *out, const struct token_text *x, idx part,
                  const int32_t *tokens, idx n)
{
    for (idx i = 0; i < n; i++) {
        if (i && x->looks[part] == LOOK_NUMBERS)
            fputc(' ', out);
        write_one(out, x, part, tokens[i]);
    }
}

const char *token_gap(const struct token_text *x, idx part)
{
    switch (x->looks[part]) {
    case LOOK_BYTES:
        return "";
    case LOOK_PIECES:
        return "|";
    case LOOK_NUMBERS:
        break;
    }
    return " ";
}

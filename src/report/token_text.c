#include "report/token_text.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum { CHARACTER_MAX = 4, PIECE_COLUMNS = 40 };

static enum token_look look_of(const struct corpus *c)
{
    return c->n_plain == 256 && c->kind->is_stored && c->train.width == 1
               ? LOOK_BYTES
               : LOOK_NUMBERS;
}

int token_text_open(struct token_text *x, const struct source *s, bool unicode,
                    struct err *e)
{
    *x = (struct token_text){ .source = s, .unicode = unicode };
    for (idx i = 0; i < s->n_parts; i++)
        x->looks[i] = look_of(&s->parts[i].corpus);
    return e->code;
}

void token_text_close(struct token_text *x)
{
    *x = (struct token_text){ 0 };
}

/* How many of n bytes are one character; 1 also of what is none. */
static idx read_character(char text[CHARACTER_MAX + 1], const int32_t *tokens,
                          idx n)
{
    int32_t c;
    idx n_read = idx_min(n, CHARACTER_MAX);
    for (idx i = 0; i < n_read; i++)
        text[i] = tokens[i] >= 0 && tokens[i] < 256 ? (char)tokens[i] : '\0';
    text[n_read] = '\0';
    idx used = text[0] ? utf8_decode(&c, text) : 1;
    text[used] = '\0';
    return used;
}

static void show_byte(char out[TOKEN_TEXT_MAX], int32_t byte)
{
    snprintf(out, TOKEN_TEXT_MAX, "\\x%02x", (unsigned)byte);
}

/* n > 0 bytes of a text begin with such a character. */
static idx show_character(char out[TOKEN_TEXT_MAX], const struct token_text *x,
                          const int32_t *tokens, idx n)
{
    char text[CHARACTER_MAX + 1];
    idx used = read_character(text, tokens, n);
    if (!text[0] || (used > 1 && !x->unicode)) {
        show_byte(out, tokens[0]);
        return 1;
    }
    utf8_show(out, TOKEN_TEXT_MAX, text, PIECE_COLUMNS, x->unicode);
    return used;
}

idx tokens_show(char out[TOKEN_TEXT_MAX], const struct token_text *x, idx part,
                const int32_t *tokens, idx n)
{
    const struct source *s = x->source;
    if (tokens[0] == s->bos)
        strcpy(out, "<BOS>");
    else if (tokens[0] == s->eos)
        strcpy(out, "<EOS>");
    else if (tokens[0] == s->fixed && tokens[0] >= s->n_plain)
        strcpy(out, "<FIXED>");
    else if (x->looks[part] == LOOK_BYTES && tokens[0] < 256)
        return show_character(out, x, tokens, n);
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

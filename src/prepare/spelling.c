#include "prepare/spelling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/prepared.h"
#include "io/fsys.h"
#include "prepare/pieces.h"
#include "prepare/segment.h"

static int32_t *new_tokens(size_t n, const char *what, struct err *e)
{
    int32_t *tokens = n ? malloc(n * sizeof *tokens) : NULL;
    if (n && !tokens)
        err_memory(e, what);
    return tokens;
}

/* The token of each byte that the part has, -1 of others. */
static void find_bytes(int32_t of_byte[256], const struct corpus *c)
{
    for (int byte = 0; byte < 256; byte++)
        of_byte[byte] = c->bytes ? -1 : byte;
    for (idx i = 0; c->bytes && i < c->n_plain; i++)
        of_byte[c->bytes[i]] = (int32_t)i;
}

static int spell_bytes(int32_t **tokens, idx *n, const struct corpus *c,
                       const char *text, const char *what, struct err *e)
{
    int32_t of_byte[256];
    size_t length = strlen(text);
    find_bytes(of_byte, c);
    *tokens = new_tokens(length, what, e);
    for (size_t i = 0; i < length && !e->code; i++) {
        unsigned char byte = (unsigned char)text[i];
        (*tokens)[i] = of_byte[byte];
        if (of_byte[byte] < 0)
            err_set(e, ERR_DATA,
                    "%s: byte %zu, 0x%02x, is none of the %td that occur in "
                    "the text of data.bigram_path: give a text without it",
                    what, i + 1, byte, c->n_plain);
    }
    *n = (idx)length;
    return e->code;
}

static int spell_pieces(int32_t **tokens, idx *n, const char *folder,
                        const char *text, const char *what, struct err *e)
{
    char path[FSYS_PATH_MAX];
    struct pieces p;
    size_t length = strlen(text), valid = segment_invalid(text, length);
    if (valid < length)
        return err_set(e, ERR_DATA,
                       "%s: byte %zu is no UTF-8, of which the model's "
                       "sub-words are made: convert it (iconv)",
                       what, valid + 1);
    snprintf(path, sizeof path, "%s/%s", folder, PREPARED_MODEL);
    if (pieces_open(&p, path, path, e) == OK)
        pieces_spell(tokens, n, &p, text, what, e);
    pieces_release(&p);
    return e->code;
}

/* Nothing is kept of what failed. */
static int take(int32_t **tokens, idx *n, struct err *e)
{
    if (!e->code)
        return OK;
    free(*tokens);
    *tokens = NULL;
    *n = 0;
    return e->code;
}

static int read_numbers(int32_t **tokens, idx *n, const struct source *s,
                        const char *text, const char *what, struct err *e)
{
    static const char between[] = " \t\n,";
    char shown[TEXT_SHOW_MAX];
    *n = 0;
    *tokens = new_tokens(strlen(text), what, e);
    for (const char *at = text; !e->code;) {
        char *end;
        at += strspn(at, between);
        if (!*at)
            break;
        long long id = strtoll(at, &end, 10);
        size_t length = strcspn(at, between);
        if ((size_t)(end - at) != length || id < 0 || id >= s->vocab)
            return err_set(e, ERR_DATA,
                           "%s: got '%s', want numbers of tokens, 0 to %td, "
                           "with blanks between",
                           what, text_show(shown, at), s->vocab - 1);
        (*tokens)[(*n)++] = (int32_t)id;
        at = end;
    }
    return e->code;
}

int spell_numbers(int32_t **tokens, idx *n, const struct source *s,
                  const char *text, const char *what, struct err *e)
{
    read_numbers(tokens, n, s, text, what, e);
    return take(tokens, n, e);
}

int spell(int32_t **tokens, idx *n, const struct token_text *x, idx part,
          const char *text, const char *what, struct err *e)
{
    *tokens = NULL;
    *n = 0;
    switch (x->looks[part]) {
    case LOOK_BYTES:
        spell_bytes(tokens, n, &x->source->parts[part].corpus, text, what, e);
        break;
    case LOOK_PIECES:
        spell_pieces(tokens, n, x->source->mixture.parts[part].path, text, what,
                     e);
        break;
    case LOOK_NUMBERS:
        read_numbers(tokens, n, x->source, text, what, e);
        break;
    }
    return take(tokens, n, e);
}

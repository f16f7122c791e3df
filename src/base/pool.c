#include "base/pool.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 14, ALIGNMENT = alignof(max_align_t) };

struct pool_piece {
    struct pool_piece *before;
    size_t cap, used;
    bool is_borrowed;
    max_align_t bytes[];
};

void pool_begin(struct pool *p, void *bytes, size_t n)
{
    struct pool_piece *piece = bytes;
    BUG_ON(n < sizeof *piece);
    memset(bytes, 0, n);
    piece->cap = n - sizeof *piece;
    piece->is_borrowed = true;
    *p = (struct pool){ .last = piece };
}

static struct pool_piece *add_piece(struct pool *p, size_t n)
{
    size_t cap = n > PIECE_BYTES ? n : PIECE_BYTES;
    struct pool_piece *piece = calloc(1, sizeof *piece + cap);
    if (!piece) {
        p->is_out_of_memory = true;
        return NULL;
    }
    piece->cap = cap;
    piece->before = p->last;
    return p->last = piece;
}

void *pool_bytes(struct pool *p, size_t n)
{
    struct pool_piece *piece = p->last;
    if (p->is_out_of_memory)
        return NULL;
    if (!piece || piece->cap - piece->used < n)
        piece = add_piece(p, n);
    if (!piece)
        return NULL;
    char *bytes = (char *)piece->bytes + piece->used;
    size_t taken = (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t left = piece->cap - piece->used;
    piece->used += taken < left ? taken : left;
    return bytes;
}

char *pool_text(struct pool *p, const char *text, size_t n)
{
    size_t length = strnlen(text, n);
    char *copy = pool_bytes(p, length + 1);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

char *pool_print(struct pool *p, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    BUG_ON(n < 0);
    char *text = pool_bytes(p, (size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

int pool_check(const struct pool *p, struct err *e)
{
    return p->is_out_of_memory ? err_memory(e, NULL) : OK;
}

void pool_release(struct pool *p)
{
    while (p->last) {
        struct pool_piece *before = p->last->before;
        if (!p->last->is_borrowed)
            free(p->last);
        p->last = before;
    }
    *p = (struct pool){ 0 };
}

#include "token_files.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>

void bytes_number(struct bytes *b, uint64_t value, idx width)
{
    b->at = realloc(b->at, b->n + (size_t)width);
    assert_non_null(b->at);
    for (idx i = 0; i < width; i++)
        b->at[b->n++] = (unsigned char)(value >> (8 * i));
}

void bytes_tokens(struct bytes *b, uint64_t first, idx n, idx width)
{
    for (idx i = 0; i < n; i++)
        bytes_number(b, first + (uint64_t)i, width);
}

const char *bytes_save(const char *name, struct bytes *b)
{
    const char *path = test_path(name);
    test_write_file(path, b->at ? (const void *)b->at : "", b->n);
    free(b->at);
    *b = (struct bytes){ 0 };
    return path;
}

struct bytes llmc_bytes(uint64_t first, idx n, idx width)
{
    struct bytes b = { 0 };
    bytes_number(&b, width == 2 ? 20240520 : 20240801, 4);
    bytes_number(&b, width == 2 ? 1 : 7, 4);
    bytes_number(&b, (uint64_t)n, 4);
    for (idx i = 3; i < 256; i++)
        bytes_number(&b, 0, 4);
    bytes_tokens(&b, first, n, width);
    return b;
}

static idx count(const idx *list)
{
    idx n = 0;
    while (list[n] >= 0)
        n++;
    return n;
}

static idx sum(const idx *list)
{
    idx total = 0;
    for (idx i = 0; list[i] >= 0; i++)
        total += list[i];
    return total;
}

struct bytes megatron_index(idx width, const idx *lengths, const idx *documents)
{
    struct bytes b = { 0 };
    idx n = count(lengths), ends = count(documents) + 1, at = 0;
    const char *magic = "MMIDIDX";
    for (idx i = 0; i < 9; i++)
        bytes_number(&b, i < 7 ? (unsigned char)magic[i] : 0, 1);
    bytes_number(&b, 1, 8);
    bytes_number(&b, width == 1 ? 1 : width == 2 ? 8 : 4, 1);
    bytes_number(&b, (uint64_t)n, 8);
    bytes_number(&b, (uint64_t)ends, 8);
    for (idx i = 0; i < n; i++)
        bytes_number(&b, (uint64_t)lengths[i], 4);
    for (idx i = 0; i < n; at += lengths[i++])
        bytes_number(&b, (uint64_t)(at * width), 8);
    for (idx i = 0; i < ends - 1; i++)
        bytes_number(&b, (uint64_t)documents[i], 8);
    bytes_number(&b, (uint64_t)n, 8);
    return b;
}

void save_megatron(const char *name, uint64_t first, idx width,
                   const idx *lengths, const idx *documents)
{
    char file[128];
    struct bytes tokens = { 0 };
    struct bytes index = megatron_index(width, lengths, documents);
    bytes_tokens(&tokens, first, sum(lengths), width);
    snprintf(file, sizeof file, "%s.bin", name);
    bytes_save(file, &tokens);
    snprintf(file, sizeof file, "%s.idx", name);
    bytes_save(file, &index);
}

struct stored_query query_of(const char *path, const char *format)
{
    struct stored_query q = { .key = "data.path", .path = path };
    if (strcmp(format, "text") == 0)
        q.format = &stored_text;
    for (int i = 0; !q.format && stored_formats[i]; i++)
        if (strcmp(stored_format_name(i), format) == 0)
            q.format = stored_formats[i];
    assert_non_null(q.format);
    return q;
}

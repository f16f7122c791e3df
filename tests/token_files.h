/* token_files.h - token files as the tools that write them lay them out, for
 * tests: whole ones, and ones that are wrong in one place. */
#ifndef SINKLAB_TOKEN_FILES_H
#define SINKLAB_TOKEN_FILES_H

#include "data/stored_open.h"

/* Bytes that grow; the two below append little-endian numbers. */
struct bytes {
    unsigned char *at;
    size_t n;
};

void bytes_number(struct bytes *b, uint64_t value, idx width);

/* Tokens first, first+1, ... of this width. */
void bytes_tokens(struct bytes *b, uint64_t first, idx n, idx width);

/* bytes_save - write them under this name in the test's folder, and free them;
 * its test_path. */
const char *bytes_save(const char *name, struct bytes *b);

/* A shard of llm.c with tokens first, first+1, ...: width 2 or 4. */
struct bytes llmc_bytes(uint64_t first, idx n, idx width);

/* NAME.bin of Megatron with such tokens, and NAME.idx with sequences of these
 * lengths and documents that begin with these sequences and end with the last;
 * lists end with -1. */
void save_megatron(const char *name, uint64_t first, idx width,
                   const idx *lengths, const idx *documents);
struct bytes megatron_index(idx width, const idx *lengths,
                            const idx *documents);

/* What asks for the file of this path. */
struct stored_query query_of(const char *path, const char *format);

#endif

/* Token files: the first byte says which format, whether an index is given, and
 * where in the bytes it begins. What is opened can be read, all of it. */
#include "fuzz.h"

#include <string.h>
#include <unistd.h>

#include "data/stored_open.h"

enum { LLMC, NANOGPT_2, NANOGPT_4, MEGATRON, AUTO, FORMATS };

static const char *const names[FORMATS] = { "llmc", "nanogpt", "nanogpt",
                                            "megatron", "auto" };

static void check_documents(const struct stored *s)
{
    if (!s->documents)
        return;
    FUZZ_CHECK(s->n_documents >= 1 && s->documents[0] == 0);
    for (idx i = 0; i < s->n_documents; i++)
        FUZZ_CHECK(s->documents[i] <= s->documents[i + 1]);
    FUZZ_CHECK(s->documents[s->n_documents] == s->n);
}

static void check_opened(const struct stored *s)
{
    static int32_t out[1 << 16];
    idx max = 0;
    FUZZ_CHECK(s->n >= 1 && s->n <= COUNT_OF(out));
    stored_read(s, out, 0, s->n);
    for (idx i = 0; i < s->n; i++)
        max = idx_max(max, (idx)(uint32_t)out[i]);
    FUZZ_CHECK(max == s->max_token);
    stored_read(s, out, s->n - 1, 1);
    FUZZ_CHECK(stored_check_vocab(s, max + 1, ERR_IGNORED) == OK);
    FUZZ_CHECK(stored_check_vocab(s, max, ERR_IGNORED) == ERR_DATA);
    check_documents(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[FUZZ_PATH_MAX], index[FUZZ_PATH_MAX];
    struct stored s;
    struct err e = { 0 };
    if (n < 2)
        return 0;
    int kind = bytes[0] % FORMATS;
    size_t cut = bytes[1] * (n - 2) / 255; /* of the file and its index */
    fuzz_path(index, "tokens.idx");
    if (kind >= MEGATRON)
        fuzz_file(index, "tokens.idx", bytes + 2 + cut, n - 2 - cut);
    else
        unlink(index), cut = n - 2;
    fuzz_file(path, "tokens.bin", bytes + 2, cut);
    struct stored_query q = { .key = "data.path",
                              .path = path,
                              .token_bytes = kind == NANOGPT_4 ? 4 : 2 };
    for (int i = 0; stored_formats[i]; i++)
        if (strcmp(stored_format_name(i), names[kind]) == 0)
            q.format = stored_formats[i];
    int rc = stored_open(&s, &q, &e);
    fuzz_check_told(rc, &e);
    FUZZ_CHECK(rc == OK || rc == ERR_DATA);
    if (rc == OK)
        check_opened(&s);
    stored_close(&s);
    return 0;
}

/* SentencePiece's model files. The text of every piece lies in the file's
 * bytes, and none is empty. */
#include "fuzz.h"

#include <string.h>

#include "data/vocabulary.h"

static void check_pieces(const struct vocabulary *v, const char *model,
                         size_t n)
{
    idx length;
    FUZZ_CHECK(v->n > 0 && v->memory == model);
    for (idx i = 0; i < v->n; i++) {
        const struct vocabulary_piece *p = &v->pieces[i];
        FUZZ_CHECK(p->type >= PIECE_NORMAL && p->type <= PIECE_BYTE);
        FUZZ_CHECK(p->type != PIECE_BYTE || p->n == 1);
        FUZZ_CHECK(vocabulary_text(v, (int32_t)i, &length) == p->bytes);
        FUZZ_CHECK(length == p->n && length > 0);
        FUZZ_CHECK(p->bytes >= model && p->bytes + p->n <= model + n);
    }
    FUZZ_CHECK(!vocabulary_text(v, -1, &length));
    FUZZ_CHECK(!vocabulary_text(v, (int32_t)v->n, &length));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct vocabulary v;
    struct err e = { 0 };
    char *model = malloc(n ? n : 1);
    FUZZ_CHECK(model);
    memcpy(model, bytes, n);
    int rc = vocabulary_parse(&v, model, n, "x.model", &e);
    fuzz_check_told(rc, &e);
    FUZZ_CHECK(rc == OK || rc == ERR_DATA);
    if (rc == OK) {
        check_pieces(&v, model, n);
        vocabulary_release(&v);
    } else {
        free(model);
    }
    return 0;
}

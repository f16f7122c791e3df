/* stored_llmc.c - shards of llm.c: a header of 256 little-endian numbers of 32
 * bits, of which the first three are magic, version and how many tokens; then
 * these, and nothing else.
 *
 * KEEP WITH: docs/FORMATS.md, "Token files".
 */
#include <string.h>

#include "data/stored.h"
#include "data/stored_format.h"
#include "io/mapping.h"

enum { HEADER_BYTES = 1024 };

static const struct {
    int32_t magic, version;
    idx width;
} kinds[] = {
    { 20240520, 1, 2 }, /* GPT-2's tokens */
    { 20240801, 7, 4 }, /* Llama 3's */
};

/* Other files of llm.c, which are easily taken for shards. */
static const struct {
    int32_t magic;
    const char *what;
} others[] = {
    { 20240326, "a model" },
    { 20240327, "a model's state for tests" },
    { 20240328, "a tokenizer" },
    { 20240522, "questions with answers to choose from" },
};

/* Number i of the header; 0 where the file ends before. */
static int32_t number(const struct mapping *m, idx i)
{
    int32_t value = 0;
    if (m->n >= (size_t)(i + 1) * sizeof value)
        memcpy(&value, m->bytes + (size_t)i * sizeof value, sizeof value);
    return value;
}

bool llmc_begins(const struct mapping *m)
{
    for (idx i = 0; i < COUNT_OF(kinds); i++)
        if (number(m, 0) == kinds[i].magic)
            return true;
    for (idx i = 0; i < COUNT_OF(others); i++)
        if (number(m, 0) == others[i].magic)
            return true;
    return false;
}

static int claim_llmc(bool *is_one, const struct mapping *m, struct err *e)
{
    (void)e;
    *is_one = llmc_begins(m);
    return OK;
}

/* Row of kinds, or -1 with the reason. */
static idx find_kind(const struct mapping *m, struct err *e)
{
    int32_t magic = number(m, 0), version = number(m, 1);
    for (idx i = 0; i < COUNT_OF(others); i++)
        if (magic == others[i].magic) {
            err_set(e, ERR_DATA,
                    "%s: is a file of llm.c, but %s (magic %d), not a shard "
                    "of tokens (%d or %d): give the shards alone",
                    m->place, others[i].what, magic, kinds[0].magic,
                    kinds[1].magic);
            return -1;
        }
    for (idx i = 0; i < COUNT_OF(kinds); i++) {
        if (magic != kinds[i].magic)
            continue;
        if (version == kinds[i].version)
            return i;
        err_set(e, ERR_DATA,
                "%s: an llm.c shard of version %d, but with magic %d this "
                "program knows version %d: write it again in that version",
                m->place, version, magic, kinds[i].version);
        return -1;
    }
    err_set(e, ERR_DATA,
            "%s: begins with %d, but an llm.c shard with %d (16-bit tokens) or "
            "%d (32-bit): give another file, or another data.format",
            m->place, magic, kinds[0].magic, kinds[1].magic);
    return -1;
}

static int add_llmc(struct stored *s, const struct mapping *m,
                    const struct stored_query *q, struct err *e)
{
    (void)q;
    if (m->n < HEADER_BYTES)
        return err_set(e, ERR_DATA,
                       "%s: has %zu bytes, but an llm.c shard begins with a "
                       "header of %d: it was cut off, or is none; put a whole "
                       "one there",
                       m->place, m->n, HEADER_BYTES);
    idx kind = find_kind(m, e), n = number(m, 2);
    if (kind < 0)
        return ERR_DATA;
    if (n < 1)
        return err_set(e, ERR_DATA,
                       "%s: its header says that it holds %td tokens: take "
                       "it away, or write it again",
                       m->place, n);
    idx want = HEADER_BYTES + n * kinds[kind].width;
    if ((idx)m->n != want)
        return err_set(e, ERR_DATA,
                       "%s: has %zu bytes, but the %td tokens of its header "
                       "take %td: it was %s; put a whole one there",
                       m->place, m->n, n, want,
                       (idx)m->n < want ? "cut off" : "damaged");
    return stored_add_piece(s, m, m->bytes + HEADER_BYTES, n, kinds[kind].width,
                            e);
}

const struct stored_format stored_llmc = {
    .text = { .name = "llmc",
              .formula = "llm.c's shards: a header of 1024 bytes, then tokens "
                         "of 2 bytes (magic 20240520, version 1) or 4 "
                         "(20240801, version 7)",
              .source = "karpathy/llm.c, dev/data/data_common.py" },
    .claims = claim_llmc,
    .add = add_llmc,
};

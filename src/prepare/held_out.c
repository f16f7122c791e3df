#include "prepare/held_out.h"

#include "base/hash.h"

const char *held_out_name(enum held_out_rule rule)
{
    static const char *const names[] = {
        [HELD_OUT_AUTO] = "auto",
        [HELD_OUT_TAILS] = "tails",
        [HELD_OUT_DOCUMENTS] = "documents",
        [HELD_OUT_NONE] = "none",
    };
    return names[rule];
}

static void put_u64(unsigned char *out, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)(value >> 8 * i);
}

/* KEEP WITH: docs/FORMATS.md, "Which text is held out" */
static bool is_drawn(const struct held_out *h, idx number)
{
    unsigned char key[16];
    put_u64(key, h->seed);
    put_u64(key + 8, (uint64_t)number);
    return (double)(hash_bytes(key, sizeof key) >> 11) * 0x1p-53 < h->fraction;
}

size_t held_out_text(const struct held_out *h, idx number, size_t size)
{
    switch (h->rule) {
    case HELD_OUT_TAILS:
        return (size_t)(h->fraction * (double)size);
    case HELD_OUT_DOCUMENTS:
        return is_drawn(h, number) ? size : 0;
    case HELD_OUT_AUTO:
    case HELD_OUT_NONE:
        break;
    }
    return 0;
}

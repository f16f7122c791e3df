#include "io/event_file.h"

#include <string.h>

/* ---- protocol buffers ---------------------------------------------------- */

/* Fields by number. KEEP WITH: tests/system/export.sh, whose reader is
 * TensorBoard's own */
enum {
    EVENT_WALL_TIME = 1,
    EVENT_STEP = 2,
    EVENT_FILE_VERSION = 3,
    EVENT_SUMMARY = 5,
    SUMMARY_VALUE = 1,
    VALUE_TAG = 1,
    VALUE_SIMPLE = 2,
    VALUE_TENSOR = 8,
    VALUE_METADATA = 9,
    METADATA_PLUGIN = 1,
    PLUGIN_NAME = 1,
    TENSOR_DTYPE = 1,
    TENSOR_SHAPE = 2,
    TENSOR_STRING = 8,
    SHAPE_DIM = 2,
    DIM_SIZE = 1,
    DT_STRING = 7,
};

/* How a field is written, in the low bits of its key. */
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

enum { MESSAGE_MAX = EVENT_TEXT_MAX + 4 * EVENT_TAG_MAX };

/* Grows from its end to its front, so that what a length is of is known. */
struct message {
    unsigned char bytes[MESSAGE_MAX];
    size_t at; /* first byte that is written */
};

static size_t length(const struct message *m)
{
    return MESSAGE_MAX - m->at;
}

static void put(struct message *m, const void *bytes, size_t n)
{
    BUG_ON(n > m->at);
    m->at -= n;
    memcpy(m->bytes + m->at, bytes, n);
}

static void put_varint(struct message *m, uint64_t v)
{
    unsigned char bytes[10];
    size_t n = 0;
    do {
        bytes[n++] = (unsigned char)((v & 127) | (v > 127 ? 128 : 0));
        v >>= 7;
    } while (v);
    put(m, bytes, n);
}

static void put_key(struct message *m, int field, int wire)
{
    put_varint(m, (uint64_t)(field << 3 | wire));
}

static void put_int(struct message *m, int field, int64_t v)
{
    put_varint(m, (uint64_t)v);
    put_key(m, field, WIRE_VARINT);
}

static void put_double(struct message *m, int field, double v)
{
    put(m, &v, sizeof v);
    put_key(m, field, WIRE_64);
}

static void put_float(struct message *m, int field, float v)
{
    put(m, &v, sizeof v);
    put_key(m, field, WIRE_32);
}

static void put_bytes(struct message *m, int field, const char *s, size_t n)
{
    put(m, s, n);
    put_varint(m, n);
    put_key(m, field, WIRE_BYTES);
}

/* All that was put since `end` is the message in this field. */
static void enclose(struct message *m, int field, size_t end)
{
    put_varint(m, length(m) - end);
    put_key(m, field, WIRE_BYTES);
}

/* ---- frames -------------------------------------------------------------- */

/* Numbers are written as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "this code needs a little-endian machine");

/* Four bits at a time; the table is of polynomial 0x82f63b78. */
uint32_t crc32c(const void *bytes, size_t n)
{
    static const uint32_t of[16] = {
        0x00000000u, 0x105ec76fu, 0x20bd8edeu, 0x30e349b1u,
        0x417b1dbcu, 0x5125dad3u, 0x61c69362u, 0x7198540du,
        0x82f63b78u, 0x92a8fc17u, 0xa24bb5a6u, 0xb21572c9u,
        0xc38d26c4u, 0xd3d3e1abu, 0xe330a81au, 0xf36e6f75u,
    };
    const unsigned char *p = bytes;
    uint32_t crc = ~(uint32_t)0;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ of[crc & 15];
        crc = crc >> 4 ^ of[crc & 15];
    }
    return ~crc;
}

/* A checksum that is stored with what it is of should not look like one. */
static uint32_t masked(uint32_t crc)
{
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void write_frame(FILE *out, const struct message *m)
{
    uint64_t n = length(m);
    uint32_t crc_n = masked(crc32c(&n, sizeof n));
    uint32_t crc = masked(crc32c(m->bytes + m->at, n));
    fwrite(&n, sizeof n, 1, out);
    fwrite(&crc_n, sizeof crc_n, 1, out);
    fwrite(m->bytes + m->at, 1, n, out);
    fwrite(&crc, sizeof crc, 1, out);
}

/* ---- events -------------------------------------------------------------- */

static size_t tag_length(const char *tag)
{
    BUG_ON(strlen(tag) > EVENT_TAG_MAX);
    return strlen(tag);
}

/* The value that was put becomes an event of one. */
static void write_value(FILE *out, struct message *m, double wall_s,
                        int64_t step)
{
    enclose(m, SUMMARY_VALUE, 0);
    enclose(m, EVENT_SUMMARY, 0);
    put_int(m, EVENT_STEP, step);
    put_double(m, EVENT_WALL_TIME, wall_s);
    write_frame(out, m);
}

void event_begin(FILE *out)
{
    struct message m;
    m.at = MESSAGE_MAX;
    static const char version[] = "brain.Event:2";
    put_bytes(&m, EVENT_FILE_VERSION, version, sizeof version - 1);
    put_double(&m, EVENT_WALL_TIME, 0);
    write_frame(out, &m);
}

void event_number(FILE *out, const char *tag, double wall_s, int64_t step,
                  double value)
{
    struct message m;
    m.at = MESSAGE_MAX;
    put_float(&m, VALUE_SIMPLE, (float)value);
    put_bytes(&m, VALUE_TAG, tag, tag_length(tag));
    write_value(out, &m, wall_s, step);
}

void event_text(FILE *out, const char *tag, double wall_s, int64_t step,
                const char *text)
{
    struct message m;
    m.at = MESSAGE_MAX;
    put_bytes(&m, PLUGIN_NAME, "text", 4);
    enclose(&m, METADATA_PLUGIN, 0);
    enclose(&m, VALUE_METADATA, 0);
    size_t behind = length(&m);
    put_bytes(&m, TENSOR_STRING, text, strnlen(text, EVENT_TEXT_MAX));
    size_t string = length(&m);
    put_int(&m, DIM_SIZE, 1);
    enclose(&m, SHAPE_DIM, string);
    enclose(&m, TENSOR_SHAPE, string);
    put_int(&m, TENSOR_DTYPE, DT_STRING);
    enclose(&m, VALUE_TENSOR, behind);
    put_bytes(&m, VALUE_TAG, tag, tag_length(tag));
    write_value(out, &m, wall_s, step);
}

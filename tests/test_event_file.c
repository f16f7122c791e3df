/* TensorBoard's event files: the bytes. TensorBoard's own reader opens them in
 * tests/system/export.sh. */
#include "io/event_file.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* RFC 3720, appendix B.4, and the check value of the CRC catalogues. */
static void test_crc32c__is_castagnolis(void **state)
{
    (void)state;
    unsigned char bytes[32];
    assert_int_equal(crc32c("123456789", 9), 0xe3069283u);
    assert_int_equal(crc32c("", 0), 0);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(crc32c(bytes, sizeof bytes), 0x8a9136aau);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(crc32c(bytes, sizeof bytes), 0x62a8ab43u);
    for (int i = 0; i < 32; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(crc32c(bytes, sizeof bytes), 0x46dd794eu);
}

/* The message of the frame at *p, checked, and *p behind it. */
static const unsigned char *take_frame(const unsigned char **p, uint64_t *n)
{
    uint32_t crc;
    const unsigned char *message = *p + 12;
    memcpy(n, *p, 8);
    memcpy(&crc, *p + 8, 4);
    crc -= 0xa282ead8u;
    assert_int_equal((crc >> 17 | crc << 15), crc32c(*p, 8));
    memcpy(&crc, message + *n, 4);
    crc -= 0xa282ead8u;
    assert_int_equal((crc >> 17 | crc << 15), crc32c(message, *n));
    *p = message + *n + 4;
    return message;
}

static void test_event__a_number_is_these_bytes(void **state)
{
    (void)state;
    static const unsigned char want[] = {
        0x09, 0,    0,    0,    0,    0,   0,
        0xf8, 0x3f,                             /* wall_time = 1.5 */
        0x10, 0xac, 0x02,                       /* step = 300 */
        0x2a, 14,                               /* summary */
        0x0a, 12,                               /* value */
        0x0a, 5,    'm',  '/',  'o',  'n', 'e', /* tag */
        0x15, 0,    0,    0x80, 0x3f,           /* simple_value = 1 */
    };
    char *text = NULL;
    size_t size = 0;
    uint64_t n;
    FILE *out = open_memstream(&text, &size);
    event_begin(out);
    event_number(out, "m/one", 1.5, 300, 1);
    assert_int_equal(fclose(out), 0);
    const unsigned char *p = (const unsigned char *)text;
    const unsigned char *first = take_frame(&p, &n);
    assert_memory_equal(first + 9,
                        "\x1a\x0d"
                        "brain.Event:2",
                        15);
    assert_int_equal(n, 24);
    const unsigned char *second = take_frame(&p, &n);
    assert_int_equal(n, sizeof want);
    assert_memory_equal(second, want, sizeof want);
    assert_ptr_equal(p, (const unsigned char *)text + size);
    free(text);
}

static void test_event__a_text_is_cut_where_it_is_too_long(void **state)
{
    (void)state;
    char *text = NULL, *words = calloc(2 * EVENT_TEXT_MAX, 1);
    size_t size = 0;
    uint64_t n;
    memset(words, 'x', 2 * EVENT_TEXT_MAX - 1);
    FILE *out = open_memstream(&text, &size);
    event_text(out, "config", 0, 0, words);
    assert_int_equal(fclose(out), 0);
    const unsigned char *p = (const unsigned char *)text;
    take_frame(&p, &n);
    assert_ptr_equal(p, (const unsigned char *)text + size);
    assert_true(n > EVENT_TEXT_MAX && n < EVENT_TEXT_MAX + 128);
    free(words);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c__is_castagnolis),
        cmocka_unit_test(test_event__a_number_is_these_bytes),
        cmocka_unit_test(test_event__a_text_is_cut_where_it_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

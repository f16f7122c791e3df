/* Lines of JSON that hold a text, read by our own reader and by jansson: what
 * jansson takes for an object with such a text has that text for us, too, and
 * what we take jansson does, but for what the two allow (json_text.h). A byte 0
 * is not JSON's; jansson swallows one behind a number. */
#include "fuzz.h"

#include <jansson.h>
#include <string.h>

#include "prepare/json_text.h"
#include "prepare/segment.h"

enum { DEPTH_FEW = 900 }; /* ours, and jansson's, end above it */

static bool is_deep(const uint8_t *bytes, size_t n)
{
    size_t opened = 0;
    for (size_t i = 0; i < n; i++)
        opened += bytes[i] == '[' || bytes[i] == '{';
    return opened > DEPTH_FEW;
}

static bool holds(const uint8_t *bytes, size_t n, const char *word)
{
    return memmem(bytes, n, word, strlen(word)) != NULL;
}

/* Words of JavaScript's, bytes that are no UTF-8, numbers that no double holds,
 * a name with a NUL. */
static bool is_lenient(const uint8_t *bytes, size_t n, const json_error_t *e)
{
    enum json_error_code code = json_error_code(e);
    char *text = fuzz_text(bytes, n); /* a byte stands behind it */
    bool is_foreign = segment_invalid(text, n) < n;
    free(text);
    return is_foreign || holds(bytes, n, "NaN") ||
           holds(bytes, n, "Infinity") || code == json_error_numeric_overflow ||
           code == json_error_null_byte_in_key;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct json_problem problem;
    size_t n_out;
    json_error_t error;
    char *json = malloc(n ? n : 1), *out = malloc(n ? n : 1);
    FUZZ_CHECK(json && out);
    memcpy(json, bytes, n);
    bool is_taken = json_text(out, &n_out, json, n, "text", &problem);
    FUZZ_CHECK(is_taken == !problem.what);
    FUZZ_CHECK(problem.at <= n && n_out <= n);
    if (!is_deep(bytes, n)) {
        json_t *all = json_loadb(json, n, JSON_ALLOW_NUL, &error);
        json_t *text = json_object_get(all, "text");
        if (json_is_string(text) && !is_taken) {
            FUZZ_CHECK(memchr(bytes, 0, n));
        } else if (json_is_string(text)) {
            FUZZ_CHECK(n_out == json_string_length(text));
            FUZZ_CHECK(!memcmp(out, json_string_value(text), n_out));
        } else if (is_taken) {
            FUZZ_CHECK(is_lenient(bytes, n, &error));
        }
        json_decref(all);
    }
    free(out);
    free(json);
    return 0;
}

#include "io/json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* Into what was begun last, or as the root; takes the value over. Returns it,
 * NULL without memory. */
static json_t *put(struct json *j, const char *key, json_t *value)
{
    json_t *parent = j->depth > 0 ? j->open[j->depth - 1] : NULL;
    if (j->is_out_of_memory || !value) {
        j->is_out_of_memory = true;
        json_decref(value);
        return NULL;
    }
    if (!parent) {
        BUG_ON(key || !(json_is_object(value) || json_is_array(value)));
        return value;
    }
    BUG_ON(json_is_object(parent) != (key != NULL));
    if (key ? json_object_set_new_nocheck(parent, key, value)
            : json_array_append_new(parent, value)) {
        j->is_out_of_memory = true;
        return NULL;
    }
    return value;
}

static void begin(struct json *j, const char *key, json_t *value)
{
    BUG_ON(j->depth == JSON_DEPTH_MAX);
    BUG_ON(j->depth == 0 && j->open[0]);
    j->open[j->depth] = put(j, key, value);
    j->depth++;
}

void json_begin_object(struct json *j, const char *key)
{
    begin(j, key, json_object());
}

void json_begin_array(struct json *j, const char *key)
{
    begin(j, key, json_array());
}

void json_end(struct json *j)
{
    BUG_ON(j->depth == 0);
    j->depth--;
}

/* Does it look as a byte does that is written as \xff? */
static bool is_escape(const char *at)
{
    static const char digits[] = "0123456789abcdef";
    return at[0] == '\\' && at[1] == 'x' && at[2] && strchr(digits, at[2]) &&
           at[3] && strchr(digits, at[3]);
}

/* jansson takes UTF-8 alone. What looks as an escape is escaped, too, so that
 * two texts never become one. */
static json_t *escaped_string(const char *text)
{
    enum { ESCAPE = 4 };
    size_t n = strlen(text);
    char *all = malloc(ESCAPE * n + 1), *end = all;
    for (const char *at = text; all && *at;) {
        int32_t c;
        idx taken = utf8_decode(&c, at);
        if (c < 0 || is_escape(at)) {
            end += sprintf(end, "\\x%02x", (unsigned char)*at);
        } else {
            memcpy(end, at, (size_t)taken);
            end += taken;
        }
        at += taken;
    }
    json_t *value = all ? json_stringn(all, (size_t)(end - all)) : NULL;
    free(all);
    return value;
}

void json_put_text(struct json *j, const char *key, const char *text)
{
    bool is_plain = !strstr(text, "\\x");
    json_t *value = is_plain ? json_string(text) : NULL;
    put(j, key, value ? value : escaped_string(text));
}

void json_put_number(struct json *j, const char *key, double value)
{
    if (isnan(value))
        put(j, key, json_string("nan"));
    else if (isinf(value))
        put(j, key, json_string(value > 0 ? "inf" : "-inf"));
    else if (value == rint(value) && fabs(value) < WHOLE_MAX)
        put(j, key, json_integer((json_int_t)value));
    else
        put(j, key, json_real(value));
}

void json_put_count(struct json *j, const char *key, idx value)
{
    put(j, key, json_integer(value));
}

void json_put_bool(struct json *j, const char *key, bool value)
{
    put(j, key, json_boolean(value));
}

void json_put_null(struct json *j, const char *key)
{
    put(j, key, json_null());
}

/* "<" stands in texts alone, where the escape means the same. */
static void write_escaped(FILE *out, const char *text)
{
    for (size_t n = strcspn(text, "<"); *text; n = strcspn(text, "<")) {
        fwrite(text, 1, n, out);
        text += n;
        if (*text == '<') {
            fputs("\\u003c", out);
            text++;
        }
    }
    fputc('\n', out);
}

int json_write(FILE *out, struct json *j, int digits, struct err *e)
{
    BUG_ON(j->depth != 0);
    char *text =
        j->is_out_of_memory || !j->open[0]
            ? NULL
            : json_dumps(j->open[0],
                         JSON_COMPACT | JSON_REAL_PRECISION((size_t)digits));
    if (text)
        write_escaped(out, text);
    free(text);
    json_release(j);
    return text ? OK : err_memory(e, NULL);
}

void json_release(struct json *j)
{
    json_decref(j->open[0]);
    *j = (struct json){ 0 };
}

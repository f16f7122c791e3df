/* json.h - JSON texts (RFC 8259), built value by value and written on a line.
 *
 * jansson does it. A text is built up in memory, so what is long is best
 * written as many lines. Within an object a value has a key, within an array
 * and as the whole NULL. Texts should be UTF-8; a byte that is none becomes
 * \xff, four characters, and so does a backslash in front of what looks like
 * that (\x5c): whoever turns each \x and two digits into a byte has the text.
 * JSON knows no NaN and no infinity: these are the texts "nan", "inf", "-inf".
 *
 * What is written may stand in HTML: "<" is escaped. Zeroed, a struct json is
 * empty. Memory that runs out is told by json_write.
 */
#ifndef SINKLAB_JSON_H
#define SINKLAB_JSON_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"

enum { JSON_DEPTH_MAX = 16 };

struct json {
    void *open[JSON_DEPTH_MAX]; /* objects and arrays begun, from the root */
    int depth;                  /* how many are not ended */
    bool is_out_of_memory;
};

/* Begin an object, an array; json_end ends what was begun last. */
void json_begin_object(struct json *j, const char *key);
void json_begin_array(struct json *j, const char *key);
void json_end(struct json *j);

void json_put_text(struct json *j, const char *key, const char *text);
void json_put_number(struct json *j, const char *key, double value);
void json_put_count(struct json *j, const char *key, idx value);
void json_put_bool(struct json *j, const char *key, bool value);
void json_put_null(struct json *j, const char *key);

/* json_write - the text, which is ended but for the root, and a newline; j is
 * empty then. Numbers with so many significant digits; whole ones below 2^53
 * with all. OK or ERR_MEMORY; whether `out` took it is for the caller to see.
 */
int json_write(FILE *out, struct json *j, int digits, struct err *e);

/* json_release - forget a text; for the way out of errors. */
void json_release(struct json *j);

#endif

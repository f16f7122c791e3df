/* json_text.h - one string out of a line of JSON, as data sets hold texts:
 * {"text": "...", "meta": {...}}.
 *
 * The line must be one whole JSON object (RFC 8259; NaN and Infinity, which
 * some writers put there, are let through), whatever else is in it. Bytes
 * beyond ASCII in a string are passed on as they are. Fails only by what is
 * wrong with the line; nothing is allocated.
 */
#ifndef SINKLAB_JSON_TEXT_H
#define SINKLAB_JSON_TEXT_H

#include "base/base.h"

struct json_problem {
    const char *what; /* "a string without its end" */
    size_t at;        /* byte of the line, from 0 */
};

/* json_text - the string that the object calls `key` (the last, if several are
 * called so). out (n) out, *n_out bytes of it; json (n) in. false: problem. */
bool json_text(char *out, size_t *n_out, const char *json, size_t n,
               const char *key, struct json_problem *problem);

#endif

/* json_tree.h - JSON texts (RFC 8259) read: one whole text to values that are
 * asked for by name. What is written: json.h.
 *
 * jansson does it. A name that an object has twice is refused, as readers
 * differ in which of the two they take. Values belong to their tree; NULL
 * stands for what is not there, and is no object, no text and no number, so
 * that one may ask on. Zeroed, a tree is empty.
 */
#ifndef SINKLAB_JSON_TREE_H
#define SINKLAB_JSON_TREE_H

#include "base/base.h"
#include "base/err.h"

struct json_value; /* jansson's */

struct json_tree {
    const struct json_value *root;
};

/* json_tree_read - the n bytes at text, which need no NUL behind them. place
 * begins the messages. OK; ERR_DATA: no JSON, or a name twice; ERR_MEMORY. */
int json_tree_read(struct json_tree *t, const char *text, size_t n,
                   const char *place, struct err *e);
void json_tree_release(struct json_tree *t);

bool json_value_is_object(const struct json_value *v);
bool json_value_is_null(const struct json_value *v); /* or not there */

/* What an object calls `key`. */
const struct json_value *json_value_member(const struct json_value *object,
                                           const char *key);

/* A walk over an object's members: *at is NULL at first. false: no more. */
struct json_walk {
    void *at;
    const char *key;
    const struct json_value *value;
};
bool json_value_next(struct json_walk *w, const struct json_value *object);

/* An array's length, -1 of what is none; its values. */
idx json_value_length(const struct json_value *array);
const struct json_value *json_value_at(const struct json_value *array, idx i);

/* What a value is, of that type alone; false: it is none. A count is whole, and
 * fits. */
bool json_take_text(const char **text, const struct json_value *v);
bool json_take_number(double *number, const struct json_value *v);
bool json_take_count(idx *count, const struct json_value *v);
bool json_take_bool(bool *is, const struct json_value *v);

#endif

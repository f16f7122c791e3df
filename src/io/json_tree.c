#include "io/json_tree.h"

#include <jansson.h>

/* struct json_value is json_t by a name that needs no header of jansson. */
static json_t *theirs(const struct json_value *v)
{
    union {
        const struct json_value *ours;
        json_t *theirs;
    } value = { .ours = v };
    return value.theirs;
}

static const struct json_value *ours(const json_t *v)
{
    union {
        const json_t *theirs;
        const struct json_value *ours;
    } value = { .theirs = v };
    return value.ours;
}

int json_tree_read(struct json_tree *t, const char *text, size_t n,
                   const char *place, struct err *e)
{
    json_error_t error;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    *t = (struct json_tree){ ours(root) };
    if (root)
        return OK;
    if (json_error_code(&error) == json_error_out_of_memory)
        return err_memory(e, place);
    return err_set(e, ERR_DATA,
                   "%s: no JSON, at its byte %d: %.100s: put a whole file back",
                   place, error.position, error.text);
}

void json_tree_release(struct json_tree *t)
{
    json_decref(theirs(t->root));
    *t = (struct json_tree){ NULL };
}

bool json_value_is_object(const struct json_value *v)
{
    return v && json_typeof(theirs(v)) == JSON_OBJECT;
}

bool json_value_is_null(const struct json_value *v)
{
    return !v || json_typeof(theirs(v)) == JSON_NULL;
}

const struct json_value *json_value_member(const struct json_value *object,
                                           const char *key)
{
    return object ? ours(json_object_get(theirs(object), key)) : NULL;
}

bool json_value_next(struct json_walk *w, const struct json_value *object)
{
    json_t *all = theirs(object);
    w->at = w->at ? json_object_iter_next(all, w->at) : json_object_iter(all);
    if (!w->at)
        return false;
    w->key = json_object_iter_key(w->at);
    w->value = ours(json_object_iter_value(w->at));
    return true;
}

idx json_value_length(const struct json_value *array)
{
    if (!array || json_typeof(theirs(array)) != JSON_ARRAY)
        return -1;
    return (idx)json_array_size(theirs(array));
}

const struct json_value *json_value_at(const struct json_value *array, idx i)
{
    return ours(json_array_get(theirs(array), (size_t)i));
}

bool json_take_text(const char **text, const struct json_value *v)
{
    if (!v || json_typeof(theirs(v)) != JSON_STRING)
        return false;
    *text = json_string_value(theirs(v));
    return true;
}

bool json_take_number(double *number, const struct json_value *v)
{
    if (!v || !json_is_number(theirs(v)))
        return false;
    *number = json_number_value(theirs(v));
    return true;
}

bool json_take_count(idx *count, const struct json_value *v)
{
    if (!v || json_typeof(theirs(v)) != JSON_INTEGER)
        return false;
    json_int_t n = json_integer_value(theirs(v));
    if (n < 0 || (uintmax_t)n > PTRDIFF_MAX)
        return false;
    *count = (idx)n;
    return true;
}

bool json_take_bool(bool *is, const struct json_value *v)
{
    if (!v || !(json_typeof(theirs(v)) == JSON_TRUE ||
                json_typeof(theirs(v)) == JSON_FALSE))
        return false;
    *is = json_typeof(theirs(v)) == JSON_TRUE;
    return true;
}

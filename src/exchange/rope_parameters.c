/* rope_parameters.c - rotary positions in a config.json: their base, the part
 * of a head that they turn, and how they are stretched. Older versions of
 * `transformers` have the base beside rope_scaling, newer ones all of it in
 * rope_parameters (family.h). */
#include <stdio.h>
#include <string.h>

#include "exchange/family.h"

static const char IN_ONE[] = "rope_parameters", OLDER[] = "rope_scaling";

/* A number of an object in config.json, if it is there. */
static bool take_part(double *x, struct asked *a, const char *key,
                      const struct json_value *object, const char *name)
{
    const struct json_value *v = json_value_member(object, name);
    char text[64];
    snprintf(text, sizeof text, "%s: want a number", name);
    if (json_value_is_null(v))
        return false;
    if (!json_take_number(x, v))
        asked_wrong(a, key, text);
    return true;
}

static void tell_otherwise(struct asked *a)
{
    asked_wrong(a, OLDER, "says otherwise than rope_parameters");
}

/* The same of whichever spelling has it. */
static void take_either(double *x, struct asked *a, const char *name)
{
    double older = *x, now = *x;
    bool is_older = take_part(&older, a, OLDER, asked_find(a, OLDER), name);
    bool is_now = take_part(&now, a, IN_ONE, asked_find(a, IN_ONE), name);
    if (is_older && is_now && older != now)
        tell_otherwise(a);
    *x = is_older ? older : now;
}

static double need_part(struct asked *a, const char *key,
                        const struct json_value *object, const char *name)
{
    double x = 1;
    char text[64];
    snprintf(text, sizeof text, "%s is not there: want a number", name);
    if (!take_part(&x, a, key, object, name))
        asked_wrong(a, key, text);
    return x;
}

static void put_linear(struct asked *a, const char *key,
                       const struct json_value *object)
{
    double factor = need_part(a, key, object, "factor");
    if (factor == 1)
        return;
    asked_put(a, "model.rope_scaling=linear");
    asked_put(a, "model.rope_factor=%.17g", factor);
}

static void put_llama3(struct asked *a, const char *key,
                       const struct json_value *object)
{
    static const char *const parts[][2] = {
        { "factor", "factor" },
        { "low_freq_factor", "slow" },
        { "high_freq_factor", "fast" },
        { "original_max_position_embeddings", "from" },
    };
    asked_put(a, "model.rope_scaling=llama3");
    for (idx i = 0; i < COUNT_OF(parts); i++)
        asked_put(a, "model.rope_%s=%.17g", parts[i][1],
                  need_part(a, key, object, parts[i][0]));
}

/* An object that names the way, and maybe is one of several, each of a kind of
 * layers. Does it name one? */
static bool put_scaling(struct asked *a, const char *key)
{
    static const char *const names[] = { "rope_type", "type" };
    const struct json_value *v = asked_find(a, key);
    const char *way = NULL;
    if (!v)
        return false;
    if (!json_value_is_object(v)) {
        asked_wrong(a, key, "want an object");
        return false;
    }
    for (idx i = 0; i < COUNT_OF(names); i++) {
        const struct json_value *type = json_value_member(v, names[i]);
        const char *text = "another type than a text";
        if (json_value_is_null(type))
            continue;
        if (!json_take_text(&text, type) || (way && strcmp(text, way) != 0))
            asked_refuse(a, key, text);
        way = text;
    }
    if (!way && !json_value_is_null(json_value_member(v, "factor")))
        asked_wrong(a, key, "has a factor, and no rope_type that says of what");
    for (struct json_walk w = { 0 }; json_value_next(&w, v);)
        if (json_value_is_object(w.value))
            asked_refuse(a, key, "one for each kind of layer");
    if (!way || !strcmp(way, "default") || a->e->code)
        return way;
    if (!strcmp(way, "linear"))
        put_linear(a, key, v);
    else if (!strcmp(way, "llama3"))
        put_llama3(a, key, v);
    else
        asked_refuse(a, key, way);
    return true;
}

/* Of settings from number n on, `older` by one spelling, then those by the
 * other, which must be the same. */
static void drop_second(struct asked *a, idx n, idx older)
{
    bool are_same = a->n - n == 2 * older;
    for (idx i = 0; i < older && are_same; i++)
        are_same = !strcmp(a->settings[n + i], a->settings[n + older + i]);
    if (!are_same)
        tell_otherwise(a);
    a->n = n + older;
}

void asked_put_rope(struct asked *a, const char *theta_key, double *part)
{
    double beside = asked_number(a, theta_key, 10000), base = beside;
    take_either(&base, a, "rope_theta");
    if (asked_find(a, theta_key) && base != beside)
        asked_wrong(a, theta_key, "says otherwise than rope_theta elsewhere");
    take_either(part, a, "partial_rotary_factor");
    if (!(base >= 1))
        asked_wrong(a, theta_key, "want a number from 1");
    asked_put(a, "model.position=rope");
    asked_put(a, "model.rope_base=%.17g", base);
    idx n = a->n;
    bool is_older = put_scaling(a, OLDER);
    idx older = a->n - n;
    if (put_scaling(a, IN_ONE) && is_older)
        drop_second(a, n, older);
}

/* What stretches them, in either spelling. */
static void write_way(struct json *j, const struct model_options *o)
{
    static const char *const names[] = { [ROPE_PLAIN] = "default",
                                         [ROPE_LINEAR] = "linear",
                                         [ROPE_LLAMA3] = "llama3" };
    json_put_text(j, "rope_type", names[o->rope_scaling]);
    if (o->rope_scaling == ROPE_PLAIN)
        return;
    json_put_number(j, "factor", o->rope_factor);
    if (o->rope_scaling != ROPE_LLAMA3)
        return;
    json_put_number(j, "low_freq_factor", o->rope_slow);
    json_put_number(j, "high_freq_factor", o->rope_fast);
    json_put_count(j, "original_max_position_embeddings", o->rope_from);
}

void rope_write(struct json *j, const struct model_options *o,
                const char *theta_key, bool has_part)
{
    json_put_number(j, theta_key, o->rope_base);
    json_begin_object(j, IN_ONE); /* transformers 5 */
    write_way(j, o);
    json_put_number(j, "rope_theta", o->rope_base);
    if (has_part)
        json_put_number(j, "partial_rotary_factor", o->rope_part);
    json_end(j);
    if (o->rope_scaling == ROPE_PLAIN)
        return;
    json_begin_object(j, OLDER);
    write_way(j, o);
    json_end(j);
}

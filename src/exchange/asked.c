/* asked.c - what a config.json says, key by key; what is wrong is told with its
 * key (family.h). */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exchange/family.h"

/* Something is wrong with a key: the first one counts. */
static void wrong(struct asked *a, const char *key, const char *want)
{
    if (!a->e->code)
        err_set(a->e, ERR_DATA, "%s: %s: %s", a->place, key, want);
}

void asked_refuse(struct asked *a, const char *key, const char *what)
{
    char text[256];
    snprintf(text, sizeof text, "%.60s: no model of ours is like that", what);
    wrong(a, key, text);
}

static const struct json_value *find(const struct asked *a, const char *key)
{
    const struct json_value *v = json_value_member(a->json, key);
    return json_value_is_null(v) ? NULL : v;
}

idx asked_count(struct asked *a, const char *key, idx fallback)
{
    const struct json_value *v = find(a, key);
    idx n = fallback;
    if (v && (!json_take_count(&n, v) || n > INT32_MAX)) {
        wrong(a, key, "want an integer below 2^31");
        n = 0;
    }
    return n;
}

idx asked_need(struct asked *a, const char *key)
{
    idx n = asked_count(a, key, 0);
    if (n < 1)
        wrong(a, key, "is not there, or is 0: want an integer from 1");
    return n;
}

double asked_number(struct asked *a, const char *key, double fallback)
{
    const struct json_value *v = find(a, key);
    double x = fallback;
    if (v && !json_take_number(&x, v))
        wrong(a, key, "want a number");
    return x;
}

bool asked_bool(struct asked *a, const char *key, bool fallback)
{
    const struct json_value *v = find(a, key);
    bool is = fallback;
    if (v && !json_take_bool(&is, v))
        wrong(a, key, "want true or false");
    return is;
}

const char *asked_text(struct asked *a, const char *key, const char *fallback)
{
    const struct json_value *v = find(a, key);
    const char *text = fallback;
    if (v && !json_take_text(&text, v))
        wrong(a, key, "want a text");
    return text;
}

void asked_put(struct asked *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    BUG_ON(a->n == FAMILY_SETTINGS_MAX);
    int n = vsnprintf(a->settings[a->n++], FAMILY_SETTING_MAX, format, args);
    BUG_ON(n >= FAMILY_SETTING_MAX);
    va_end(args);
}

void asked_put_tokens(struct asked *a, idx V)
{
    const struct json_value *v = find(a, "bos_token_id");
    idx bos;
    double number = 0;
    if (v && (!json_take_number(&number, v) || number != rint(number)))
        wrong(a, "bos_token_id", "want an integer");
    bool has_bos = v && json_take_count(&bos, v) && bos < V;
    asked_put(a, "data.source=random");
    asked_put(a, "data.vocab=%td", V);
    asked_put(a, "data.bos=%s", has_bos ? "yes" : "no");
    if (has_bos)
        asked_put(a, "data.bos_token=%td", bos);
}

/* Both spellings, older and newer, of what stretches positions: an object that
 * names the way, and maybe is one of several, each of a kind of layers. */
static void check_scaling(struct asked *a, const char *key)
{
    static const char *const names[] = { "rope_type", "type" };
    const struct json_value *v = find(a, key);
    bool is_named = false;
    if (!v)
        return;
    if (!json_value_is_object(v)) {
        wrong(a, key, "want an object");
        return;
    }
    for (idx i = 0; i < COUNT_OF(names); i++) {
        const struct json_value *type = json_value_member(v, names[i]);
        const char *text = "another type than a text";
        if (json_value_is_null(type))
            continue;
        is_named = true;
        if (!json_take_text(&text, type) || strcmp(text, "default") != 0)
            asked_refuse(a, key, text);
    }
    if (!is_named && !json_value_is_null(json_value_member(v, "factor")))
        wrong(a, key, "has a factor, and no rope_type that says of what");
    for (struct json_walk w = { 0 }; json_value_next(&w, v);)
        if (json_value_is_object(w.value))
            asked_refuse(a, key, "one for each kind of layer");
}

/* A number of an object in config.json, if it is there. */
static void take_part(double *x, struct asked *a, const char *key,
                      const struct json_value *object, const char *name)
{
    const struct json_value *v = json_value_member(object, name);
    char text[64];
    snprintf(text, sizeof text, "%s: want a number", name);
    if (!json_value_is_null(v) && !json_take_number(x, v))
        wrong(a, key, text);
}

double asked_rope_base(struct asked *a, const char *theta_key, double *part)
{
    static const char now[] = "rope_parameters";
    double base = asked_number(a, theta_key, 10000);
    check_scaling(a, "rope_scaling");
    check_scaling(a, now);
    take_part(&base, a, now, find(a, now), "rope_theta");
    take_part(part, a, now, find(a, now), "partial_rotary_factor");
    if (!(base >= 1))
        wrong(a, theta_key, "want a number from 1");
    return base;
}

/* asked.c - what a config.json says, key by key; what is wrong is told with its
 * key (family.h). */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exchange/family.h"

void asked_wrong(struct asked *a, const char *key, const char *want)
{
    if (!a->e->code)
        err_set(a->e, ERR_DATA, "%s: %s: %s", a->place, key, want);
}

void asked_refuse(struct asked *a, const char *key, const char *what)
{
    char text[256];
    snprintf(
        text, sizeof text,
        "%.60s: no model of ours is like that (docs/MODELS.md has what is)",
        what);
    asked_wrong(a, key, text);
}

const struct json_value *asked_find(const struct asked *a, const char *key)
{
    const struct json_value *v = json_value_member(a->json, key);
    return json_value_is_null(v) ? NULL : v;
}

idx asked_count(struct asked *a, const char *key, idx fallback)
{
    const struct json_value *v = asked_find(a, key);
    idx n = fallback;
    if (v && (!json_take_count(&n, v) || n > INT32_MAX)) {
        asked_wrong(a, key, "want an integer below 2^31");
        n = 0;
    }
    return n;
}

idx asked_need(struct asked *a, const char *key)
{
    idx n = asked_count(a, key, 0);
    if (n < 1)
        asked_wrong(a, key, "is not there, or is 0: want an integer from 1");
    return n;
}

double asked_number(struct asked *a, const char *key, double fallback)
{
    const struct json_value *v = asked_find(a, key);
    double x = fallback;
    if (v && !json_take_number(&x, v))
        asked_wrong(a, key, "want a number");
    return x;
}

bool asked_bool(struct asked *a, const char *key, bool fallback)
{
    const struct json_value *v = asked_find(a, key);
    bool is = fallback;
    if (v && !json_take_bool(&is, v))
        asked_wrong(a, key, "want true or false");
    return is;
}

const char *asked_text(struct asked *a, const char *key, const char *fallback)
{
    const struct json_value *v = asked_find(a, key);
    const char *text = fallback;
    if (v && !json_take_text(&text, v))
        asked_wrong(a, key, "want a text");
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
    const struct json_value *v = asked_find(a, "bos_token_id");
    idx bos;
    double number = 0;
    if (v && (!json_take_number(&number, v) || number != rint(number)))
        asked_wrong(a, "bos_token_id", "want an integer");
    bool has_bos = v && json_take_count(&bos, v) && bos < V;
    asked_put(a, "data.source=random");
    asked_put(a, "data.vocab=%td", V);
    asked_put(a, "data.bos=%s", has_bos ? "yes" : "no");
    if (has_bos)
        asked_put(a, "data.bos_token=%td", bos);
}

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/family.h"

const struct family *const families[] = { &family_gpt2,  &family_llama,
                                          &family_qwen2, &family_olmo,
                                          &family_neox,  &family_opt,
                                          NULL };

const struct family *family_find(const char *type)
{
    for (idx i = 0; families[i]; i++)
        for (idx k = 0; families[i]->types[k]; k++)
            if (!strcmp(families[i]->types[k], type))
                return families[i];
    return NULL;
}

/* Theirs of one line are the same function, to rounding. */
static const struct act {
    const char *theirs, *plain, *gated;
    int kind, gated_kind;
} acts[] = {
    { "gelu_new", "gelu", NULL, FFN_GELU, -1 },
    { "gelu_pytorch_tanh", "gelu", NULL, -1, -1 },
    { "gelu_fast", "gelu", NULL, -1, -1 },
    { "gelu", "gelu_erf", "geglu", FFN_GELU_ERF, FFN_GEGLU },
    { "relu", "relu", "reglu", FFN_RELU, FFN_REGLU },
    { "silu", "silu", "swiglu", FFN_SILU, FFN_SWIGLU },
    { "swish", "silu", "swiglu", -1, -1 },
};

const char *family_ffn(const char *act, bool is_gated)
{
    for (idx i = 0; i < COUNT_OF(acts); i++)
        if (!strcmp(acts[i].theirs, act))
            return is_gated ? acts[i].gated : acts[i].plain;
    return NULL;
}

const char *family_act(int ffn)
{
    for (idx i = 0; i < COUNT_OF(acts); i++)
        if (acts[i].kind == ffn || acts[i].gated_kind == ffn)
            return acts[i].theirs;
    return NULL;
}

/* ---- config.json --------------------------------------------------------- */

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

/* ---- links --------------------------------------------------------------- */

static const struct param *find_param(const struct model *m, const char *name)
{
    for (idx i = 0; i < m->table.count; i++)
        if (!strcmp(m->table.rows[i].name, name))
            return &m->table.rows[i];
    return NULL;
}

void links_add(struct links *l, enum link_kind kind, const char *ours,
               const char *theirs, idx row0, idx rows)
{
    const struct param *p = find_param(l->m, ours);
    BUG_ON(!p || p->ndim > 2);
    if (l->n == l->cap) {
        idx cap = l->cap ? 2 * l->cap : 64;
        struct link *list = realloc(l->list, (size_t)cap * sizeof *list);
        l->is_out_of_memory |= !list;
        if (!list)
            return;
        l->list = list;
        l->cap = cap;
    }
    struct link *k = &l->list[l->n++];
    *k = (struct link){ .kind = kind, .ours = p, .row0 = row0 };
    k->rows = rows < 0 ? p->shape[0] - row0 : rows;
    BUG_ON(k->rows < 1 || row0 + k->rows > p->shape[0]);
    snprintf(k->theirs, sizeof k->theirs, "%s", theirs);
}

void links_add_of(struct links *l, enum link_kind kind, idx layer,
                  const char *ours, const char *theirs_format, idx row0,
                  idx rows)
{
    char name[2 * PARAM_NAME_MAX], theirs[LINK_NAME_MAX];
    const char *gap = strstr(theirs_format, "%td");
    snprintf(name, sizeof name, "block.%td.%s", layer, ours);
    BUG_ON(!gap && theirs_format[0]);
    if (gap)
        snprintf(theirs, sizeof theirs, "%.*s%td%s", (int)(gap - theirs_format),
                 theirs_format, layer, gap + 3);
    else
        theirs[0] = '\0';
    links_add(l, kind, name, theirs, row0, rows);
}

void links_add_linear(struct links *l, enum link_kind kind, idx layer,
                      const char *ours, const char *theirs_format, idx row0,
                      idx rows)
{
    char name[2 * PARAM_NAME_MAX], part[PARAM_NAME_MAX], theirs[LINK_NAME_MAX];
    snprintf(part, sizeof part, "%s.weight", ours);
    snprintf(theirs, sizeof theirs, "%s.weight", theirs_format);
    links_add_of(l, kind, layer, part, theirs, row0, rows);
    snprintf(part, sizeof part, "%s.bias", ours);
    snprintf(name, sizeof name, "block.%td.%s", layer, part);
    if (!find_param(l->m, name))
        return;
    snprintf(theirs, sizeof theirs, "%s.bias", theirs_format);
    links_add_of(l, kind == LINK_TRANSPOSED ? LINK_AS_IS : kind, layer, part,
                 theirs, row0, rows);
}

void links_release(struct links *l)
{
    free(l->list);
    *l = (struct links){ 0 };
}

idx link_cols(const struct link *k)
{
    return k->ours->ndim == 2 ? k->ours->shape[1] : 1;
}

int link_shape(idx shape[2], const struct link *k)
{
    idx cols = link_cols(k), rows = k->rows + 2 * (k->kind == LINK_BEHIND_2);
    bool is_turned = k->kind == LINK_TRANSPOSED;
    shape[0] = is_turned ? cols : rows;
    shape[1] = is_turned ? rows : cols;
    return k->ours->ndim;
}

idx link_place(const struct link *k, idx i, idx H, idx D)
{
    idx cols = link_cols(k), row = i / cols, col = i % cols;
    switch (k->kind) {
    case LINK_TRANSPOSED:
        row = i % k->rows;
        col = i / k->rows;
        break;
    case LINK_BEHIND_2:
        row -= 2;
        break;
    case LINK_BY_HEAD:
        row = (row / D % 3) * H * D + row / (3 * D) * D + row % D;
        break;
    default:
        break;
    }
    return row < 0 ? -1 : (k->row0 + row) * cols + col;
}

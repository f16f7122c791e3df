#include "run/run_facts.h"

#include "base/nearest.h"
#include "base/text.h"
#include "metric/metric_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- names of fields --------------------------------------------------- */

/* A number of metrics.csv that is asked for? */
static bool is_column(const char *name)
{
    struct column_facts f;
    return column_find(&f, name) && f.files & COLUMN_FIELD;
}

/* The best hint is the key itself with its section, if that was left out. */
static void find_near_key(struct nearest *near, char hint[CONFIG_KEY_NAME_MAX])
{
    char path[CONFIG_KEY_NAME_MAX];
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        const char *before = near->name;
        bool is_it = strcmp(k.key->name, near->wanted) == 0;
        nearest_offer(near, config_key_name(path, k));
        if (near->name == before && !is_it)
            continue;
        memcpy(hint, path, sizeof path);
        near->name = hint;
        if (is_it) {
            near->distance = 0;
            return;
        }
    }
}

static int say_unknown(const char *name, struct err *e)
{
    char shown[TEXT_SHOW_MAX], hint[CONFIG_KEY_NAME_MAX];
    struct nearest near = { .wanted = name };
    text_show(shown, name);
    find_near_key(&near, hint);
    nearest_offer(&near, "name");
    nearest_offer(&near, "status");
    for (idx i = 0; i < n_column_table; i++)
        if (is_column(column_table[i].text.name))
            nearest_offer(&near, column_table[i].text.name);
    for (idx i = 0; metric_at(i); i++)
        if (!metric_at(i)->is_per_position)
            nearest_offer(&near, metric_at(i)->text.name);
    if (near.name)
        return err_set(e, ERR_USAGE, "no key or value '%s', did you mean %s?",
                       shown, near.name);
    return err_set(e, ERR_USAGE,
                   "no key or value '%s': want a key as optim.lr (`sinklab "
                   "help config` has all), name, status, step, loss, val_loss "
                   "or a metric as sink_1",
                   shown);
}

int run_field_find(struct run_field *f, const char *name, struct err *e)
{
    *f = (struct run_field){ .kind = FIELD_NUMBER };
    if (strcmp(name, "name") == 0 || strcmp(name, "status") == 0) {
        f->kind = *name == 'n' ? FIELD_NAME : FIELD_STATUS;
        return OK;
    }
    if (is_column(name)) {
        snprintf(f->column, sizeof f->column, "%s", name);
        return OK;
    }
    f->kind = FIELD_KEY;
    f->key = config_key_find(name);
    return f->key.key ? OK : say_unknown(name, e);
}

/* ---- values ------------------------------------------------------------ */

bool run_field_is_number(const struct run_field *f)
{
    if (f->kind != FIELD_KEY)
        return f->kind == FIELD_NUMBER;
    return f->key.key->type == KEY_INT || f->key.key->type == KEY_REAL;
}

bool run_field_number(double *value, const struct run_field *f,
                      const struct run_facts *r)
{
    *value = NAN;
    if (f->kind == FIELD_NUMBER && strcmp(f->column, "step") == 0) {
        *value = r->step;
        return !isnan(r->step);
    }
    if (f->kind == FIELD_NUMBER)
        return table_last(value, r->measured,
                          table_find(r->measured, f->column));
    if (!r->config || !run_field_is_number(f))
        return false;
    *value = config_number(r->config, f->key);
    return true;
}

bool run_field_text(char *text, size_t cap, const struct run_field *f,
                    const struct run_facts *r)
{
    if (f->kind == FIELD_KEY && !r->config)
        return false;
    if (f->kind == FIELD_KEY)
        config_value(text, cap, r->config, f->key);
    else
        snprintf(text, cap, "%s", f->kind == FIELD_NAME ? r->name : r->status);
    return true;
}

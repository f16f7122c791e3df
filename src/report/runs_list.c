#include "report/runs_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct run_facts facts_of(const struct listed *r)
{
    return run_data_facts(&r->data, r->name);
}

/* ---- order ------------------------------------------------------------- */

static int order_values(const struct run_field *f, const struct listed *a,
                        const struct listed *b)
{
    struct run_facts x = facts_of(a), y = facts_of(b);
    char s[KEY_PRINT_MAX], t[KEY_PRINT_MAX];
    if (run_field_is_number(f)) {
        double u, v;
        run_field_number(&u, f, &x);
        run_field_number(&v, f, &y);
        return (u > v) - (u < v);
    }
    if (f->kind == FIELD_KEY && a->data.has_config && b->data.has_config)
        return config_value_order(&a->data.config, &b->data.config, f->key);
    if (!run_field_text(s, sizeof s, f, &x) ||
        !run_field_text(t, sizeof t, f, &y))
        return 0;
    return strverscmp(s, t);
}

/* What has a place in the order, before nan, before what is not known. */
enum { ORDER_UNKNOWN, ORDER_NAN, ORDER_KNOWN };

static int rank(const struct run_field *f, const struct listed *r)
{
    char text[1];
    double number;
    struct run_facts facts = facts_of(r);
    if (!run_field_is_number(f))
        return run_field_text(text, 1, f, &facts) ? ORDER_KNOWN : ORDER_UNKNOWN;
    if (!run_field_number(&number, f, &facts))
        return ORDER_UNKNOWN;
    return isnan(number) ? ORDER_NAN : ORDER_KNOWN;
}

/* Stable; nan comes behind all numbers, and what is not known last. */
static void sort(struct listing *l, const struct run_field *f, bool is_falling)
{
    for (idx i = 1; i < l->n; i++) {
        struct listed r = l->runs[i];
        idx k = i;
        for (; k > 0; k--) {
            const struct listed *o = &l->runs[k - 1];
            int order = order_values(f, o, &r) * (is_falling ? -1 : 1);
            if (rank(f, o) < ORDER_KNOWN || rank(f, &r) < ORDER_KNOWN)
                order = rank(f, &r) - rank(f, o);
            if (order <= 0)
                break;
            l->runs[k] = *o;
        }
        l->runs[k] = r;
    }
}

static int sort_by(struct listing *l, const char *name, struct err *e)
{
    struct run_field f;
    bool is_falling = *name == '-';
    int rc = run_field_find(&f, name + is_falling, e);
    if (rc != OK)
        return err_prefix(e, "runs: --sort");
    sort(l, &f, is_falling);
    return OK;
}

/* ---- the whole --------------------------------------------------------- */

/* The folder that names are seen from: the one searched, or, if that is a run,
 * the one it lies in. */
static void find_base(struct listing *l, const char *dir)
{
    if (l->list.n != 1 || strcmp(l->list.paths[0], dir) != 0) {
        snprintf(l->base, sizeof l->base, "%s", dir);
        return;
    }
    size_t n = run_list_parent(dir);
    snprintf(l->base, sizeof l->base, "%.*s", n > 0 ? (int)n : 1,
             n > 0 ? dir : ".");
}

static const char *seen_from(const struct listing *l, const char *path)
{
    size_t n = strlen(l->base);
    if (strncmp(path, l->base, n) != 0) /* "." and a plain name */
        return path;
    for (path += n; *path == '/';)
        path++;
    return path;
}

int listing_read(struct listing *l, const struct runs_options *o, struct err *e)
{
    int rc = run_list_find(&l->list, o->dir, RUN_LIST_ALL, e);
    if (rc != OK)
        return rc;
    find_base(l, o->dir);
    l->n_all = l->list.n;
    l->runs = calloc((size_t)idx_max(1, l->n_all), sizeof *l->runs);
    if (!l->runs)
        return err_memory(e, NULL);
    for (idx i = 0; i < l->n_all; i++) {
        struct listed *r = &l->runs[l->n];
        const char *path = l->list.paths[i];
        *r = (struct listed){ .name = seen_from(l, path) };
        r->parent_n = run_list_parent(path);
        run_data_read(&r->data, path, NULL);
        struct run_facts facts = facts_of(r);
        if (filter_accepts(&o->where, &facts))
            l->n++;
        else
            run_data_release(&r->data);
    }
    return o->sort ? sort_by(l, o->sort, e) : OK;
}

void listing_release(struct listing *l)
{
    for (idx i = 0; i < l->n; i++)
        run_data_release(&l->runs[i].data);
    free(l->runs);
    run_list_release(&l->list);
    *l = (struct listing){ 0 };
}

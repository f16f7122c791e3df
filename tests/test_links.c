/* Links: which number of theirs is which of ours. Each kind against the place
 * worked out by hand, and all of them together: every number of ours comes from
 * one of theirs, and from one alone. */
#include "exchange/family.h"

#include "harness.h"
#include "tiny.h"

#include <string.h>

enum { L = 2, C = 12, H = 3, T = 8, V = 10 };

static void open_like(struct model *m, const char *preset, int norm,
                      int norm_place, struct attention_options a)
{
    struct model_options o = tiny_options(preset, L, C, H, T);
    struct err e = { 0 };
    if (norm >= 0)
        o.norm = norm;
    o.norm_place = norm_place;
    assert_int_equal(
        model_init(m, &(struct model_spec){ .model = o, .attention = a }, V,
                   &e),
        OK);
}

static void open_model(struct model *m, const char *preset)
{
    open_like(m, preset, -1, PLACE_PRE, ATTENTION(.bias = BIAS_NONE));
}

static const struct param *find_param(const struct model *m, const char *name)
{
    for (idx i = 0; i < m->table.count; i++)
        if (!strcmp(m->table.rows[i].name, name))
            return &m->table.rows[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void test_links__a_place_of_each_kind(void **state)
{
    (void)state;
    struct model m;
    open_model(&m, "gpt2");
    const struct param *qkv = find_param(&m, "block.0.attention.qkv.weight");
    const struct param *bias = find_param(&m, "block.0.attention.qkv.bias");
    idx D = m.D, shape[2];
    assert_int_equal(qkv->shape[0], 3 * C);
    struct link k = { .kind = LINK_AS_IS, .ours = qkv, .row0 = C, .rows = C };
    assert_int_equal(link_shape(shape, &k), 2);
    assert_true(shape[0] == C && shape[1] == C);
    assert_int_equal(link_place(&k, 0, H, D), C * C);
    assert_int_equal(link_place(&k, 2 * C + 3, H, D), (C + 2) * C + 3);

    k = (struct link){ .kind = LINK_TRANSPOSED, .ours = qkv, .rows = 3 * C };
    assert_int_equal(link_shape(shape, &k), 2);
    assert_true(shape[0] == C && shape[1] == 3 * C);
    /* theirs [5][7] is ours [7][5] */
    assert_int_equal(link_place(&k, 5 * 3 * C + 7, H, D), 7 * C + 5);

    /* theirs: head 0's q, k, v, head 1's q, ...; ours: all q, all k, all v */
    k = (struct link){ .kind = LINK_BY_HEAD, .ours = qkv, .rows = 3 * C };
    for (idx h = 0; h < H; h++)
        for (idx part = 0; part < 3; part++)
            for (idx d = 0; d < D; d++) {
                idx theirs = (h * 3 + part) * D + d,
                    us = (part * H + h) * D + d;
                assert_int_equal(link_place(&k, theirs * C + 4, H, D),
                                 us * C + 4);
            }
    k.ours = bias;
    assert_int_equal(link_shape(shape, &k), 1);
    assert_int_equal(shape[0], 3 * C);
    assert_int_equal(link_place(&k, 3 * D + 1, H, D), D + 1);

    k = (struct link){ .kind = LINK_BEHIND_2,
                       .ours = find_param(&m, "token.weight"),
                       .rows = V };
    assert_int_equal(link_shape(shape, &k), 2);
    assert_true(shape[0] == V + 2 && shape[1] == C);
    assert_int_equal(link_place(&k, 0, H, D), -1);
    assert_int_equal(link_place(&k, 2 * C - 1, H, D), -1);
    assert_int_equal(link_place(&k, 2 * C, H, D), 0);
    model_release(&m);
}

/* How often each number of ours is named. */
static void count_places(int *n, const struct model *m, const struct links *l)
{
    for (idx i = 0; i < l->n; i++) {
        const struct link *k = &l->list[i];
        idx shape[2] = { 1, 1 };
        idx count = link_shape(shape, k) == 2 ? shape[0] * shape[1] : shape[0];
        bool is_made = k->kind == LINK_ONES || k->kind == LINK_ZEROS;
        for (idx at = 0; at < count; at++) {
            idx place = is_made ? k->row0 * link_cols(k) + at
                                : link_place(k, at, m->H, m->D);
            if (place >= 0)
                n[k->ours->offset + place]++;
        }
    }
}

static void check_model(const struct family *f, struct model *model)
{
    struct model m = *model;
    struct links l = { 0 };
    int n[1 << 14] = { 0 };
    l.m = &m;
    assert_true(m.table.total <= COUNT_OF(n));
    f->link(&l);
    count_places(n, &m, &l);
    for (idx i = 0; i < m.table.count; i++) {
        const struct param *p = &m.table.rows[i];
        idx size = p->ndim == 2 ? p->shape[0] * p->shape[1] : p->shape[0];
        for (idx k = 0; k < size; k++)
            if (n[p->offset + k] != 1)
                fail_msg("%s: %s number %td comes from %d of theirs", f->title,
                         p->name, k, n[p->offset + k]);
    }
    for (idx i = 0; i < l.n; i++)
        for (idx k = 0; k < i; k++)
            if (l.list[i].theirs[0] &&
                !strcmp(l.list[i].theirs, l.list[k].theirs))
                fail_msg("%s: %s twice", f->title, l.list[i].theirs);
    links_release(&l);
    assert_null(l.list);
    model_release(model);
}

static void check_family(const struct family *f, const char *preset)
{
    struct model m;
    open_model(&m, preset);
    check_model(f, &m);
}

static void test_links__each_number_of_ours_is_one_of_theirs(void **state)
{
    (void)state;
    check_family(family_find("gpt2"), "gpt2");
    check_family(family_find("opt"), "gpt2");
    check_family(family_find("llama"), "llama");
    check_family(family_find("qwen2"), "llama");
    check_family(family_find("mistral"), "llama");
    check_family(family_find("gpt_neo"), "gpt2");
    struct model m;
    open_like(&m, "llama", -1, PLACE_PRE, ATTENTION(.qk_norm = QK_NORM_RMS));
    check_model(family_find("qwen3"), &m);
    open_like(&m, "llama", NORM_LAYER, PLACE_PRE, ATTENTION(.kv_heads = 1));
    check_model(family_find("olmo"), &m);
    open_like(&m, "llama", -1, PLACE_BEHIND,
              ATTENTION(.qk_norm = QK_NORM_RMS_WIDE, .kv_heads = 1));
    check_model(family_find("olmo2"), &m);
}

static void test_links__names_have_their_layer(void **state)
{
    (void)state;
    struct model m;
    struct links l = { .m = &m };
    open_model(&m, "gpt2");
    links_add_linear(&l, LINK_TRANSPOSED, 1, "ffn.up", "h.%td.fc", 0, -1);
    links_add_linear(&l, LINK_AS_IS, 0, "attention.qkv", "q.%td", C, C);
    assert_int_equal(l.n, 4);
    assert_string_equal(l.list[0].theirs, "h.1.fc.weight");
    assert_string_equal(l.list[0].ours->name, "block.1.ffn.up.weight");
    assert_int_equal(l.list[0].rows, l.list[0].ours->shape[0]);
    assert_int_equal(l.list[0].kind, LINK_TRANSPOSED);
    assert_string_equal(l.list[1].theirs, "h.1.fc.bias");
    assert_int_equal(l.list[1].kind, LINK_AS_IS); /* a vector has no other */
    assert_string_equal(l.list[2].theirs, "q.0.weight");
    assert_true(l.list[2].row0 == C && l.list[2].rows == C);
    assert_string_equal(l.list[3].theirs, "q.0.bias");
    assert_true(l.list[3].row0 == C && l.list[3].rows == C);
    links_release(&l);
    model_release(&m);
}

/* More links than there is room for at first. */
static void test_links__a_list_grows(void **state)
{
    (void)state;
    struct model m;
    struct links l = { .m = &m };
    open_model(&m, "llama");
    for (int i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        links_add(&l, LINK_AS_IS, "final.gain", name, 0, 1 + i % C);
    }
    assert_int_equal(l.n, 300);
    assert_false(l.is_out_of_memory);
    for (int i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        assert_string_equal(l.list[i].theirs, name);
        assert_int_equal(l.list[i].rows, 1 + i % C);
    }
    links_release(&l);
    model_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links__a_place_of_each_kind),
        cmocka_unit_test(test_links__each_number_of_ours_is_one_of_theirs),
        cmocka_unit_test(test_links__names_have_their_layer),
        cmocka_unit_test(test_links__a_list_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

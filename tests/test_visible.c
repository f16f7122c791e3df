/* Spans against the definition of each rule, key by key, for all of them
 * together. */
#include "harness.h"
#include "nn/visible.h"
#include "tiny.h"

enum { T_MAX = 40, HEADS = 3 };

/* A list of layers says which have the window; without one all do. What a layer
 * has names none any more. */
static void test_visible__window_layers_have_it(void **state)
{
    (void)state;
    struct attention_options o = { .window = 5, .prefix = 3 };
    for (idx l = 0; l < 4; l++)
        assert_int_equal(attention_of_layer(&o, l).window, 5);
    o.window_layers = (struct key_list){ 2, { 0, 2 } };
    for (idx l = 0; l < 4; l++) {
        struct attention_options layer = attention_of_layer(&o, l);
        assert_int_equal(layer.window, l % 2 ? 0 : 5);
        assert_int_equal(layer.window_layers.n, 0);
        assert_int_equal(layer.prefix, 3);
    }
}

/* What is seen, told one rule at a time. */
struct view {
    const struct attention_options *o;
    const int32_t *documents;
    idx T, head;
};

static bool in_window(const struct view *v, idx t, idx j)
{
    return !v->o->window || t - j < v->o->window;
}

/* Groups are counted from the first token; in heads of the second half (the
 * odd one out not among them) the first is only half as long. */
static bool in_group(const struct view *v, idx t, idx j)
{
    const struct attention_options *o = v->o;
    idx token = t - o->registers, key = j - o->registers, half = o->group / 2;
    if (!o->group)
        return true;
    if (o->group_shift && v->head >= 2)
        token += half, key += half;
    return key >= 0 && token / o->group == key / o->group;
}

static bool in_document(const struct view *v, idx t, idx j)
{
    return !v->documents || j >= v->documents[t];
}

static bool sees(const struct view *v, idx t, idx j)
{
    const struct attention_options *o = v->o;
    idx key = j - o->registers;
    bool is_token = t >= o->registers;
    if (is_token && key >= 0 && key < o->prefix)
        return true;
    if (j > t)
        return false;
    if (!is_token || key < 0)
        return true;
    if (o->group && key < o->group_globals)
        return true;
    return in_window(v, t, j) && in_group(v, t, j) && in_document(v, t, j);
}

static void check_row(const struct view *v, idx t)
{
    struct span s = visible_span(v->o, v->T, t, v->head, HEADS, v->documents);
    assert_true(s.globals >= 0 && s.globals <= s.lo && s.lo < s.hi);
    assert_true(s.hi <= v->T && s.lo <= t && t < s.hi);
    assert_true(s.lo > s.globals || s.lo == 0); /* no two where one would do */
    for (idx j = 0; j < v->T; j++) {
        bool in_span = j < s.globals || (j >= s.lo && j < s.hi);
        if (in_span != sees(v, t, j))
            fail_msg("T %td head %td registers %td window %td prefix %td group "
                     "%td shift %d globals %td documents %d: query %td, key "
                     "%td",
                     v->T, v->head, v->o->registers, v->o->window, v->o->prefix,
                     v->o->group, v->o->group_shift, v->o->group_globals,
                     v->documents != NULL, t, j);
    }
}

static void check_view(const struct view *v)
{
    bool is_causal = visible_is_causal(v->o);
    idx end = 0;
    for (idx t = 0; t < v->T; t++) {
        check_row(v, t);
        for (idx j = end; j < v->T; j++)
            if (sees(v, t, j))
                end = j + 1;
        assert_int_equal(visible_end(v->o, v->T, t), end);
        for (idx j = 0; is_causal && j < v->T; j++)
            assert_true(sees(v, t, j) == (j <= t));
    }
}

/* Documents begin at some rows; that of the first tokens began earlier. */
static const int32_t *documents_of(const struct attention_options *o, idx T)
{
    static int32_t documents[T_MAX];
    idx start = 0;
    for (idx t = 0; t < T; t++) {
        if (t >= o->registers && (t == 5 || t == 6 || t == 19 || t == 33))
            start = t;
        documents[t] = (int32_t)start;
    }
    return documents;
}

static void check_options(const struct attention_options *o)
{
    static const idx lengths[] = { 3, 4, 13, T_MAX };
    bool has_documents = attention_has_documents(o);
    for (int i = 0; i < COUNT_OF(lengths); i++) {
        for (idx head = 0; head < HEADS; head++) {
            idx T = lengths[i];
            struct view v = { o, has_documents ? documents_of(o, T) : NULL, T,
                              head };
            check_view(&v);
        }
    }
}

static void test_visible__is_what_the_rules_say(void **state)
{
    (void)state;
    static const idx registers[] = { 0, 1, 3 }, windows[] = { 0, 1, 6, 100 };
    static const idx prefixes[] = { 0, 1, 5, 100 };
    static const idx groups[] = { 0, 1, 4, 7, 100 }, globals[] = { 0, 2, 9 };
    static const idx n[] = { COUNT_OF(registers),
                             COUNT_OF(windows),
                             COUNT_OF(prefixes),
                             COUNT_OF(groups),
                             COUNT_OF(globals),
                             2,
                             3 };
    idx i[COUNT_OF(n)] = { 0 }, last = 0;
    while (last < COUNT_OF(n)) {
        struct attention_options o =
            ATTENTION(.registers = registers[i[0]], .window = windows[i[1]],
                      .prefix = prefixes[i[2]], .group = groups[i[3]],
                      .group_globals = globals[i[4]], .group_shift = i[5] != 0);
        o.document_token = i[6] == 1 ? 0 : -1;
        o.documents = i[6] == 2 ? DOCUMENTS_WITHIN : DOCUMENTS_ACROSS;
        check_options(&o);
        for (last = 0; last < COUNT_OF(n) && ++i[last] == n[last]; last++)
            i[last] = 0;
    }
}

static void test_visible__plain_rows_are_one_span(void **state)
{
    (void)state;
    struct attention_options o = ATTENTION();
    assert_true(visible_is_causal(&o));
    for (idx t = 0; t < T_MAX; t++) {
        struct span s = visible_span(&o, T_MAX, t, 0, 1, NULL);
        assert_int_equal(s.globals, 0);
        assert_int_equal(s.lo, 0);
        assert_int_equal(s.hi, t + 1);
    }
}

static void test_visible__registers_alone_keep_it_causal(void **state)
{
    (void)state;
    struct attention_options o = ATTENTION(.registers = 2);
    assert_true(visible_is_causal(&o));
    o.documents = DOCUMENTS_WITHIN;
    assert_false(visible_is_causal(&o));
}

static void test_visible__one_head_is_never_shifted(void **state)
{
    (void)state;
    struct attention_options o = ATTENTION(.group = 4, .group_shift = true);
    assert_int_equal(visible_span(&o, 8, 3, 0, 1, NULL).lo, 0);
    assert_int_equal(visible_span(&o, 8, 3, 1, 2, NULL).lo, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_visible__window_layers_have_it),
        cmocka_unit_test(test_visible__is_what_the_rules_say),
        cmocka_unit_test(test_visible__plain_rows_are_one_span),
        cmocka_unit_test(test_visible__registers_alone_keep_it_causal),
        cmocka_unit_test(test_visible__one_head_is_never_shifted),
    };
    return cmocka_run_group_tests_name("visible", tests, NULL, NULL);
}

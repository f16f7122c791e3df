/* What edits change in samples, and what they leave. */
#include "data/edit.h"
#include "data/source.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { T = 12, N = T + 1, SAMPLES = 2000 };

static struct data_options options_of(bool bos)
{
    struct data_options o = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    while (strcmp(corpus_name(o.source), "tokens") != 0)
        o.source++;
    while (strcmp(order_name(o.order), "epochs") != 0)
        o.order++;
    o.bos = bos;
    o.vocab = 600;
    o.token_bytes = 2;
    o.val_fraction = 0.3;
    uint16_t tokens[600];
    for (int i = 0; i < COUNT_OF(tokens); i++)
        tokens[i] = (uint16_t)i;
    snprintf(o.path, sizeof o.path, "%s/ramp.bin", test_dir());
    test_write_file(o.path, tokens, sizeof tokens);
    return o;
}

static void open_source(struct source *s, const struct data_options *o,
                        uint64_t seed)
{
    struct err e = { 0 };
    if (source_open(s, o, seed, T, &e))
        fail_msg("%s", e.text);
}

/* A sample with the edit, and the same without. */
struct pair {
    struct source plain, edited;
};

static void open_pair(struct pair *p, const struct data_options *edited,
                      uint64_t seed)
{
    struct data_options plain = options_of(edited->bos);
    open_source(&p->plain, &plain, seed);
    open_source(&p->edited, edited, seed);
}

static void release_pair(struct pair *p)
{
    source_release(&p->plain);
    source_release(&p->edited);
}

static int compare_ints(const void *a, const void *b)
{
    return *(const int32_t *)a - *(const int32_t *)b;
}

static void test_shuffle__keeps_tokens_and_bos(void **state)
{
    (void)state;
    struct pair p;
    struct data_options o = options_of(true);
    idx same = 0;
    o.shuffle = true;
    open_pair(&p, &o, 1);
    for (idx i = 0; i < SAMPLES; i++) {
        int32_t a[N], b[N];
        source_sample(&p.plain, a, N, SPLIT_TRAIN, i);
        source_sample(&p.edited, b, N, SPLIT_TRAIN, i);
        assert_int_equal(b[0], p.edited.bos);
        for (idx t = 1; t < N; t++)
            same += a[t] == b[t];
        qsort(b + 1, N - 1, sizeof *b, compare_ints);
        assert_memory_equal(a, b, sizeof a); /* a ramp is in order */
    }
    /* one in 12 by chance: 2000 in all, deviation about 44 */
    assert_in_range(same, SAMPLES - 250, SAMPLES + 250);
    release_pair(&p);
}

/* A BOS that is a token of the corpus is one wherever the corpus has it, and
 * stays where the row or its documents have it. */
static void test_shuffle__leaves_a_bos_that_is_a_token_too(void **state)
{
    (void)state;
    static const char *const orders_of[] = { "windows", "packed", "windows" };
    for (int k = 0; k < COUNT_OF(orders_of); k++) {
        bool is_generated = k == 2;
        struct pair p;
        struct data_options o = options_of(true);
        o.val_fraction = 0.1;
        o.source = o.order = 0;
        while (strcmp(corpus_name(o.source), is_generated ? "random" : "text"))
            o.source++;
        while (strcmp(order_name(o.order), orders_of[k]) != 0)
            o.order++;
        o.bos_token = 'a';
        o.vocab = 'c'; /* of what is generated */
        char text[600];
        for (int i = 0; i < COUNT_OF(text); i++)
            text[i] = (char)('a' + i % 5);
        snprintf(o.path, sizeof o.path, "%s/letters%d", test_dir(), k);
        assert_int_equal(mkdir(o.path, 0755), 0);
        for (int i = 0; i < 2; i++) {
            char file[KEY_TEXT_MAX + 8];
            snprintf(file, sizeof file, "%s/%d", o.path, i);
            test_write_file(file, text, i ? sizeof text : 7);
        }
        struct data_options plain = o;
        o.shuffle = true;
        open_source(&p.plain, &plain, 1);
        open_source(&p.edited, &o, 1);
        idx moved = 0;
        for (idx i = 0; i < 300; i++) {
            const struct row *a = source_row(&p.plain, N, SPLIT_TRAIN, i);
            const struct row *b = source_row(&p.edited, N, SPLIT_TRAIN, i);
            int32_t x[N], y[N];
            for (idx t = 0; t < N; t++) {
                x[t] = a->tokens[t];
                y[t] = b->tokens[t];
                bool is_ours =
                    is_generated ? t == 0 : a->offsets[t] == NO_OFFSET;
                if (is_ours) {
                    assert_int_equal(x[t], 'a');
                    assert_int_equal(y[t], 'a');
                    assert_int_equal(b->offsets[t], NO_OFFSET);
                }
                moved += !is_ours && x[t] == 'a' && y[t] != 'a';
            }
            qsort(x, N, sizeof *x, compare_ints);
            qsort(y, N, sizeof *y, compare_ints);
            assert_memory_equal(x, y, sizeof x);
        }
        assert_true(is_generated || moved > 0);
        release_pair(&p);
    }
}

static void test_random_positions__are_uniform_and_the_others_stay(void **state)
{
    (void)state;
    struct pair p;
    struct data_options o = options_of(true);
    double sum = 0;
    o.random_positions = (struct key_list){ 2, { 3, 1 } };
    open_pair(&p, &o, 1);
    for (idx i = 0; i < SAMPLES; i++) {
        int32_t a[N];
        source_sample(&p.plain, a, N, SPLIT_VAL, i);
        const struct row *r = source_row(&p.edited, N, SPLIT_VAL, i);
        for (idx t = 0; t < N; t++)
            if (t == 0 || t == 2)
                assert_in_range(r->tokens[t], 0, 599);
            else
                assert_int_equal(r->tokens[t], a[t]);
        sum += r->tokens[2];
        assert_int_equal(r->targets[1], r->tokens[2]);
        assert_int_equal(r->offsets[2], NO_OFFSET);
    }
    /* Held-out tiles repeat, and with them what is drawn once: 15 of them */
    assert_true(sum / SAMPLES > 100 && sum / SAMPLES < 500);
    release_pair(&p);
}

/* The first n_units samples are an epoch, the next ones the same windows. */
static void check_fresh(bool is_fresh)
{
    struct source a, b;
    struct data_options o = options_of(true);
    int32_t drawn[64], again[64], of_seed[64];
    o.random_positions = (struct key_list){ 1, { 4 } };
    o.random_fresh = is_fresh;
    open_source(&a, &o, 1);
    open_source(&b, &o, 2);
    idx n = a.parts[0].sampler.n_units, same = 0, same_seed = 0;
    assert_int_equal(n, 420 / T);
    for (idx i = 0; i < 2 * n; i++) {
        const struct row *r = source_row(&a, N, SPLIT_TRAIN, i);
        (i < n ? drawn : again)[r->unit] = r->tokens[3];
        r = source_row(&b, N, SPLIT_TRAIN, i);
        of_seed[r->unit] = r->tokens[3];
    }
    for (idx u = 0; u < n; u++) {
        same += drawn[u] == again[u];
        same_seed += drawn[u] == of_seed[u];
    }
    if (is_fresh)
        assert_true(same < 5 && same_seed < 5);
    else
        assert_true(same == n && same_seed == n);
    source_release(&a);
    source_release(&b);
}

static void test_edits__draw_once_for_each_window_or_each_time(void **state)
{
    (void)state;
    check_fresh(false);
    check_fresh(true);
}

static void test_fixed_position__holds_the_token_in_every_split(void **state)
{
    (void)state;
    for (idx position = 1; position <= 3; position++)
        for (int is_target = 0; is_target <= 1; is_target++) {
            struct pair p;
            struct data_options o = options_of(false);
            o.fixed_position = position;
            o.fixed_target = is_target;
            open_pair(&p, &o, 1);
            assert_int_equal(p.edited.fixed, 600); /* of its own */
            assert_int_equal(p.edited.vocab, 601);
            for (idx i = 0; i < SAMPLES; i++) {
                int32_t a[N];
                enum split split = (enum split)(i % SPLITS);
                source_sample(&p.plain, a, N, split, i);
                const struct row *r = source_row(&p.edited, N, split, i);
                for (idx t = 0; t < N; t++) {
                    bool is_fixed = t == position - 1;
                    assert_int_equal(r->tokens[t], is_fixed ? 600 : a[t]);
                    if (split == SPLIT_TRAIN)
                        assert_true(r->weights[t] == (!is_fixed || is_target));
                }
            }
            release_pair(&p);
        }
}

/* Behind the end of a document nothing stands that could be changed. */
static void test_fixed_position__leaves_padding(void **state)
{
    (void)state;
    struct source s;
    struct data_options o = options_of(true);
    o.source = o.order = 0;
    while (strcmp(corpus_name(o.source), "text") != 0)
        o.source++;
    while (strcmp(order_name(o.order), "documents") != 0)
        o.order++;
    snprintf(o.path, sizeof o.path, "%s/lengths", test_dir());
    assert_int_equal(mkdir(o.path, 0755), 0);
    for (int i = 0; i < 9; i++) {
        char file[KEY_TEXT_MAX + 8];
        snprintf(file, sizeof file, "%s/%d", o.path, i);
        test_write_file(file, "abcdefghi", (size_t)i + 1);
    }
    o.fixed_position = 5; /* behind BOS and the fourth */
    open_source(&s, &o, 1);
    idx put = 0, left = 0;
    for (idx i = 0; i < 40; i++) {
        const struct row *r = source_row(&s, N, SPLIT_TRAIN, i);
        bool is_long = r->used >= 5;
        assert_int_equal(r->tokens[4], is_long ? s.fixed : 0);
        put += is_long;
        left += !is_long;
    }
    assert_true(put > 0 && left > 0);
    source_release(&s);
}

static void test_label_noise__replaces_its_share_in_training_alone(void **state)
{
    (void)state;
    struct pair p;
    struct data_options o = options_of(true);
    idx changed = 0;
    o.label_noise = 0.25;
    open_pair(&p, &o, 1);
    for (idx i = 0; i < SAMPLES; i++) {
        int32_t a[N];
        source_sample(&p.plain, a, N, SPLIT_TRAIN, i);
        const struct row *r = source_row(&p.edited, N, SPLIT_TRAIN, i);
        assert_memory_equal(r->tokens, a, sizeof a);
        for (idx t = 0; t < T; t++)
            changed += r->targets[t] != a[t + 1];
        source_sample(&p.plain, a, N, SPLIT_VAL, i);
        r = source_row(&p.edited, N, SPLIT_VAL, i);
        assert_memory_equal(r->targets, a + 1, T * sizeof *a);
    }
    /* Drawn once for each of 35 windows of 12 targets: 105, deviation 9 */
    double share = (double)changed / (SAMPLES * T);
    assert_true(share > 0.25 - 0.11 && share < 0.25 + 0.11);
    release_pair(&p);
}

static void test_edits__compose_in_their_order(void **state)
{
    (void)state;
    struct source s;
    struct data_options o = options_of(false);
    o.shuffle = true;
    o.random_positions = (struct key_list){ 2, { 1, 4 } };
    o.fixed_position = 2;
    open_source(&s, &o, 1);
    idx in_order = 0;
    for (idx i = 0; i < SAMPLES; i++) {
        const struct row *r = source_row(&s, N, SPLIT_TRAIN, i);
        assert_int_equal(r->tokens[1], 600);
        in_order += r->tokens[5] == r->tokens[4] + 1;
    }
    assert_true(in_order < SAMPLES / 4);
    source_release(&s);
}

static void test_edits__floor_is_unknown_where_they_change(void **state)
{
    (void)state;
    struct data_options o = options_of(true);
    assert_false(edits_change(&o));
    o.label_noise = 0.5;
    assert_false(edits_change(&o)); /* held-out targets stay */
    o.shuffle = true;
    assert_true(edits_change(&o));
    o.shuffle = false;
    o.fixed_position = 1;
    assert_true(edits_change(&o));
}

static void test_edits__refuse_places_that_make_no_sense(void **state)
{
    (void)state;
    for (int k = 0; k < 5; k++) {
        struct data_options o = options_of(true);
        struct source s;
        struct err e = { 0 };
        if (k == 0)
            o.fixed_position = T + 1;
        if (k == 1)
            o.random_positions = (struct key_list){ 2, { 1, T + 1 } };
        if (k == 2) {
            o.fixed_position = 1;
            o.fixed_token = 601;
        }
        if (k >= 3)
            o.random_positions = (struct key_list){ 2, { 2, k == 3 ? 2 : 3 } };
        if (k == 4)
            o.fixed_position = 3;
        assert_int_equal(source_open(&s, &o, 1, T, &e), ERR_DATA);
        assert_non_null(strstr(e.text, k == 1   ? "lies past"
                                       : k == 3 ? "twice"
                                       : k == 4 ? "also"
                                                : "fixed_"));
        source_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shuffle__keeps_tokens_and_bos),
        cmocka_unit_test(test_shuffle__leaves_a_bos_that_is_a_token_too),
        cmocka_unit_test(
            test_random_positions__are_uniform_and_the_others_stay),
        cmocka_unit_test(test_edits__draw_once_for_each_window_or_each_time),
        cmocka_unit_test(test_fixed_position__holds_the_token_in_every_split),
        cmocka_unit_test(test_fixed_position__leaves_padding),
        cmocka_unit_test(
            test_label_noise__replaces_its_share_in_training_alone),
        cmocka_unit_test(test_edits__compose_in_their_order),
        cmocka_unit_test(test_edits__floor_is_unknown_where_they_change),
        cmocka_unit_test(test_edits__refuse_places_that_make_no_sense),
    };
    return cmocka_run_group_tests_name("edit", tests, NULL, NULL);
}

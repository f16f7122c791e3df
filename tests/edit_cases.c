#include "edit_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gradcheck.h"
#include "harness.h"
#include "tiny.h"

enum { ROOM = 64 }; /* behind the scratch */

const struct edit_setting edit_settings[] = {
    { "alibi", POSITION_ALIBI, 0, 0 },
    { "t5", POSITION_T5, 0, 0 },
    { "t5_study", POSITION_T5_STUDY, 0, 0 },
    { "distance", POSITION_DISTANCE, 0, 0 },
    { "txl", POSITION_TXL, 0, 0 },
    { "forget", POSITION_NONE, FORGET_INPUT, 0 },
    { "decay", POSITION_NONE, FORGET_LEARNED, 0 },
    { "decay", POSITION_NONE, FORGET_FIXED, 0 },
    { "cap", POSITION_NONE, 0, 1.5 },
    { "cap", POSITION_NONE, 0, 50 },
};
const idx n_edit_settings = COUNT_OF(edit_settings);

struct model_options edit_model(const struct edit_setting *s, idx T, idx D)
{
    struct model_options m =
        tiny_options("gpt2", 1, EDIT_HEADS * D, EDIT_HEADS, T);
    m.position = s->position;
    return m;
}

struct attention_options edit_attention(const struct edit_setting *s)
{
    return ATTENTION(.forget = s->forget, .soft_cap = s->soft_cap);
}

real *normal_numbers(idx n, double std, uint64_t seed)
{
    real *x = calloc((size_t)n + 1, sizeof *x);
    fill_normal(x, n, std, seed);
    return x;
}

void edit_case_open(struct edit_case *c, const struct edit_setting *s, idx head,
                    idx prefix, idx T, idx D)
{
    struct model_options m = edit_model(s, T, D);
    struct attention_options a = edit_attention(s);
    const struct score_edit *on[SCORE_EDITS_MAX];
    a.prefix = prefix;
    assert_int_equal(
        score_edits_of(on, &(struct model_spec){ .model = m, .attention = a }),
        1);
    assert_string_equal(on[0]->text.name, s->name);
    idx n = on[0]->n_learned ? on[0]->n_learned(&a, T, D) : 0;
    *c = (struct edit_case){ .edit = on[0], .options = a };
    c->n_scratch = on[0]->n_scratch ? on[0]->n_scratch(T, D) : 0;
    c->q = normal_numbers(2 * T * D, 1, 1);
    c->learned = normal_numbers(n, 1, 2);
    c->side = normal_numbers(T * EDIT_HEADS, 2, 3);
    c->scratch = normal_numbers(c->n_scratch + ROOM, 1, 4);
    c->h = (struct edit_head){ .T = T,
                               .D = D,
                               .H = EDIT_HEADS,
                               .head = head,
                               .scale = (real)(1 / sqrt((double)D)),
                               .options = &c->options,
                               .q = c->q,
                               .k = c->q + D,
                               .ld = 2 * D,
                               .learned = n ? c->learned : NULL,
                               .ld_projected = EDIT_HEADS,
                               .scratch = c->scratch };
    if (c->edit->projection.name)
        c->h.projected = c->side + head;
    if (c->edit->open)
        c->edit->open(&c->h);
}

void edit_case_close(struct edit_case *c)
{
    real *before = normal_numbers(c->n_scratch + ROOM, 1, 4);
    assert_memory_equal(c->scratch + c->n_scratch, before + c->n_scratch,
                        ROOM * sizeof *before);
    free(before);
    free(c->q), free(c->learned), free(c->side), free(c->scratch);
}

#include "nn/visible.h"

/* First token of the group that token t lies in; the second half of the heads
 * is shifted by half a group (LongLoRA, Chen et al. 2023). */
static idx group_start(const struct attention_options *o, idx t, idx head,
                       idx H)
{
    idx shift = o->group_shift && head >= H - H / 2 ? o->group / 2 : 0;
    return idx_max(0, (t + shift) / o->group * o->group - shift);
}

struct span visible_span(const struct attention_options *o, idx T, idx t,
                         idx head, idx H, const int32_t *documents)
{
    idx R = o->registers, token = t - R; /* negative: a register */
    struct span s = { .globals = R, .lo = 0, .hi = t + 1 };
    if (token < 0)
        return (struct span){ 0, 0, t + 1 };
    if (o->window)
        s.lo = idx_max(s.lo, t + 1 - o->window);
    if (o->group) {
        s.lo = idx_max(s.lo, R + group_start(o, token, head, H));
        s.globals = idx_min(R + o->group_globals, s.hi);
    }
    if (documents)
        s.lo = idx_max(s.lo, documents[t]);
    if (o->prefix) {
        idx end = idx_min(R + o->prefix, T);
        s.globals = idx_max(s.globals, end);
        s.hi = idx_max(s.hi, end);
    }
    s.globals = idx_min(s.globals, s.hi);
    if (s.lo <= s.globals)
        s.globals = s.lo = 0;
    return s;
}

idx visible_end(const struct attention_options *o, idx T, idx t)
{
    idx end = t + 1;
    if (o->prefix && t >= o->registers)
        end = idx_max(end, idx_min(o->registers + o->prefix, T));
    return end;
}

struct attention_options attention_of_layer(const struct attention_options *all,
                                            idx layer)
{
    struct attention_options o = *all;
    bool has_window = !all->window_layers.n;
    for (idx i = 0; i < all->window_layers.n; i++)
        has_window |= all->window_layers.v[i] == layer;
    if (!has_window)
        o.window = 0;
    o.window_layers = (struct key_list){ 0 };
    return o;
}

bool visible_is_causal(const struct attention_options *o)
{
    return !o->window && !o->prefix && !o->group && !attention_has_documents(o);
}

const struct op_text *const visible_texts[] = {
    &(const struct op_text){ .name = "causal",
                             .key = "[attention] window = 0",
                             .formula = "query t sees the keys j <= t; what "
                                        "follows takes some away or adds some",
                             .parameters = "none",
                             .source = "arXiv 1706.03762",
                             .sinks = "on the first token (arXiv 2410.10781)" },
    &(const struct op_text){
        .name = "window",
        .key = "[attention] window = 256",
        .formula = "j > t - window",
        .parameters = "window: keys a query sees, its own included",
        .source = "arXiv 2410.10781",
        .sinks = "on the absolute first token, not on a window's first; small "
                 "windows prevent it (arXiv 2410.10781)" },
    &(const struct op_text){
        .name = "window_layers",
        .key = "[attention] window_layers = 0, 2, 4",
        .formula = "the window in these blocks alone, counted from 0; the "
                   "others see all",
        .parameters = "none; needs window",
        .source = "arXiv 1904.10509; GPT-Neo, Gemma 2 (arXiv 2408.00118)",
        .sinks = "not reported" },
    &(const struct op_text){
        .name = "prefix",
        .key = "[attention] prefix = 5",
        .formula = "or j < prefix, also for queries before it; targets that "
                   "their query sees are not scored",
        .parameters = "prefix: first tokens that all queries see",
        .source = "arXiv 2410.10781",
        .sinks = "on one token of the prefix, whichever (arXiv 2410.10781)" },
    &(const struct op_text){ .name = "group",
                             .key = "[attention] group = 16",
                             .formula = "floor(j / group) = floor(t / group)",
                             .parameters = "group: tokens of a group",
                             .source = "Chen et al., 2023 (LongLoRA)",
                             .sinks = "not reported" },
    &(const struct op_text){
        .name = "group_shift",
        .key = "[attention] group_shift = yes",
        .formula = "t + group/2 and j + group/2 instead of t and j in the "
                   "second half of the heads",
        .parameters = "none; needs group",
        .source = "Chen et al., 2023 (LongLoRA); groups do not wrap around",
        .sinks = "not reported" },
    &(const struct op_text){
        .name = "group_globals",
        .key = "[attention] group_globals = 4",
        .formula = "or j < group_globals, j <= t",
        .parameters = "group_globals: first tokens that all groups see; needs "
                      "group",
        .source = "our form of what SinkLoRA (2024) does after training",
        .sinks = "not reported" },
    &(const struct op_text){
        .name = "documents",
        .key = "[attention] documents = within",
        .formula = "j >= place at which the data say that t's document begins",
        .parameters = "none; needs data that know documents",
        .source = "common in training on packed documents",
        .sinks = "not reported; only one document of a sequence begins at its "
                 "first token" },
    &(const struct op_text){
        .name = "document_token",
        .key = "[attention] document_token = 0",
        .formula = "j >= place of the last such token up to t",
        .parameters = "document_token: begins a document",
        .source = "common in training on packed documents",
        .sinks = "not reported; only one document of a sequence begins at its "
                 "first token" },
    NULL,
};

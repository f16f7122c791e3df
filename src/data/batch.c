#include "data/batch.h"

void batch_plan(struct batch *b, struct arena *arena, idx B, idx T,
                const struct batch_rules *rules)
{
    *b = (struct batch){ .B = B, .T = T, .rules = *rules };
    b->tokens = arena_ints(arena, B * T);
    b->targets = arena_ints(arena, B * T);
    b->weights = arena_reals(arena, B * T);
    b->used = arena_ints(arena, B);
    for (idx i = 0; b->used && i < B; i++)
        b->used[i] = (int32_t)T;
    if (rules->document_token != NO_TOKEN || rules->has_documents ||
        rules->restarts_positions)
        b->documents = arena_ints(arena, B * T);
    if (rules->restarts_positions)
        b->positions = arena_ints(arena, B * T);
}

/* What is hidden may be less than what begins: with a token alone, what the
 * data know is for positions only. */
static void mark_documents(struct batch *b, idx first)
{
    const int32_t *tokens = b->tokens + first;
    int32_t *documents = b->documents + first;
    bool has_both =
        b->rules.has_documents || b->rules.document_token == NO_TOKEN;
    int32_t by_token = 0;
    for (int32_t t = 0; t < b->T; t++) {
        if (tokens[t] == b->rules.document_token)
            by_token = t;
        int32_t start = documents[t] > by_token ? documents[t] : by_token;
        if (b->positions)
            b->positions[first + t] = t - start;
        documents[t] = has_both ? start : by_token;
    }
}

void batch_mark(struct batch *b)
{
    for (idx i = 0; i < b->B; i++) {
        for (idx t = 0; t < b->rules.unscored; t++)
            b->weights[i * b->T + t] = 0;
        for (idx t = b->rules.scored_to; t && t < b->T; t++)
            b->weights[i * b->T + t] = 0;
        if (b->documents)
            mark_documents(b, i * b->T);
    }
}

struct batch batch_part(const struct batch *b, idx first, idx B)
{
    struct batch part = *b;
    BUG_ON(first < 0 || B < 1 || first + B > b->B);
    part.B = B;
    part.tokens += first * b->T;
    part.targets += first * b->T;
    part.weights += first * b->T;
    part.used += first;
    if (b->documents)
        part.documents += first * b->T;
    if (b->positions)
        part.positions += first * b->T;
    return part;
}

double batch_weight(const struct batch *b)
{
    double sum = 0;
    for (idx i = 0; i < b->B * b->T; i++)
        sum += (double)b->weights[i];
    return sum;
}

struct batch_total batch_total(const struct batch *b)
{
    return (struct batch_total){ .weight = batch_weight(b), .sequences = b->B };
}

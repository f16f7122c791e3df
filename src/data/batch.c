#include "data/batch.h"

void batch_plan(struct batch *b, struct arena *arena, idx B, idx T,
                const struct batch_rules *rules)
{
    *b = (struct batch){ .B = B, .T = T, .rules = *rules };
    b->tokens = arena_ints(arena, B * T);
    b->targets = arena_ints(arena, B * T);
    b->weights = arena_reals(arena, B * T);
    if (rules->document_token != NO_TOKEN)
        b->documents = arena_ints(arena, B * T);
}

static void mark_documents(int32_t *documents, const int32_t *tokens, idx T,
                           idx first_token)
{
    idx start = 0;
    for (idx t = 0; t < T; t++) {
        if (tokens[t] == first_token)
            start = t;
        documents[t] = (int32_t)start;
    }
}

void batch_mark(struct batch *b)
{
    for (idx i = 0; i < b->B; i++) {
        for (idx t = 0; t < b->rules.unscored; t++)
            b->weights[i * b->T + t] = 0;
        if (b->documents)
            mark_documents(b->documents + i * b->T, b->tokens + i * b->T, b->T,
                           b->rules.document_token);
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
    if (b->documents)
        part.documents += first * b->T;
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
    return (struct batch_total){ batch_weight(b), b->B };
}

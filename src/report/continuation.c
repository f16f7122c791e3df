#include "report/continuation.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/terminal.h"
#include "base/utf8.h"
#include "io/json.h"
#include "prepare/spelling.h"
#include "train/session.h"

/* Windows are no shorter where the context allows: what a model says should not
 * depend on how much of it was asked for, not by the last bit of a logit. */
enum { WINDOW_MIN = 256, PART = 0 };

struct continued {
    const struct continuation *c;
    struct run_model model;
    struct generator generator;
    struct arena arena;
    int32_t *tokens; /* prompt and all that follows it */
    idx n_prompt, n;
    size_t n_shown; /* bytes of the text that stand on the terminal */
};

static idx window_of(const struct continued *x)
{
    idx front = generator_front(&x->model.source);
    idx wanted = front + x->n_prompt + x->c->tokens;
    return idx_min(x->model.config.model.context, idx_max(wanted, WINDOW_MIN));
}

static int read_prompt(struct continued *x, struct err *e)
{
    const struct continuation *c = x->c;
    int32_t *prompt = NULL;
    if (c->prompt_ids)
        spell_numbers(&prompt, &x->n_prompt, &x->model.source, c->prompt_ids,
                      "--prompt-ids", e);
    else if (c->prompt)
        spell(&prompt, &x->n_prompt, &x->model.text, PART, c->prompt,
              "--prompt", e);
    if (!e->code) {
        size_t n = (size_t)(x->n_prompt + c->tokens);
        int32_t *all = realloc(prompt, n * sizeof *all);
        if (all)
            prompt = all;
        else
            err_memory(e, NULL);
    }
    x->tokens = prompt;
    x->n = x->n_prompt;
    return e->code;
}

static int open_model(struct continued *x, struct err *e)
{
    struct arena measure = { 0 };
    if (run_model_open(&x->model, &x->c->model, e) || read_prompt(x, e))
        return e->code;
    idx T = window_of(x);
    const struct model *m = &x->model.model;
    struct batch_rules rules = session_rules(&x->model.config, m, T);
    generator_plan(&x->generator, &measure, m, T, &rules);
    if (run_model_start(&x->model, T, 0, e) ||
        arena_open(&x->arena, measure.used_bytes, e))
        return e->code;
    generator_plan(&x->generator, &x->arena, m, T, &rules);
    generator_open(&x->generator, &x->model.engine, &x->model.source);
    return generator_begin(&x->generator, &x->c->how, x->tokens, x->n_prompt,
                           x->c->prompt_ids ? "--prompt-ids" : "--prompt", e);
}

/* Tokens first .. first+n-1 as text, which the caller frees. */
static char *text_of(size_t *n_text, const struct continued *x, idx first,
                     idx n, struct err *e)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, n_text);
    if (f)
        tokens_write(f, &x->model.text, PART, x->tokens + first, n);
    if (f && fclose(f) == 0)
        return text;
    free(text);
    err_memory(e, NULL);
    return NULL;
}

/* Bytes of a text that no later token can make other characters of. */
static size_t settled(const char *text, size_t n)
{
    for (size_t back = 1; back < UTF8_MAX && back <= n; back++) {
        unsigned char byte = (unsigned char)text[n - back];
        size_t whole = byte < 0xc0 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        if (whole > back)
            return n - back;
        if (whole || byte < 0x80)
            break;
    }
    return n;
}

/* What is new, on a terminal. */
static int show(FILE *out, struct continued *x, bool is_end, struct err *e)
{
    size_t n;
    char *text = text_of(&n, x, 0, x->n, e);
    if (!text)
        return e->code;
    size_t end = is_end ? n : settled(text, n);
    if (end > x->n_shown) {
        char next = text[end];
        text[end] = '\0';
        utf8_print(out, text + x->n_shown, end - x->n_shown,
                   x->c->model.unicode);
        text[end] = next;
        x->n_shown = end;
        fflush(out);
    }
    free(text);
    return OK;
}

/* The prompt is set apart from what follows. */
static int show_aside(FILE *out, struct continued *x, struct err *e)
{
    bool is_prompt = x->n == x->n_prompt && x->n > 0;
    if (is_prompt)
        fputs(terminal_begin(STDOUT_FILENO, STYLE_ASIDE), out);
    show(out, x, false, e);
    if (is_prompt)
        fputs(terminal_end(STDOUT_FILENO), out);
    return e->code;
}

static int say(FILE *out, struct continued *x, struct err *e)
{
    struct err own = { 0 };
    idx end = x->n_prompt + x->c->tokens;
    bool is_over = false;
    while (x->n < end && !is_over && !e->code) {
        int32_t token = 0;
        if (x->c->is_terminal && show_aside(out, x, e))
            return e->code;
        if (generator_next(&token, &x->generator, &own))
            return err_set(e, own.code, "%s: %s", x->model.path, own.text);
        x->tokens[x->n++] = token;
        is_over = generator_ends(&x->model.source, token);
    }
    return OK;
}

static void put_tokens(struct json *j, const char *key, const int32_t *tokens,
                       idx n)
{
    json_begin_array(j, key);
    for (idx i = 0; i < n; i++)
        json_put_count(j, NULL, tokens[i]);
    json_end(j);
}

static int print_json(FILE *out, const struct continued *x, struct err *e)
{
    enum { DIGITS = 9 };
    const struct continuation *c = x->c;
    struct json j = { .depth = 0 };
    size_t n;
    idx n_said = x->n - x->n_prompt;
    char *prompt = text_of(&n, x, 0, x->n_prompt, e);
    char *text = prompt ? text_of(&n, x, x->n_prompt, n_said, e) : NULL;
    if (text) {
        json_begin_object(&j, NULL);
        json_put_text(&j, "run", c->model.dir);
        json_put_count(&j, "step", x->model.step);
        json_put_number(&j, "temperature", c->how.temperature);
        json_put_count(&j, "top_k", c->how.top_k);
        json_put_count(&j, "seed", (idx)c->how.seed);
        json_put_count(&j, "window", x->generator.batch.T);
        json_put_text(&j, "prompt", prompt);
        json_put_text(&j, "text", text);
        put_tokens(&j, "prompt_tokens", x->tokens, x->n_prompt);
        put_tokens(&j, "tokens", x->tokens + x->n_prompt, n_said);
        json_end(&j);
        json_write(out, &j, DIGITS, e);
    }
    free(text);
    free(prompt);
    return e->code;
}

/* As it is; a last line always has its end. */
static int print_text(FILE *out, struct continued *x, struct err *e)
{
    size_t n;
    char *text = text_of(&n, x, 0, x->n, e);
    if (!text)
        return e->code;
    if (!x->c->is_terminal)
        fwrite(text, 1, n, out);
    else if (show(out, x, true, e))
        n = 0;
    if (n == 0 || text[n - 1] != '\n')
        fputc('\n', out);
    free(text);
    return e->code;
}

int continuation_print(FILE *out, const struct continuation *c, struct err *e)
{
    struct continued *x = malloc(sizeof *x);
    if (!x)
        return err_memory(e, NULL);
    *x = (struct continued){ .c = c };
    if (open_model(x, e) == OK) /* what the model says has out to itself */
        run_model_tell(stderr, &x->model.config, c->model.dir);
    if (!e->code && say(out, x, e) == OK) {
        if (c->is_json)
            print_json(out, x, e);
        else
            print_text(out, x, e);
    }
    free(x->tokens);
    arena_release(&x->arena);
    run_model_release(&x->model);
    free(x);
    return e->code;
}

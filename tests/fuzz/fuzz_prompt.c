/* Prompts: a text as tokens of bytes, of the bytes that one text has, and of
 * numbers; the first byte says which. What is spelt is shown and written again.
 */
#include "fuzz.h"

#include <string.h>

#include "config/config.h"
#include "prepare/spelling.h"

enum { BYTES, TABLE, NUMBERS, BY_NUMBER, WAYS };

static const char line[] = "the cat sat on the mat\n";

struct speller {
    struct source source;
    struct token_text text;
};

static void open_speller(struct speller *x, const char *settings[2])
{
    struct config c;
    struct err e = { 0 };
    FUZZ_CHECK(config_load(&c, NULL, settings, 2, NULL, &e) == OK);
    FUZZ_CHECK(source_open(&x->source, &c.data, 1, 32, &e) == OK);
    FUZZ_CHECK(token_text_open(&x->text, &x->source, false, &e) == OK);
}

static void open_all(struct speller spellers[WAYS])
{
    char path[FUZZ_PATH_MAX], setting[FUZZ_PATH_MAX + 32];
    char text[40 * sizeof line] = "";
    for (int i = 0; i < 40; i++)
        strcat(text, line);
    fuzz_file(path, "text", text, strlen(text));
    snprintf(setting, sizeof setting, "data.path=%s", path);
    open_speller(&spellers[BYTES],
                 (const char *[]){ "data.source=text", setting });
    snprintf(setting, sizeof setting, "data.bigram_path=%s", path);
    open_speller(&spellers[TABLE],
                 (const char *[]){ "data.source=bigram-backcopy", setting });
    open_speller(&spellers[NUMBERS],
                 (const char *[]){ "data.source=random", "data.vocab=300" });
    open_speller(&spellers[BY_NUMBER],
                 (const char *[]){ "data.source=copy", "run.seed=2" });
}

/* Printable, and all of them, some at a time. */
static void check_shown(const struct token_text *x, const int32_t *tokens,
                        idx n)
{
    char shown[TOKEN_TEXT_MAX];
    for (idx at = 0; at < n;) {
        idx taken = tokens_show(shown, x, 0, tokens + at, n - at);
        FUZZ_CHECK(taken >= 1 && taken <= n - at);
        FUZZ_CHECK(strlen(shown) > 0 && strlen(shown) < sizeof shown);
        for (const char *c = shown; *c; c++)
            FUZZ_CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
        at += taken;
    }
}

/* What is written of the tokens; the caller frees it. */
static char *written(const struct token_text *x, const int32_t *tokens, idx n)
{
    char *text = NULL;
    size_t length;
    FILE *f = open_memstream(&text, &length);
    FUZZ_CHECK(f);
    tokens_write(f, x, 0, tokens, n);
    FUZZ_CHECK(fclose(f) == 0);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct speller spellers[WAYS];
    struct err e = { 0 };
    int32_t *tokens = NULL;
    idx n_tokens = 0;
    if (!spellers[0].source.vocab)
        open_all(spellers);
    if (n == 0)
        return 0;
    int way = bytes[0] % WAYS;
    const struct speller *x = &spellers[way];
    char *text = fuzz_text(bytes + 1, n - 1), *back = NULL;
    int rc = way == BY_NUMBER
                 ? spell_numbers(&tokens, &n_tokens, &x->source, text,
                                 "--prompt-ids", &e)
                 : spell(&tokens, &n_tokens, &x->text, 0, text, "--prompt", &e);
    fuzz_check_told(rc, &e);
    FUZZ_CHECK(rc == OK || rc == ERR_DATA);
    FUZZ_CHECK(rc == OK || (!tokens && n_tokens == 0));
    for (idx i = 0; i < n_tokens; i++)
        FUZZ_CHECK(tokens[i] >= 0 && tokens[i] < x->source.vocab);
    check_shown(&x->text, tokens, n_tokens);
    if (rc == OK)
        back = written(&x->text, tokens, n_tokens);
    if (rc == OK && (way == BYTES || way == TABLE))
        FUZZ_CHECK(strcmp(back, text) == 0);
    free(back);
    free(tokens);
    free(text);
    return 0;
}

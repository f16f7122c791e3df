/* Do runs compute the very bits that they did when tests/golden/bits.csv was
 * written? What was not meant to change numbers shows here, down to the last
 * bit of a sum.
 *
 * Bits depend on compiler, instructions, OpenBLAS and C library, which are the
 * key of a line, so the test says something where the file has lines of this
 * build: of those that `make check` makes for x86-64-v2 and v3 with Debian 12's
 * compilers. OpenBLAS is asked for the kernels of one core, whatever the
 * processor. After a change that is meant, which CHANGELOG.md marks
 * **results**, the same with GOLDEN_BITS=write in the environment writes them:
 *
 *   make CC=gcc MARCH=x86-64-v2 OPT=-O2 B=build/bits-gcc unit \
 *       TESTS=tests/test_golden_bits.c
 *   make CC=clang MARCH=x86-64-v3 OPT=-O2 B=build/bits-clang unit \
 *       TESTS=tests/test_golden_bits.c
 */
#include "train/session.h"
#include "harness.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "base/build.h"
#include "base/hash.h"
#include "base/text.h"
#include "kern/small.h"

enum { UPDATES = 6, OVERRIDES_MAX = 24, LINE_MAX_BYTES = 512, SHOWN_MAX = 6 };

static const char path[] = "tests/golden/bits.csv";

static const char *const small[] = {
    "model.layers=2",         "model.width=32",          "model.heads=2",
    "model.context=24",       "train.batch=3",           "train.threads=1",
    "train.val_tokens=64",    "train.steps=6",           "sink.tokens=16",
    "sink.probe_sequences=2", "train.products=openblas",
};

/* All values of these keys, one at a time. */
static const char *const keys[] = {
    "attention.weights", "attention.normalizer", "attention.bias",
    "attention.gate",    "attention.qk_norm",    "attention.operation",
    "model.position",    "model.norm",           "model.norm_place",
    "model.ffn",         "model.init",           "optim.name",
};

/* And these settings, separated by blanks, together. */
static const char *const others[] = {
    "",
    "model.preset=llama",
    "model.preset=llama model.tied_head=no attention.kv_heads=1",
    "attention.weights=sigmoid attention.normalizer=sum",
    "attention.weights=sigmoid attention.normalizer=sum attention.bias=key",
    "attention.registers=2 attention.window=6",
    "attention.forget=input",
    "optim.name=soap optim.precondition_every=2",
    "optim.name=soap train.products=own model.context=40",
    "optim.name=shampoo optim.precondition_every=2 optim.rest=signum",
    "optim.name=muon optim.rest=lion",
    "optim.name=orthoadam optim.weight_decay=1",
    "train.accumulate=3 optim.clip=0.1",
    "optim.schedule=cosine optim.warmup_steps=2",
    "loss.hidden_norm=0.5 loss.activation=0.5",
    "metrics.names=* metrics.loss_tokens=64",
    "data.source=induction",
    "data.random_positions=2",
};

/* ---- what a run computes ----------------------------------------------- */

struct bits {
    struct text t; /* every number of it, as %a */
    char bytes[1 << 16];
};

static void add_number(struct bits *b, double x)
{
    text_add(&b->t, isnan(x) ? "nan " : "%a ", x);
}

static int load(struct config *c, const char *settings, struct err *e)
{
    char text[LINE_MAX_BYTES], *rest;
    const char *all[OVERRIDES_MAX];
    idx n = 0;
    for (idx i = 0; i < COUNT_OF(small); i++)
        all[n++] = small[i];
    snprintf(text, sizeof text, "%s", settings);
    for (char *s = strtok_r(text, " ", &rest); s;
         s = strtok_r(NULL, " ", &rest))
        all[n++] = s;
    return config_load(c, NULL, all, n, NULL, e);
}

static void compute(struct bits *b, const struct config *c, struct err *e)
{
    struct session s = { 0 };
    b->t = (struct text){ b->bytes, sizeof b->bytes, 0 };
    session_open(&s, c, true, e);
    for (idx step = 0; step < UPDATES && !e->code; step++) {
        struct update_result u = { 0 };
        if (session_update(&s, step, &u, e))
            break;
        add_number(b, u.loss.cross_entropy);
        add_number(b, u.grad_norm);
    }
    if (!e->code) {
        meter_run(&s.meter);
        add_number(b, session_validate(&s).loss);
    }
    for (idx i = 0; i < s.meter.n_columns && !e->code; i++)
        for (idx j = 0; j < s.meter.columns[i].n; j++)
            add_number(b, s.meter.columns[i].value[j]);
    assert_true(b->t.n < b->t.cap_bytes);
    session_release(&s);
}

static bool is_sound(const struct config *c)
{
    struct model_spec spec = config_spec(c);
    return !model_spec_check(&spec, ERR_IGNORED);
}

/* ---- the file ---------------------------------------------------------- */

/* What compilers make code by; neither warnings nor what debuggers want. */
static void add_flags(struct text *t)
{
    char words[1024], *rest;
    const char *march = "", *level = "";
    uint64_t hash = 0;
    char hex[HASH_HEX_MAX];
    assert_true(strlen(build_flags()) < sizeof words);
    snprintf(words, sizeof words, "%s", build_flags());
    for (char *w = strtok_r(words, " ", &rest); w;
         w = strtok_r(NULL, " ", &rest)) {
        if (!strncmp(w, "-W", 2) || !strncmp(w, "-g", 2))
            continue;
        march = strncmp(w, "-march=", 7) == 0 ? w : march;
        level = strncmp(w, "-O", 2) == 0 ? w : level;
        hash = hash * 31 + hash_bytes(w, strlen(w));
    }
    hash_hex(hex, hash);
    text_add(t, " %s %s %.8s", march, level, hex);
}

/* What bits depend on beside the program, once BLAS is loaded. */
static void write_key(char key[LINE_MAX_BYTES])
{
    struct text t = { key, LINE_MAX_BYTES, 0 };
    struct engine_library l = engine_library();
    const char *version = l.name + strcspn(l.name, " ");
    version += strspn(version, " ");
    text_add(&t, "%s", build_compiler());
    add_flags(&t);
    text_add(&t, " %zu %d OpenBLAS %.*s %s", sizeof(real), SMALL_PANEL_BYTES,
             (int)strcspn(version, " "), version, l.core);
#ifdef __GLIBC__
    text_add(&t, " glibc %s", gnu_get_libc_version());
#endif
    assert_true(t.n < LINE_MAX_BYTES && !strchr(key, ','));
}

/* The C library chooses by processor, and the core that OpenBLAS is asked for
 * wants these instructions. */
static bool has_instructions(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

/* Lines of the file, "key,hash,settings" each. */
struct golden {
    char key[LINE_MAX_BYTES];
    char *text;  /* NULL: there is no file */
    FILE *write; /* to lines; NULL: bits are compared */
    char *lines;
    size_t n_lines;
    const char *others; /* of text: from here on they are still to be copied */
    idx n_compared;
    idx n_differ;
    char differ[512]; /* settings of the first that differ, a line each */
};

static char *read_file(void)
{
    char *text = NULL;
    size_t cap = 0;
    FILE *f = fopen(path, "r");
    if (!f && errno == ENOENT)
        return NULL;
    assert_non_null(f);
    assert_true(getdelim(&text, &cap, '\0', f) >= 0);
    assert_int_equal(fclose(f), 0);
    return text;
}

static bool is_own(const struct golden *g, const char *line)
{
    size_t n = strlen(g->key);
    return strncmp(line, g->key, n) == 0 && line[n] == ',';
}

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return line + (*line == '\n');
}

static idx count_own(const struct golden *g)
{
    idx n = 0;
    for (const char *s = g->text; s && *s; s = next_line(s))
        n += is_own(g, s);
    return n;
}

/* The hash of these settings, without NUL, or NULL. */
static const char *find_hash(const struct golden *g, const char *settings)
{
    size_t before = strlen(g->key) + HASH_HEX_MAX + 1, n = strlen(settings);
    for (const char *s = g->text; s && *s; s = next_line(s))
        if (is_own(g, s) && strcspn(s, "\n") == before + n &&
            !strncmp(s + before, settings, n))
            return s + strlen(g->key) + 1;
    return NULL;
}

/* Lines of other builds as they are, ours in the place of the first of them. */
static void begin_to_write(struct golden *g)
{
    const char *s = g->text;
    g->write = open_memstream(&g->lines, &g->n_lines);
    assert_non_null(g->write);
    for (; s && *s && !is_own(g, s); s = next_line(s))
        fprintf(g->write, "%.*s\n", (int)strcspn(s, "\n"), s);
    g->others = s;
}

static void end_writing(struct golden *g)
{
    static const char new_path[] = "tests/golden/bits.csv.new";
    for (const char *s = g->others; s && *s; s = next_line(s))
        if (!is_own(g, s))
            fprintf(g->write, "%.*s\n", (int)strcspn(s, "\n"), s);
    assert_int_equal(fclose(g->write), 0);
    FILE *f = fopen(new_path, "w");
    assert_non_null(f);
    assert_true(fwrite(g->lines, 1, g->n_lines, f) == g->n_lines);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(new_path, path), 0);
    free(g->lines);
}

static void see(struct golden *g, const char *settings)
{
    static struct bits b;
    struct config c;
    struct err e = { 0 };
    char hex[HASH_HEX_MAX];
    if (load(&c, settings, &e))
        fail_msg("%s: %s", settings, e.text);
    compute(&b, &c, &e);
    if (e.code)
        fail_msg("%s: %s", settings, e.text);
    hash_hex(hex, hash_bytes(b.bytes, b.t.n));
    const char *golden = find_hash(g, settings);
    if (g->write) {
        fprintf(g->write, "%s,%s,%s\n", g->key, hex, settings);
        return;
    }
    g->n_compared += golden != NULL;
    if ((!golden || strncmp(golden, hex, strlen(hex)) != 0) &&
        g->n_differ++ < SHOWN_MAX)
        text_add(
            &(struct text){ g->differ, sizeof g->differ, strlen(g->differ) },
            "\n  %s%s", *settings ? settings : "(defaults)",
            golden ? "" : ", which has no line");
}

/* Every value of a choice with which there is a model. */
static void see_values(struct golden *g, const char *name)
{
    struct config_key k = config_key_find(name);
    assert_non_null(k.key);
    for (int i = 0; k.key->choice(i); i++) {
        char settings[LINE_MAX_BYTES];
        struct config c;
        snprintf(settings, sizeof settings, "%s=%s", name, k.key->choice(i));
        if (!load(&c, settings, ERR_IGNORED) && is_sound(&c))
            see(g, settings);
    }
}

static void test_golden_bits__are_those_of_the_file(void **state)
{
    static struct golden g;
    struct err e = { 0 };
    const char *form = getenv("GOLDEN_BITS");
    bool writes = form && !strcmp(form, "write");
    (void)state;
    if (form && *form && !writes)
        fail_msg("GOLDEN_BITS=%s: want write, or nothing", form);
    if (strstr(build_flags(), "-march=native") || !has_instructions()) {
        print_message("# %s\n", has_instructions()
                                    ? "built for this processor, whichever "
                                      "that is"
                                    : "this processor has no AVX2");
        skip();
    }
    assert_int_equal(engine_start(1, "threads", &e), OK);
    write_key(g.key);
    g.text = read_file();
    if (writes)
        begin_to_write(&g);
    else if (count_own(&g) == 0) {
        print_message("# %s has no lines of %s\n", path, g.key);
        free(g.text);
        skip();
    }
    for (idx i = 0; i < COUNT_OF(others); i++)
        see(&g, others[i]);
    for (idx i = 0; i < COUNT_OF(keys); i++)
        see_values(&g, keys[i]);
    if (g.write)
        end_writing(&g);
    idx n_own = count_own(&g);
    free(g.text);
    if (!writes && g.n_differ)
        fail_msg("%td settings have other bits than in %s, or no line there "
                 "(if that is meant: see the head of this test), of %s:%s",
                 g.n_differ, path, g.key, g.differ);
    if (!writes && g.n_compared != n_own)
        fail_msg("%s: of %td lines of %s %td are of no setting that is tried "
                 "(see the head of this test)",
                 path, n_own, g.key, n_own - g.n_compared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_bits__are_those_of_the_file),
    };
    setenv("OPENBLAS_CORETYPE", "Haswell", 1);
    return cmocka_run_group_tests_name("golden_bits", tests, NULL, NULL);
}

/* The attention of one text: what is written is what analyze measures, what is
 * drawn grey is what nobody sees, and what cannot be shown is refused. */
#include "report/attention_show.h"
#include "harness.h"
#include "runs_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "io/arrays.h"

enum { T = 12, L = 2, WORDS_MAX = 48 };

static const char text[] = "the cat sat on the mat and so on and on it went\n";
static const char *const settings[] = {
    "model.layers=2",     "model.width=16",      "model.heads=4",
    "model.context=16",   "data.source=text",    "train.batch=2",
    "train.steps=4",      "train.threads=1",     "train.val_every=0",
    "optim.lr=0.05",      "sink.probe_every=0",  "checkpoint.every=2",
    "sink.sequences=1",   "sink.tokens=12",      "sink.input=file",
    "sink.val_tokens=32", "optim.warmup_steps=0"
};

static char corpus[256], folder[256];

/* A run of this name with more settings, blanks between. */
static const char *train(const char *name, const char *more)
{
    char words[512], dir[300], path[300], sink_path[300], config[300];
    char *argv[WORDS_MAX], *rest = words;
    struct err e = { 0 };
    int n = 0;
    snprintf(folder, sizeof folder, "%s/%s", test_dir(), name);
    snprintf(dir, sizeof dir, "run.dir=%s", folder);
    snprintf(path, sizeof path, "data.path=%s", corpus);
    snprintf(config, sizeof config, "%s", test_write_text("empty.ini", ""));
    snprintf(words, sizeof words, "%s", more);
    argv[n++] = (char *)(uintptr_t) "train";
    argv[n++] = config;
    for (idx i = 0; i < COUNT_OF(settings); i++)
        argv[n++] = (char *)(uintptr_t)settings[i];
    argv[n++] = dir;
    argv[n++] = path;
    snprintf(sink_path, sizeof sink_path, "sink.path=%s", corpus);
    argv[n++] = sink_path;
    for (char *word; (word = strsep(&rest, " "));)
        if (*word)
            argv[n++] = word;
    argv[n] = NULL;
    if (command_train.run(n, argv, &e))
        fail_msg("%s", e.text);
    return folder;
}

/* One without further settings, for all who only look at it. */
static const char *plain_run(void)
{
    static char dir[sizeof folder];
    if (!dir[0])
        strcpy(dir, train("simple", ""));
    return dir;
}

static void analyze(const char *dir)
{
    struct err e = { 0 };
    char *argv[] = { (char *)(uintptr_t) "analyze", (char *)(uintptr_t)dir,
                     NULL };
    if (command_analyze.run(2, argv, &e))
        fail_msg("%s", e.text);
}

/* The first T tokens of the corpus, BOS among them. */
static struct attention_query query_of(const char *dir)
{
    static char words[T];
    snprintf(words, sizeof words, "%.*s", T - 1, text);
    return (struct attention_query){ .model = { .dir = dir, .step = NO_STEP },
                                     .text = words,
                                     .layer = ALL_OF_THEM,
                                     .head = ALL_OF_THEM };
}

static int show(const struct attention_query *q, const char *output,
                struct err *e)
{
    char *printed = NULL;
    size_t n;
    FILE *f = open_memstream(&printed, &n);
    assert_non_null(f);
    struct attention_show s = { .query = *q, .output = output };
    int rc = attention_show(f, &s, e);
    fclose(f);
    free(printed);
    return rc;
}

static void write_ok(const struct attention_query *q, const char *output)
{
    struct err e = { 0 };
    if (show(q, output, &e))
        fail_msg("%s", e.text);
}

static struct array_values load(const char *path, const char *name)
{
    struct array_values a;
    struct err e = { 0 };
    if (array_load(&a, path, name, &e))
        fail_msg("%s", e.text);
    return a;
}

/* Mean weight on the first token, and on none, of every head against what
 * analyze has of the last checkpoint. */
static void check_against_analysis(const char *dir, const char *file,
                                   bool has_extra)
{
    char path[300];
    snprintf(path, sizeof path, "%s/analysis.h5", dir);
    struct array_values w = load(file, "weights");
    struct array_values first = load(path, "first_mass_raw");
    assert_int_equal(w.ndim, 4);
    idx heads = w.shape[1], n = L * heads;
    assert_int_equal(w.shape[0], L);
    assert_true(w.shape[2] == T && w.shape[3] == T);
    assert_int_equal(first.n % n, 0);
    for (idx i = 0; i < n; i++) {
        double sum = 0;
        for (idx t = 0; t < T; t++)
            sum += w.values[(i * T + t) * T];
        assert_near(sum / T, first.values[first.n - n + i], 1e-6, 1);
    }
    if (has_extra) {
        struct array_values x = load(file, "extra");
        struct array_values want = load(path, "bias_mass");
        for (idx i = 0; i < n; i++) {
            double sum = 0;
            for (idx t = 0; t < T; t++)
                sum += x.values[i * T + t];
            assert_near(sum / T, want.values[want.n - n + i], 1e-6, 1);
        }
        array_values_release(&x);
        array_values_release(&want);
    }
    array_values_release(&w);
    array_values_release(&first);
}

/* Parts of rows are the proxy weights of analyze, means over queries. */
struct parts {
    struct attention_map *m;
    const double *first, *extra; /* (heads) of analyze; NULL: not measured */
};

static void see_parts(void *context, const struct head_view *h)
{
    const struct parts *p = context;
    idx i = attention_map_place(p->m, h);
    struct attention_share part = attention_part_of(p->m, h);
    assert_near(part.first, p->first[i], 1e-6, 1);
    if (p->extra)
        assert_near(part.extra, p->extra[i], 1e-6, 1);
}

static void check_parts(const struct attention_query *q, bool has_extra)
{
    struct attention_map m;
    struct err e = { 0 };
    char path[300];
    snprintf(path, sizeof path, "%s/analysis.h5", q->model.dir);
    struct array_values first = load(path, "first_mass"), extra = { 0 };
    if (has_extra)
        extra = load(path, "bias_mass");
    if (attention_map_open(&m, q, &e))
        fail_msg("%s", e.text);
    idx n = m.n_layers * m.n_heads;
    struct parts p = { &m, first.values + first.n - n,
                       has_extra ? extra.values + extra.n - n : NULL };
    attention_map_see(&m, see_parts, &p);
    attention_map_release(&m);
    array_values_release(&first);
    array_values_release(&extra);
}

static void test_attention__the_file_holds_what_analyze_measures(void **state)
{
    (void)state;
    static const struct {
        const char *name, *settings;
        bool has_extra, has_parts; /* parts: bias_mass is not of weights */
    } cases[] = {
        { "plain", "", false, false },
        { "sigmoid", "attention.weights=sigmoid", false, false },
        { "relu", "attention.weights=relu attention.bias=key_value", true,
          true },
        { "column", "attention.weights=softmax1 attention.bias=key", true,
          false },
        { "registers", "attention.registers=2", true, false },
        { "pairs", "attention.operation=differential", false, false },
        { "window", "attention.window=4 data.bos=no", false, false },
    };
    for (idx i = 0; i < COUNT_OF(cases); i += test_is_long() ? 1 : 2) {
        const char *dir = train(cases[i].name, cases[i].settings);
        const char *file = test_path("maps.h5");
        struct attention_query q = query_of(dir);
        char words[T + 1];
        if (strcmp(cases[i].name, "window") == 0) { /* without BOS: one more */
            snprintf(words, sizeof words, "%.*s", T, text);
            q.text = words;
        }
        analyze(dir);
        write_ok(&q, file);
        check_against_analysis(dir, file,
                               cases[i].has_extra && !cases[i].has_parts);
        check_parts(&q, cases[i].has_extra);
    }
}

/* Softmax gives nothing that is seen a weight of 0. */
struct seen {
    struct attention_map *m;
    idx n_wrong;
};

/* By hand: 1 over the number of tokens that have a weight. */
static void check_even(const struct attention_map *m, const struct head_view *h)
{
    double first = 0, self = 0, previous = 0;
    for (idx t = 0; t < h->T; t++) {
        const real *row = h->weights + t * (h->n_extra + h->T) + h->n_extra;
        double n = 0;
        for (idx k = 0; k < h->T; k++)
            n += row[k] > 0;
        first += (row[0] > 0) / n;
        self += (row[t] > 0) / n;
        previous += t > 0 && row[t - 1] > 0 ? 1 / n : 0;
    }
    struct attention_share even = attention_share_even(m, h->layer, h->head);
    assert_near(even.first, first / (double)h->T, 1e-12, 1);
    assert_near(even.self, self / (double)h->T, 1e-12, 1);
    assert_near(even.previous, previous / (double)(h->T - 1), 1e-12, 1);
    assert_true(isnan(even.extra));
}

static void see_head(void *context, const struct head_view *h)
{
    struct seen *s = context;
    for (idx t = 0; t < h->T; t++)
        for (idx k = 0; k < h->T; k++) {
            bool has = h->weights[t * (h->n_extra + h->T) + h->n_extra + k] > 0;
            s->n_wrong +=
                has != attention_map_sees(s->m, h->layer, h->head, t, k);
        }
    check_even(s->m, h);
}

static void test_attention__what_nobody_sees_is_known(void **state)
{
    (void)state;
    static const char *const masks[] = {
        "",
        "attention.window=3",
        "attention.prefix=5",
        "attention.group=4 attention.group_shift=yes attention.group_globals=2",
        "attention.registers=3 attention.window=3",
        "attention.document_token=32 attention.registers=1",
    };
    for (idx i = 0; i < COUNT_OF(masks); i++) {
        struct attention_map m;
        struct err e = { 0 };
        char name[32];
        snprintf(name, sizeof name, "mask-%td", i);
        struct attention_query q = query_of(train(name, masks[i]));
        if (attention_map_open(&m, &q, &e))
            fail_msg("%s", e.text);
        struct seen seen = { .m = &m };
        attention_map_see(&m, see_head, &seen);
        assert_int_equal(seen.n_wrong, 0);
        attention_map_release(&m);
    }
}

/* One layer, one head: the same numbers, under the same names. */
static void test_attention__a_head_alone_is_the_same(void **state)
{
    (void)state;
    struct attention_query q = query_of(plain_run());
    const char *all = test_path("all.h5"), *one = test_path("one.h5");
    write_ok(&q, all);
    q.layer = 1;
    q.head = 2;
    write_ok(&q, one);
    struct array_values a = load(all, "weights"), b = load(one, "weights");
    struct array_values layer = load(one, "layer"), head = load(one, "head");
    assert_int_equal(b.n, T * T);
    assert_memory_equal(b.values, a.values + (1 * 4 + 2) * T * T,
                        T * T * sizeof *b.values);
    assert_true(layer.values[0] == 1 && head.values[0] == 2);
    array_values_release(&a);
    array_values_release(&b);
    array_values_release(&layer);
    array_values_release(&head);
}

static void test_attention__tokens_are_texts_or_numbers(void **state)
{
    (void)state;
    struct attention_query q = query_of(plain_run());
    struct err e = { 0 };
    char *texts = NULL;
    const char *by_text = test_path("text.h5"), *by_id = test_path("ids.h5");
    q.text = "a b";
    write_ok(&q, by_text);
    q.text = NULL;
    q.tokens = "256 97 32 98";
    write_ok(&q, by_id);
    struct array_values a = load(by_text, "weights");
    struct array_values b = load(by_id, "weights");
    struct array_values token = load(by_id, "token");
    assert_memory_equal(a.values, b.values, (size_t)a.n * sizeof *a.values);
    assert_true(token.values[0] == 256 && token.values[3] == 98);
    assert_int_equal(note_load(&texts, by_text, "token_texts", &e), OK);
    assert_string_equal(texts, "[\"\\u003cBOS>\",\"a\",\" \",\"b\"]");
    free(texts);
    array_values_release(&a);
    array_values_release(&b);
    array_values_release(&token);
}

static void assert_refused(const struct attention_query *q, const char *output,
                           int code, const char *words)
{
    struct err e = { 0 };
    assert_int_equal(show(q, output, &e), code);
    if (!strstr(e.text, words))
        fail_msg("'%s' does not say '%s'", e.text, words);
}

static void test_attention__what_cannot_be_shown_is_refused(void **state)
{
    (void)state;
    const char *dir = plain_run();
    struct attention_query q = query_of(dir), other = q;
    char path[300];
    assert_refused(&q, "a.jpg", ERR_USAGE, "ends in .h5, .svg, .png or .pdf");
    other.text = NULL;
    assert_refused(&other, NULL, ERR_USAGE, "of which text?");
    other = q;
    other.tokens = "1";
    assert_refused(&other, NULL, ERR_USAGE, "say the same");
    other = q;
    other.layer = 2;
    assert_refused(&other, NULL, ERR_USAGE,
                   "--layer 2: the model has 2 layers");
    other.layer = ALL_OF_THEM;
    other.head = 4;
    assert_refused(&other, NULL, ERR_USAGE, "--head 4: the model has 4 heads");
    other = q;
    other.text = "sixteen letters.";
    assert_refused(&other, NULL, ERR_DATA,
                   "--text: makes 17 tokens with BOS, but the model was "
                   "trained on 16 (model.context)");
    other.text = NULL;
    other.tokens = ",";
    assert_refused(&other, NULL, ERR_DATA, "makes no token");
    other = q;
    other.model.step = 3;
    assert_refused(&other, NULL, ERR_USAGE,
                   "want one of those there are: 0, 2 "
                   "and 4");
    snprintf(path, sizeof path, "%s/checkpoints/resume.h5", dir);
    assert_refused(&q, path, ERR_BUSY, "bears the name of a file that runs");
    assert_refused(&q, dir, ERR_USAGE, "want a name that ends in");
    assert_refused(&q, "/nowhere/a.h5", ERR_IO, "/nowhere");
}

/* Numbers replace numbers of attention, and nothing else. */
static void test_attention__only_its_own_file_is_replaced(void **state)
{
    (void)state;
    struct attention_query q = query_of(plain_run());
    const char *path = test_path("mine.h5");
    write_ok(&q, path);
    q.text = "a";
    write_ok(&q, path);
    struct array_values a = load(path, "token");
    assert_int_equal(a.n, 2);
    array_values_release(&a);
    test_write_file(path, "other", 5);
    assert_refused(&q, path, ERR_BUSY, "bears the name");
}

static void test_attention__pictures_are_whole(void **state)
{
    (void)state;
    static const struct {
        const char *name, *begin, *end;
    } kinds[] = {
        { "a.svg", "<?xml", "</svg>\n\n" },
        { "a.PNG", "\x89PNG\r\n\x1a\n",
          "IEND\xae"
          "B`\x82" },
        { "a.pdf", "%PDF-", "%%EOF\n" },
    };
    size_t n;
    skip_without_gnuplot();
    const char *dir =
        train("drawn", "attention.weights=softmax1 attention.bias=key");
    struct attention_query q = query_of(dir);
    q.text = "a\"b\n\\ <&";
    for (idx i = 0; i < COUNT_OF(kinds); i++) {
        const char *path = test_path(kinds[i].name);
        size_t n_begin = strlen(kinds[i].begin), n_end = strlen(kinds[i].end);
        write_ok(&q, path);
        char *bytes = read_whole(path, &n);
        assert_memory_equal(bytes, kinds[i].begin, n_begin);
        assert_memory_equal(bytes + n - n_end, kinds[i].end, n_end);
        if (strstr(kinds[i].name, ".pdf")) /* no date: the same bytes again */
            assert_non_null(memmem(bytes, n, "/CreationDate (D:20000101", 25));
        free(bytes);
    }
    char *svg = read_whole(test_path("a.svg"), &n);
    assert_non_null(strstr(svg, ">&lt;BOS"));
    assert_non_null(strstr(svg, ">no token<"));
    assert_non_null(strstr(svg, ">layer 1<"));
    assert_non_null(strstr(svg, ">head 3<"));
    assert_non_null(strstr(svg, ">\\n<"));
    idx images = 0;
    for (const char *at = svg; (at = strstr(at, "<image style='image-rendering:"
                                                "pixelated' "));
         at++)
        images++;
    assert_int_equal(images, 1 + 2 * L * 4); /* scale, strips, matrices */
    free(svg);
}

/* More tokens than cells, in a head alone and in many. */
static void test_attention__long_texts_are_pooled(void **state)
{
    (void)state;
    char words[601];
    struct attention_query q =
        query_of(train("long", "model.context=700 data.val_fraction=0.4"));
    size_t n;
    skip_without_gnuplot();
    for (idx i = 0; i < 600; i++)
        words[i] = text[i % (idx)(sizeof text - 1)];
    words[600] = '\0';
    q.text = words;
    for (int alone = 0; alone < 2; alone++) {
        const char *path = test_path("pooled.svg");
        q.layer = q.head = alone ? 0 : ALL_OF_THEM;
        write_ok(&q, path);
        char *svg = read_whole(path, &n);
        assert_non_null(
            strstr(svg, alone ? "A cell is 2 x 2 tokens" : "A cell is 5 x 5"));
        free(svg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention__the_file_holds_what_analyze_measures),
        cmocka_unit_test(test_attention__what_nobody_sees_is_known),
        cmocka_unit_test(test_attention__a_head_alone_is_the_same),
        cmocka_unit_test(test_attention__tokens_are_texts_or_numbers),
        cmocka_unit_test(test_attention__what_cannot_be_shown_is_refused),
        cmocka_unit_test(test_attention__only_its_own_file_is_replaced),
        cmocka_unit_test(test_attention__pictures_are_whole),
        cmocka_unit_test(test_attention__long_texts_are_pooled),
    };
    char whole[40 * sizeof text] = "";
    for (int i = 0; i < 40; i++)
        strcat(whole, text);
    snprintf(corpus, sizeof corpus, "%s", test_write_text("corpus", whole));
    return cmocka_run_group_tests_name("attention_map", tests, NULL, NULL);
}

/* Weight maps and normalisers against vectors worked out by hand or in another
 * language. */
#include "harness.h"
#include "weight_cases.h"

/* Three visible keys. The vectors follow from the definitions of the papers
 * named in each map's row, evaluated in double or better. A new map needs one
 * row here and nothing else: all other tests take the maps from their table. */
static const double common_s[3] = { 1, -0.5, 2 };
static const double common_g[3] = { 0.3, -0.2, 0.5 };
static const struct golden {
    const char *settings;
    double a[3], ds[3];
    double dlearned;      /* of the first learned number */
    double query, dquery; /* the query's own number */
    double learned;       /* the first number's value; 0: its start */
    double s[3];          /* 0: common_s */
} golden[] = {
    { .settings = "weights=softmax",
      .a = { 0.253716, 0.056612, 0.689672 },
      .ds = { -0.027815, -0.034512, 0.062327 } },
    { .settings = "weights=softmax normalizer=sum",
      .a = { 0.253716, 0.056612, 0.689672 },
      .ds = { -0.027815, -0.034512, 0.062327 } },
    { .settings = "weights=softmax scale=0.2",
      .a = { 0.050743, 0.011322, 0.137934 },
      .ds = { -0.005563, -0.006902, 0.012465 } },
    { .settings = "weights=softmax normalizer=p_norm normalizer_p=0.5",
      .a = { 0.1026569, 0.0229058, 0.2790503 },
      .ds = { -0.0223066, -0.0296655, 0.0519721 } },
    { .settings = "weights=softmax normalizer=p_norm normalizer_p=2",
      .a = { 0.3442378, 0.0768098, 0.9357353 },
      .ds = { 0.0374120, -0.0186409, -0.0187710 } },
    { .settings = "weights=softmax1",
      .a = { 0.232057, 0.051779, 0.630796 },
      .ds = { -0.017325, -0.029755, 0.079065 } },
    { .settings = "weights=sigmoid",
      .a = { 0.7310586, 0.3775407, 0.8807971 },
      .ds = { 0.0589836, -0.0470007, 0.0524968 } },
    { .settings = "weights=sigmoid normalizer=sum",
      .a = { 0.367478, 0.189776, 0.442746 },
      .ds = { 0.000626, -0.058315, 0.010890 } },
    { .settings = "weights=sigmoid normalizer=p_norm normalizer_p=2",
      .a = { 0.6065285, 0.3132296, 0.7307602 },
      .ds = { 0.0009820, -0.0685953, 0.0127010 } },
    { .settings = "weights=sigmoid normalizer=length",
      .a = { 0.2436862, 0.1258469, 0.2935990 },
      .ds = { 0.0196612, -0.0156669, 0.0174989 } },
    { .settings = "weights=sigmoid sigmoid_bias=length",
      .a = { 0.475367, 0.168176, 0.711235 },
      .ds = { 0.074818, -0.027979, 0.102690 } },
    { .settings = "weights=sigmoid sigmoid_b=-1.0986122886681098",
      .a = { 0.475367, 0.168176, 0.711235 },
      .ds = { 0.074818, -0.027979, 0.102690 } },
    { .settings = "weights=sigmoid sigmoid_bias=learned "
                  "sigmoid_b=-1.0986122886681098",
      .a = { 0.475367, 0.168176, 0.711235 },
      .ds = { 0.074818, -0.027979, 0.102690 },
      .dlearned = 0.149529 },
    { .settings = "weights=relu",
      .a = { 0.333333, 0, 0.666667 },
      .ds = { 0.1, 0, 0.166667 } },
    { .settings = "weights=relu normalizer=none",
      .a = { 1, 0, 2 },
      .ds = { 0.3, 0, 0.5 } },
    { .settings = "weights=relu normalizer=sum",
      .a = { 0.333333, 0, 0.666667 },
      .ds = { -0.0444444, 0, 0.0222222 } },
    { .settings = "weights=relu normalizer=p_norm normalizer_p=2",
      .a = { 0.4472136, 0, 0.8944272 },
      .ds = { 0.0178885, 0, -0.0089443 } },
    { .settings = "weights=relu2",
      .a = { 0.333333, 0, 1.333333 },
      .ds = { 0.2, 0, 0.666667 } },
    { .settings = "weights=elu1",
      .a = { 2, 0.606531, 3 },
      .ds = { 0.3, -0.121306, 0.5 } },
    { .settings = "weights=elu1 normalizer=sum",
      .a = { 0.356727, 0.108183, 0.535090 },
      .ds = { -0.009440, -0.059817, 0.026233 } },
    { .settings = "weights=elu1 normalizer=p_norm normalizer_p=0.5",
      .a = { 0.1298184, 0.0393694, 0.1947276 },
      .ds = { -0.0036651, -0.0333577, 0.0135626 } },
    { .settings = "weights=identity",
      .a = { 1, -0.5, 2 },
      .ds = { 0.3, -0.2, 0.5 } },
    { .settings = "weights=identity normalizer=abs_sum",
      .a = { 0.4, -0.2, 0.8 },
      .ds = { -0.104, -0.304, -0.024 } },
    { .settings = "weights=identity normalizer=abs_sum",
      .a = { -0.4, 0.2, -0.8 },
      .ds = { -0.104, -0.304, -0.024 },
      .s = { -1, 0.5, -2 } },
    { .settings = "weights=identity normalizer=abs_sum",
      .a = { 0.5, -0.25, 0.5 },
      .ds = { 0.3, -0.2, 0.5 },
      .s = { 0.5, -0.25, 0.5 } },
    { .settings = "weights=softpick",
      .a = { 0.202132, 0, 0.751582 },
      .ds = { -0.043626, 0.031139, 0.055256 } },
    { .settings = "weights=clipped clip_alpha=0.3",
      .a = { 0.179088, 0, 0.658639 },
      .ds = { -0.033756, -0.026214, 0.059970 } },
    { .settings = "weights=elastic elastic_tau=-0.5",
      .a = { 0.087050, 0, 0.523005 },
      .ds = { -0.030687, -0.023831, 0.054518 },
      .dlearned = 0.266667 },
    { .settings = "weights=affine",
      .a = { 0.119640, -0.038044, 0.468404 },
      .ds = { -0.022252, -0.027610, 0.049861 },
      .dlearned = 0.125 * 0.8, /* a state: the row's share of alpha */
      .query = 3,
      .dquery = 0.0209629,
      .learned = 0.55 },
    { .settings = "weights=ssmax ssmax_scale=0.43",
      .a = { 0.322979, 0.159013, 0.518008 },
      .ds = { -0.003676, -0.039369, 0.043045 },
      .dlearned = 0.237439 },
    { .settings = "weights=sparsemax",
      .a = { 0.3, 0, 0.7 },
      .ds = { -0.1, 0, 0.1 },
      .s = { 0.6, -0.5, 1 } },
    { .settings = "weights=entmax15",
      .a = { 0.169281, 0, 0.830719 },
      .ds = { -0.056695, 0, 0.056695 } },
    { .settings = "weights=stick_breaking",
      .a = { 0.054244, 0.045004, 0.880797 },
      .ds = { 0.004377, -0.011746, 0.046091 } },
    /* t = beta sqrt(2 ln 3 / 16) = 0.25 */
    { .settings = "weights=threshold_relu threshold_beta=0.6746255356",
      .a = { 0.5625, 0, 3.0625 },
      .ds = { 0.45, 0, 1.75 } },
    { .settings = "weights=softplus",
      .a = { 0.335506, 0.121115, 0.543378 },
      .ds = { -0.008987, -0.052867, 0.034177 } },
};

static void check_golden(const struct golden *want)
{
    struct weight_case c;
    weight_case_open(&c, want->settings);
    struct weight_row row = weight_case_row(&c, 3, 0);
    const double *row_s = want->s[0] != 0 ? want->s : common_s;
    real s[3], a[3], again[3], g[3];
    for (int j = 0; j < 3; j++) {
        s[j] = (real)row_s[j];
        g[j] = (real)common_g[j];
    }
    row.context = 3;
    row.query = (real)want->query;
    if (want->learned != 0)
        c.numbers[0] = (real)want->learned;
    weight_stage_forward(&c.stage, a, s, &row);
    weight_stage_backward(&c.stage, again, s, g, &row);
    for (int j = 0; j < 3; j++) {
        assert_close((double)a[j], want->a[j], 1e-6);
        assert_close((double)again[j], want->a[j], 1e-6);
        assert_close((double)g[j], want->ds[j], 1e-6);
    }
    assert_close((double)c.dnumbers[0], want->dlearned, 1e-6);
    assert_close((double)c.dquery, want->dquery, 1e-6);
}

static void test_weights__match_golden_vectors(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(golden); i++)
        check_golden(&golden[i]);
}

static void test_weights__have_a_golden_vector_each(void **state)
{
    (void)state;
    for (int i = 0; weight_map_name(i); i++) {
        bool is_there = false;
        for (int j = 0; j < COUNT_OF(golden); j++) {
            struct weight_case c;
            weight_case_open(&c, golden[j].settings);
            is_there = is_there || c.options.weights == i;
        }
        if (!is_there)
            fail_msg("no golden vector for %s", weight_map_name(i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights__match_golden_vectors),
        cmocka_unit_test(test_weights__have_a_golden_vector_each),
    };
    return cmocka_run_group_tests_name("weights_golden", tests, NULL, NULL);
}

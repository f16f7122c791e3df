/* Weight maps and normalisers against vectors worked out by hand or in another
 * language. */
#include "harness.h"
#include "weight_cases.h"

#include <math.h>

/* Three visible keys. The vectors follow from the definitions of the papers
 * named in each map's row, evaluated to ten digits. A new map needs one row
 * here and nothing else: all other tests take the maps from their table. */
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
      .a = { 0.2537161816, 0.05661173224, 0.6896720861 },
      .ds = { -0.02781453738, -0.0345121283, 0.06232666569 } },
    { .settings = "weights=softmax normalizer=sum",
      .a = { 0.2537161816, 0.05661173224, 0.6896720861 },
      .ds = { -0.02781453738, -0.0345121283, 0.06232666569 } },
    { .settings = "weights=softmax scale=0.2",
      .a = { 0.05074323633, 0.01132234645, 0.1379344172 },
      .ds = { -0.005562907477, -0.00690242566, 0.01246533314 } },
    { .settings = "weights=softmax normalizer=p_norm normalizer_p=0.5",
      .a = { 0.1026568703, 0.0229058439, 0.279050305 },
      .ds = { -0.02230655344, -0.02966554006, 0.0519720935 } },
    { .settings = "weights=softmax normalizer=p_norm normalizer_p=2",
      .a = { 0.3442377831, 0.07680983167, 0.9357353105 },
      .ds = { 0.03741194859, -0.01864091244, -0.01877103615 } },
    { .settings = "weights=softmax1",
      .a = { 0.2320567119, 0.0517788513, 0.6307955432 },
      .ds = { -0.01732512553, -0.02975518368, 0.07906453476 } },
    { .settings = "weights=sigmoid",
      .a = { 0.7310585786, 0.3775406688, 0.880797078 },
      .ds = { 0.05898357997, -0.04700074244, 0.0524967927 } },
    { .settings = "weights=sigmoid normalizer=sum",
      .a = { 0.3674775939, 0.1897764976, 0.4427459035 },
      .ds = { 0.0006264899075, -0.0583152533, 0.01088987566 } },
    { .settings = "weights=sigmoid normalizer=p_norm normalizer_p=2",
      .a = { 0.6065284649, 0.3132295673, 0.7307601815 },
      .ds = { 0.0009819972911, -0.06859530149, 0.012700966 } },
    { .settings = "weights=sigmoid normalizer=length",
      .a = { 0.2436861929, 0.1258468896, 0.293599026 },
      .ds = { 0.01966119332, -0.01566691415, 0.0174989309 } },
    { .settings = "weights=sigmoid sigmoid_bias=length",
      .a = { 0.4753668864, 0.168175656, 0.7112345942 },
      .ds = { 0.07481796291, -0.02797852095, 0.1026899731 } },
    { .settings = "weights=sigmoid sigmoid_b=-1.0986122886681098",
      .a = { 0.4753668864, 0.168175656, 0.7112345942 },
      .ds = { 0.07481796291, -0.02797852095, 0.1026899731 } },
    { .settings = "weights=sigmoid sigmoid_bias=learned "
                  "sigmoid_b=-1.0986122886681098",
      .a = { 0.4753668864, 0.168175656, 0.7112345942 },
      .ds = { 0.07481796291, -0.02797852095, 0.1026899731 },
      .dlearned = 0.1495294151 },
    { .settings = "weights=relu",
      .a = { 0.3333333333, 0, 0.6666666667 },
      .ds = { 0.1, 0, 0.1666666667 } },
    { .settings = "weights=relu normalizer=none",
      .a = { 1, 0, 2 },
      .ds = { 0.3, 0, 0.5 } },
    { .settings = "weights=relu normalizer=sum",
      .a = { 0.3333333322, 0, 0.6666666644 },
      .ds = { -0.04444444381, 0, 0.02222222263 } },
    { .settings = "weights=relu normalizer=p_norm normalizer_p=2",
      .a = { 0.4472135935, 0, 0.894427187 },
      .ds = { 0.01788854426, 0, -0.00894427083 } },
    { .settings = "weights=relu2",
      .a = { 0.3333333333, 0, 1.333333333 },
      .ds = { 0.2, 0, 0.6666666667 } },
    { .settings = "weights=elu1",
      .a = { 2, 0.6065306597, 3 },
      .ds = { 0.3, -0.1213061319, 0.5 } },
    { .settings = "weights=elu1 normalizer=sum",
      .a = { 0.3567268455, 0.1081828845, 0.5350902682 },
      .ds = { -0.009440171471, -0.05981719566, 0.02623251308 } },
    { .settings = "weights=elu1 normalizer=p_norm normalizer_p=0.5",
      .a = { 0.1298184009, 0.03936942017, 0.1947276014 },
      .ds = { -0.003665089757, -0.0333576951, 0.0135626249 } },
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
      .a = { 0.2021315826, 0, 0.7515821905 },
      .ds = { -0.04362605622, 0.03113921797, 0.0552556968 } },
    { .settings = "weights=clipped clip_alpha=0.3",
      .a = { 0.1790877998, 0, 0.6586392947 },
      .ds = { -0.03375591988, -0.02621383545, 0.05996975533 } },
    { .settings = "weights=elastic elastic_tau=-0.5",
      .a = { 0.08704951497, 0, 0.5230054195 },
      .ds = { -0.03068719989, -0.0238307595, 0.05451795939 },
      .dlearned = 0.2666666667 },
    { .settings = "weights=affine",
      .a = { 0.119639612, -0.03804394754, 0.4684043356 },
      .ds = { -0.02225162991, -0.02760970264, 0.04986133255 },
      .dlearned = 0.125 * 0.8, /* a state: the row's share of alpha */
      .query = 3,
      .dquery = 0.02096285511,
      .learned = 0.55 },
    { .settings = "weights=ssmax ssmax_scale=0.43",
      .a = { 0.3229792, 0.1590125291, 0.5180082709 },
      .ds = { -0.00367638864, -0.03936901895, 0.04304540759 },
      .dlearned = 0.2374393861 },
    { .settings = "weights=sparsemax",
      .a = { 0.3, 0, 0.7 },
      .ds = { -0.1, 0, 0.1 },
      .s = { 0.6, -0.5, 1 } },
    { .settings = "weights=entmax15",
      .a = { 0.1692810861, 0, 0.8307189139 },
      .ds = { -0.05669467095, 0, 0.05669467095 } },
    { .settings = "weights=stick_breaking",
      .a = { 0.05424379436, 0.0450039509, 0.880797078 },
      .ds = { 0.004376520947, -0.01174639736, 0.04609132972 } },
    /* t = beta sqrt(2 ln 3 / 16) = 0.25 */
    { .settings = "weights=threshold_relu threshold_beta=0.6746255356",
      .a = { 0.5625, 0, 3.0625 },
      .ds = { 0.45, 0, 1.75 } },
    { .settings = "weights=threshold_relu threshold_beta=0.6746255356 "
                  "threshold_power=3",
      .a = { 0.421875, 0, 5.359375 },
      .ds = { 0.50625, 0, 4.59375 } },
    { .settings = "weights=threshold_relu threshold_beta=0.6746255356 "
                  "threshold_power=1.5",
      .a = { 0.6495190528, 0, 2.315032397 },
      .ds = { 0.3897114317, 0, 0.9921567417 } },
    { .settings = "weights=threshold_relu threshold_beta=0.6746255356 "
                  "threshold_power=1",
      .a = { 0.75, 0, 1.75 },
      .ds = { 0.3, 0, 0.5 } },
    { .settings = "weights=softplus normalizer=none",
      .a = { 1.313261688, 0.4740769842, 2.126928011 },
      .ds = { 0.2193175736, -0.07550813376, 0.440398539 } },
    { .settings = "weights=softplus normalizer=p_norm normalizer_p=3",
      .a = { 0.5737263743, 0.2071106405, 0.9291938596 },
      .ds = { 0.03323206625, -0.03719899239, -0.005378073764 } },
    { .settings = "weights=softplus normalizer=none",
      .a = { 2.06115362e-9, 8.000335406, 25 },
      .ds = { 6.183460855e-10, -0.19993293, 0.5 },
      .s = { -20, 8, 25 } },
    { .settings = "weights=softplus",
      .a = { 0.3355064411, 0.1211151466, 0.5433784098 },
      .ds = { -0.008986908235, -0.05286734229, 0.0341768043 } },
};

/* What differs is told by the row's settings and by its name here. */
static void check_close(const struct golden *row, const char *what, int j,
                        double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance * fabs(want)))
        fail_msg("%s: %s[%d]: got %.9g, want %.9g within %g of it",
                 row->settings, what, j, got, want, tolerance);
}

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
    c.stage = weight_stage_of(&c.options, 3, CASE_WIDTH);
    row.query = (real)want->query;
    if (want->learned != 0)
        c.numbers[0] = (real)want->learned;
    weight_stage_forward(&c.stage, a, s, &row);
    weight_stage_backward(&c.stage, again, s, g, &row);
    for (int j = 0; j < 3; j++) {
        check_close(want, "a", j, (double)a[j], want->a[j], 1e-6);
        check_close(want, "a again", j, (double)again[j], want->a[j], 1e-6);
        /* g_j less a mean of g: for the smallest, 0.3 less 0.294 */
        check_close(want, "ds", j, (double)g[j], want->ds[j], 6e-6);
    }
    assert_close((double)c.dnumbers[0], want->dlearned, 2e-6);
    assert_close((double)c.dquery, want->dquery, 2e-6);
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

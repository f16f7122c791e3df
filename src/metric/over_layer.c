#include "metric/over_layer.h"

double layer_mean(const double *of, idx H)
{
    double mean = 0;
    for (idx h = 0; h < H; h++)
        mean += of[h] / (double)H;
    return mean;
}

void over_layer(double *value, const struct metric_shape *s)
{
    for (idx l = 0; l < s->L; l++) {
        double *of = value + l * s->H, mean = layer_mean(of, s->H);
        for (idx h = 0; h < s->H; h++)
            of[h] = mean == 0 ? 1 : of[h] / mean;
    }
}

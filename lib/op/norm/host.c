/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalization in double precision. */
#include <math.h>

#include "op/epilogue.h"
#include "op/norm/norm.h"

/* dst = (src - mean[c]) * factor[c] + bias[c]. */
static void normalize(const oc__norm_sizes *s, int64_t c, const double *x, double mean, double factor, double bias, double *z) {
    for (int64_t n = 0; n < s->batch; n++)
        for (int64_t i = 0; i < s->inner; i++) {
            int64_t at = (n * s->channels + c) * s->inner + i;
            z[at] = (x[at] - mean) * factor + bias;
        }
}

/* The sum of (x - a) * (y - b) over a channel; NULL: 1. */
static double sum(const oc__norm_sizes *s, int64_t c, const double *x, double a, const double *y, double b) {
    double total = 0;
    for (int64_t n = 0; n < s->batch; n++)
        for (int64_t i = 0; i < s->inner; i++) {
            int64_t at = (n * s->channels + c) * s->inner + i;
            total += (x[at] - a) * (y ? y[at] - b : 1);
        }
    return total;
}

oc_status oc__norm_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                        oc_error *err) {
    (void)context, (void)err;
    const oc_batch_norm_params *params = problem->params;
    oc__norm_sizes s = oc__norm_sizes_of(problem);
    for (int64_t c = 0; c < s.channels; c++)
        normalize(&s, c, in[0], in[3][c], in[1][c] / sqrt(in[4][c] + params->epsilon), in[2][c], out[0]);
    oc__epilogue_host(problem, in, out[0]);
    return OC_OK;
}

static void put(double *out, int64_t c, double value) {
    if (out)
        out[c] = value;
}

oc_status oc__norm_train_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                              oc_error *err) {
    (void)context, (void)err;
    const oc_batch_norm_params *params = problem->params;
    oc__norm_sizes s = oc__norm_sizes_of(problem);
    double count = (double)s.count, old = params->momentum, fresh = 1 - old;
    for (int64_t c = 0; c < s.channels; c++) {
        double mean = sum(&s, c, in[0], 0, NULL, 0) / count;
        double variance = sum(&s, c, in[0], mean, in[0], mean) / count, inverse = 1 / sqrt(variance + params->epsilon);
        normalize(&s, c, in[0], mean, in[1][c] * inverse, in[2][c], out[0]);
        put(out[1], c, in[3][c] * old + mean * fresh);
        put(out[2], c, in[4][c] * old + variance * fresh * (params->unbiased ? count / fmax(count - 1, 1) : 1));
        put(out[3], c, mean);
        put(out[4], c, inverse);
    }
    return OC_OK;
}

oc_status oc__norm_bwd_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                            oc_error *err) {
    (void)context, (void)err;
    oc__norm_sizes s = oc__norm_sizes_of(problem);
    const double *x = in[0], *d = in[4];
    for (int64_t c = 0; c < s.channels; c++) {
        double mean = in[2][c], inverse = in[3][c], count = (double)s.count;
        double dbias = sum(&s, c, d, 0, NULL, 0), dscale = sum(&s, c, d, 0, x, mean) * inverse;
        put(out[1], c, dscale);
        put(out[2], c, dbias);
        for (int64_t n = 0; n < s.batch; n++)
            for (int64_t i = 0; i < s.inner; i++) {
                int64_t at = (n * s.channels + c) * s.inner + i;
                out[0][at] = in[1][c] * inverse * (d[at] - dbias / count - (x[at] - mean) * inverse * dscale / count);
            }
    }
    return OC_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Losses in double precision. */
#include <math.h>

#include "op/loss.h"

static bool by_class(const oc__problem *problem) {
    return !oc__is_float(problem->in[1].dtype);
}

static double log_of_sum(const double *x, int64_t classes) {
    double largest = -INFINITY, sum = 0;
    for (int64_t c = 0; c < classes; c++)
        largest = fmax(largest, x[c]);
    for (int64_t c = 0; c < classes; c++)
        sum += exp(x[c] - largest);
    return largest + log(sum);
}

oc_status oc__cross_entropy_host(oc_context *context, const oc__problem *problem, const double *const *in,
                                 double *const *out, oc_error *err) {
    (void)context, (void)err;
    int64_t samples = problem->in[0].shape.dims[0], classes = problem->in[0].shape.dims[1];
    for (int64_t n = 0; n < samples; n++) {
        const double *x = in[0] + n * classes;
        double all = log_of_sum(x, classes), loss = 0;
        if (by_class(problem))
            loss = in[1][n] >= 0 && in[1][n] < (double)classes ? all - x[(int64_t)in[1][n]] : NAN;
        for (int64_t c = 0; c < classes && !by_class(problem); c++)
            loss += in[1][n * classes + c] * (all - x[c]);
        out[0][n] = loss;
    }
    return OC_OK;
}

oc_status oc__cross_entropy_bwd_host(oc_context *context, const oc__problem *problem, const double *const *in,
                                     double *const *out, oc_error *err) {
    (void)context, (void)err;
    int64_t samples = problem->in[0].shape.dims[0], classes = problem->in[0].shape.dims[1];
    for (int64_t n = 0; n < samples; n++) {
        const double *x = in[0] + n * classes, *labels = in[1] + n * (by_class(problem) ? 1 : classes);
        double all = log_of_sum(x, classes), weight = 0;
        for (int64_t c = 0; c < classes && !by_class(problem); c++)
            weight += labels[c];
        if (by_class(problem))
            weight = labels[0] >= 0 && labels[0] < (double)classes ? 1 : NAN;
        for (int64_t c = 0; c < classes; c++) {
            double label = by_class(problem) ? c == (int64_t)labels[0] : labels[c];
            out[0][n * classes + c] = in[2][n] * (exp(x[c] - all) * weight - label);
        }
    }
    return OC_OK;
}

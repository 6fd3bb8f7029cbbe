/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax in double precision. */
#include <math.h>

#include "op/softmax.h"

typedef void (*row_function)(const double *x, const double *d, double *z, int64_t size, int64_t step);

static double largest_of(const double *x, int64_t size, int64_t step) {
    double largest = -INFINITY;
    for (int64_t k = 0; k < size; k++)
        largest = fmax(largest, x[k * step]);
    return largest;
}

static void softmax(const double *x, const double *d, double *z, int64_t size, int64_t step) {
    double largest = largest_of(x, size, step), sum = 0;
    (void)d;
    for (int64_t k = 0; k < size; k++)
        sum += z[k * step] = exp(x[k * step] - largest);
    for (int64_t k = 0; k < size; k++)
        z[k * step] /= sum;
}

static void log_softmax(const double *x, const double *d, double *z, int64_t size, int64_t step) {
    double largest = largest_of(x, size, step), sum = 0;
    (void)d;
    for (int64_t k = 0; k < size; k++)
        sum += exp(x[k * step] - largest);
    for (int64_t k = 0; k < size; k++)
        z[k * step] = x[k * step] - largest - log(sum);
}

static void softmax_bwd(const double *y, const double *d, double *z, int64_t size, int64_t step) {
    double sum = 0;
    for (int64_t k = 0; k < size; k++)
        sum += y[k * step] * d[k * step];
    for (int64_t k = 0; k < size; k++)
        z[k * step] = y[k * step] * (d[k * step] - sum);
}

static void log_softmax_bwd(const double *y, const double *d, double *z, int64_t size, int64_t step) {
    double sum = 0;
    for (int64_t k = 0; k < size; k++)
        sum += d[k * step];
    for (int64_t k = 0; k < size; k++)
        z[k * step] = d[k * step] - exp(y[k * step]) * sum;
}

oc_status oc__softmax_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                           oc_error *err) {
    (void)context, (void)err;
    const oc_softmax_params *params = problem->params;
    const oc_shape *shape = &problem->out[0].shape;
    int axis = (int)params->axis;
    int64_t size = shape->rank ? shape->dims[axis] : 1, inner = shape->rank ? oc__dims_product(shape, axis + 1, shape->rank) : 1,
            rows = oc__count(shape) ? oc__count(shape) / size : 0;
    row_function function = problem->op == &oc__op_softmax       ? softmax
                            : problem->op == &oc__op_log_softmax ? log_softmax
                            : problem->op == &oc__op_softmax_bwd ? softmax_bwd
                                                                 : log_softmax_bwd;
    for (int64_t r = 0; r < rows; r++) {
        int64_t at = r / inner * size * inner + r % inner;
        function(in[0] + at, problem->op_in > 1 ? in[1] + at : NULL, out[0] + at, size, inner);
    }
    return OC_OK;
}

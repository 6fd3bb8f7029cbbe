/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions in double precision. */
#include <math.h>

#include "op/reduce/reduce.h"

static double lowest(oc_dtype dtype) {
    return dtype == OC_I32 ? -0x1p31 : dtype == OC_I64 ? -0x1p63 : dtype == OC_U8 || dtype == OC_BOOL ? 0 : -INFINITY;
}

oc_status oc__reduce_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                          oc_error *err) {
    (void)context, (void)err;
    oc__reduction reduction;
    oc__reduction_of(problem, &reduction);
    const oc_shape *x = &problem->in[0].shape;
    int64_t count = oc__count(x), results = oc__count(&problem->out[0].shape), strides[OC_MAX_RANK], stride = 1;
    for (int i = x->rank - 1; i >= 0; i--) {
        strides[i] = reduction.gone[i] ? 0 : stride;
        stride *= reduction.gone[i] ? 1 : x->dims[i];
    }
    for (int64_t i = 0; i < results; i++)
        out[0][i] = reduction.kind == OC_REDUCE_MAX ? lowest(problem->in[0].dtype) : 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, at = 0;
        for (int k = x->rank - 1; k >= 0; k--) {
            at += rest % x->dims[k] * strides[k];
            rest /= x->dims[k];
        }
        double value = in[0][i], *sum = &out[0][at];
        if (reduction.kind != OC_REDUCE_MAX)
            *sum += value;
        else if (value > *sum || isnan(value))
            *sum = value;
    }
    for (int64_t i = 0; i < results; i++) {
        out[0][i] /= reduction.kind == OC_REDUCE_MEAN ? (double)reduction.count : 1;
        out[0][i] = oc__as_type(problem->out[0].dtype, out[0][i]);
    }
    return OC_OK;
}

oc_status oc__broadcast_like_host(oc_context *context, const oc__problem *problem, const double *const *in,
                                  double *const *out, oc_error *err) {
    (void)context, (void)err;
    const oc__broadcast_params *params = problem->params;
    const oc_shape *x = &problem->in[0].shape, *shape = &problem->out[0].shape;
    int64_t strides[OC_MAX_RANK], count = oc__count(shape), own = oc__count(x);
    oc__broadcast_like_strides(params, x, shape, strides);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, at = 0;
        for (int k = shape->rank - 1; k >= 0; k--) {
            at += rest % shape->dims[k] * strides[k];
            rest /= shape->dims[k];
        }
        out[0][i] = params->mean ? in[0][at] / ((double)count / (double)own) : in[0][at];
    }
    return OC_OK;
}

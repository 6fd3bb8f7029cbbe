/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions in double precision. */
#include <math.h>

#include "op/reduce/reduce.h"

/* The range of a type; what cannot be said as a double is rounded. */
static double bound_of(oc_dtype dtype, bool low) {
    switch (dtype) {
    case OC_I8: return low ? -0x1p7 : 0x1p7 - 1;
    case OC_I16: return low ? -0x1p15 : 0x1p15 - 1;
    case OC_I32: return low ? -0x1p31 : 0x1p31 - 1;
    case OC_I64: return low ? -0x1p63 : 0x1p63;
    case OC_BOOL: return !low;
    case OC_U8: return low ? 0 : 0x1p8 - 1;
    case OC_U16: return low ? 0 : 0x1p16 - 1;
    case OC_U32: return low ? 0 : 0x1p32 - 1;
    case OC_U64: return low ? 0 : 0x1p64;
    default: return low ? -INFINITY : INFINITY;
    }
}

static double first_of(oc__reduce_kind kind, oc_dtype dtype) {
    bool bound = kind == OC_REDUCE_MAX || kind == OC_REDUCE_MIN;
    return bound ? bound_of(dtype, kind == OC_REDUCE_MAX) : kind == OC_REDUCE_PROD;
}

static double join(oc__reduce_kind kind, double result, double value) {
    switch (kind) {
    case OC_REDUCE_MAX: return value > result || isnan(value) ? value : result;
    case OC_REDUCE_MIN: return value < result || isnan(value) ? value : result;
    case OC_REDUCE_PROD: return result * value;
    default: return result + value;
    }
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
        out[0][i] = first_of(reduction.kind, problem->in[0].dtype);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, at = 0;
        for (int k = x->rank - 1; k >= 0; k--) {
            at += rest % x->dims[k] * strides[k];
            rest /= x->dims[k];
        }
        out[0][at] = join(reduction.kind, out[0][at], in[0][i]);
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

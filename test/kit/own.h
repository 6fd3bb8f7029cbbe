/* SPDX-License-Identifier: Apache-2.0 */
/* Own ops that tests share. */
#ifndef KIT_OWN_H
#define KIT_OWN_H

#include <ocelli/ocelli.h>

#include "kit/kit.h"

typedef struct own_swish_params {
    float beta; /* 0: 1 */
} own_swish_params;

typedef struct own_blur_params {
    float taps[3];
    int64_t dilation; /* 0: 1 */
    bool absolute;
    int32_t unused;
} own_blur_params;

typedef struct own {
    oc_custom *swish, *swish_bwd; /* x: x / (1 + exp(-beta x)) of f32 and f16; with gradient */
    oc_custom *blur; /* (..., W): three taps along the last axis; one kernel with local memory, one without; with gradient */
    oc_custom *rows; /* (N, W): sum and largest of each row, and optional weights (W); two passes with a workspace */
    int released;
} own;

void own_make(own *o, oc_context *context);
void own_destroy(own *o);
oc_value *own_swish(oc_graph *graph, const own *o, float beta, oc_value *x, oc_error *err);
oc_value *own_blur(oc_graph *graph, const own *o, const float taps[3], oc_value *x, oc_error *err);

/* Numbers in [-1, 1]. */
void own_fill(float *x, int64_t count);
/* Fails the test unless they are equal to about 1e-4. */
void own_expect(double want, double got, const char *what, int64_t at);

/* An op of a source alone; `host` may be NULL. */
oc_status own_plain(oc_custom **out, oc_context *context, const char *name, const char *source,
                    oc_status (*host)(const oc_custom_problem *, const double *const *, double *const *, oc_error *),
                    oc_error *err);
/* y = 2 x */
oc_status own_twice_host(const oc_custom_problem *problem, const double *const *in, double *const *out, oc_error *err);
#define OWN_TWICE \
    "__kernel void k(__global const float *x, long x_at, __global float *y, long y_at, long items) {\n" \
    "    long i = get_global_id(0);\n" \
    "    if (i < items)\n" \
    "        y[y_at + i] = 2 * x[x_at + i];\n" \
    "}\n"

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the pooling room share. */
#ifndef OC_POOL_H
#define OC_POOL_H

#include <ocelli/op/pool.h>

#include "op/onnx_rule.h"

extern const oc__onnx_rule oc__pool_onnx[];

/* A pooling's numbers; of `global` ones, the window is everything. */
typedef struct oc__pool {
    int64_t n, c, h, w, oh, ow, kh, kw, stride_h, stride_w, dilation_h, dilation_w, pad_h, pad_w, pad_h_end, pad_w_end;
    bool include_pad;
} oc__pool;
oc__pool oc__pool_of(const oc__problem *problem);

oc_status oc__max_pool2d_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__max_pool2d_bwd_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__avg_pool2d_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__avg_pool2d_bwd_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__global_avg_pool_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__global_avg_pool_bwd_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);

extern const oc__solver oc__pool_ref, oc__pool_blocked, oc__pool_blocked_window;

#endif

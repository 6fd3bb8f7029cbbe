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

/* indices.c. A volume's slices as images: `size` of them, of which `depth` are pooled, `step` apart. */
typedef struct oc__pool_slices {
    int64_t plane, channels, depth, size, step;
} oc__pool_slices;
/* Indices into the images (N * depth, C, H, W) as such into the volume; pooled slice 0 is slice `first` of it. */
oc_value *oc__pool_slice_indices(oc_graph *graph, oc_value *at, const oc__pool_slices *slices, int64_t first, oc_error *err);
/* Indices into row-major images as such into column-major ones. */
oc_value *oc__pool_column_major(oc_graph *graph, oc_value *at, const int64_t *size, int axes, oc_error *err);

oc_status oc__max_pool2d_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__max_pool2d_bwd_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__avg_pool2d_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__avg_pool2d_bwd_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__global_avg_pool_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);
oc_status oc__global_avg_pool_bwd_host(oc_context *, const oc__problem *, const double *const *in, double *const *out, oc_error *);

extern const oc__solver oc__pool_ref, oc__pool_blocked, oc__pool_blocked_window;

#endif

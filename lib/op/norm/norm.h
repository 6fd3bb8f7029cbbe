/* SPDX-License-Identifier: Apache-2.0 */
/* The room of batch normalization. Ops, operands > outputs:
 *
 *     batch_norm        src, scale, bias, mean, variance                > dst
 *     batch_norm_train  src, scale, bias, running mean and variance     > dst, new mean and variance, batch's mean and 1 / deviation
 *     batch_norm_bwd    src, scale, batch's mean and 1 / deviation, diff > diff of src, of scale, of bias
 *     norm_fold         weights, scale, bias, mean, variance, bias of the weights (optional) > weights and bias whose convolution or
 *                       product is the old one's, normalized */
#ifndef OC_NORM_ROOM_H
#define OC_NORM_ROOM_H

#include <ocelli/op/norm.h>
#include <ocelli/op/reduce.h>

#include "op/onnx_rule.h"
#include "op/room.h"

extern const oc__onnx_rule oc__norm_more_onnx[], oc__norm_onnx[];

typedef struct oc__norm_fold_params {
    int64_t axis;  /* of the weights: outputs */
    float epsilon;
} oc__norm_fold_params;

/* Sizes of a problem: (batch, channels, inner), count elements a channel. */
typedef struct oc__norm_sizes {
    int64_t batch, channels, inner, count;
} oc__norm_sizes;
oc__norm_sizes oc__norm_sizes_of(const oc__problem *problem);

/* Where a step finds and leaves numbers by channel, and their types; in the workspace if the output is left out. */
typedef struct oc__norm_slot {
    oc__place place;
    oc_dtype dtype;
} oc__norm_slot;
oc__norm_slot oc__norm_output(const oc__recording *recording, int output, int64_t workspace_floats);
void oc__norm_add(const oc__recording *recording, oc__step *step, oc__norm_slot slot);

/* Elementwise functions may follow, where the statistics are known. */
bool oc__norm_posts(const oc__problem *problem, char why[OC_WHY]);

oc_status oc__norm_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                        oc_error *err);
oc_status oc__norm_train_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                              oc_error *err);
oc_status oc__norm_bwd_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                            oc_error *err);

oc_status oc__norm_bwd_gradient(oc__gradient *g, oc_error *err);

/* All axes of so many but the second. */
oc_reduce_params oc__norm_axes(int rank, bool keep_dims);
/* (C) to (C, 1, …), to stand at axis 1 of `rank` axes; NULL stays NULL. */
oc_value *oc__norm_by_channel(oc_graph *graph, oc_value *x, int rank, oc_error *err);

extern const oc__solver oc__norm_ref, oc__norm_rows, oc__norm_rows_inference;

/* (x - mean) / sqrt(variance + epsilon) over axes that are kept. mean and inverse (1 / sqrt) may be NULL. */
oc_value *oc__normalized(oc_graph *graph, oc_value *x, const oc_reduce_params *axes, double epsilon, oc_value **mean,
                         oc_value **inverse, oc_error *err);

#endif

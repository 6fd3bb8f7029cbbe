/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/norm.h
 * Batch normalization (Ioffe and Szegedy 2015) over all axes but the second.
 *
 *     dst = (src - mean) / sqrt(variance + epsilon) * scale + bias
 *
 * "batch_norm" uses given statistics. "batch_norm_train" uses those of the batch (variance with divisor n, as ONNX and
 * PyTorch normalize) and gives the new running ones: running * momentum + batch * (1 - momentum).
 */
#ifndef OCELLI_OP_NORM_H
#define OCELLI_OP_NORM_H

#include <ocelli/graph.h>
#include <ocelli/op/reduce.h>

/** Of batch normalization. */
typedef struct oc_batch_norm_params {
    float epsilon;    /**< Default (0): 1e-5. */
    float momentum;   /**< Weight of the *old* running value, as in ONNX. Default (0): 0.9. */
    bool unbiased;    /**< The running variance takes the batch's with divisor n - 1, as PyTorch does; ONNX: n. */
} oc_batch_norm_params;
/** Named arguments: &oc_batch_norm_params(.epsilon = 1e-3f). */
#define oc_batch_norm_params(...) ((oc_batch_norm_params){__VA_ARGS__})

OC_BEGIN

/** Inference. @param src (N, C, spatial…). @param scale, bias, mean, variance (C). @return the shape of src. */
OC_EXPORT oc_value *oc_batch_norm(oc_graph *graph, oc_value *src, oc_value *scale, oc_value *bias, oc_value *mean,
                                  oc_value *variance, const oc_batch_norm_params *params, oc_error *err);
/**
 * Training.
 * @param running_mean, running_variance (C), usually states.
 * @param new_mean, new_variance receive their next values (see oc_graph_update()); may be NULL.
 */
OC_EXPORT oc_value *oc_batch_norm_train(oc_graph *graph, oc_value *src, oc_value *scale, oc_value *bias,
                                        oc_value *running_mean, oc_value *running_variance, const oc_batch_norm_params *params,
                                        oc_value **new_mean, oc_value **new_variance, oc_error *err);

/** Mean 0 and variance 1 over the axes from `axis` on, for each of the others. @param scale, bias of their shape; may be NULL. */
OC_EXPORT oc_value *oc_layer_norm(oc_graph *graph, oc_value *x, oc_value *scale, oc_value *bias, int64_t axis, double epsilon,
                                  oc_error *err);
/** x / sqrt(mean of x^2 + epsilon) over the axes from `axis` on. @param scale of their shape; may be NULL. */
OC_EXPORT oc_value *oc_rms_norm(oc_graph *graph, oc_value *x, oc_value *scale, int64_t axis, double epsilon, oc_error *err);
/** Mean 0 and variance 1 over the spatial axes of each image and channel. @param scale, bias (C); may be NULL. */
OC_EXPORT oc_value *oc_instance_norm(oc_graph *graph, oc_value *x, oc_value *scale, oc_value *bias, double epsilon, oc_error *err);
/** The same over groups of channels, whose number is known. @param scale, bias (C); may be NULL. */
OC_EXPORT oc_value *oc_group_norm(oc_graph *graph, oc_value *x, oc_value *scale, oc_value *bias, int64_t groups, double epsilon,
                                  oc_error *err);
/** (x - mean) / (deviation + epsilon) over axes. @param axes keep_dims is not looked at; NULL: all. */
OC_EXPORT oc_value *oc_mean_variance_norm(oc_graph *graph, oc_value *x, const oc_reduce_params *axes, double epsilon, oc_error *err);
/** x over its norm along an axis; zeros stay zeros. @param p 1 or 2. */
OC_EXPORT oc_value *oc_lp_norm(oc_graph *graph, oc_value *x, int64_t axis, int p, oc_error *err);

OC_END

#endif

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

OC_END

#endif

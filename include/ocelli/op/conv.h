/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/conv.h
 * Convolution, as networks mean it (cross-correlation: the kernel is not flipped, unless asked for).
 *
 *     dst[n,k,y,x] = bias[k] + sum over c,r,s of src[n, g*C/G + c, y*stride - pad + r*dilation, ...] * weights[k,c,r,s]
 *
 * with zeros outside of src and g the group of k. Ops: "conv2d" (src, weights, bias or nothing), and its gradients
 * "conv2d_bwd_data" (diff_dst, weights, src for its shape) and "conv2d_bwd_weights" (src, diff_dst, weights for its shape).
 */
#ifndef OCELLI_OP_CONV_H
#define OCELLI_OP_CONV_H

#include <ocelli/graph.h>

/** Arrays hold one entry a spatial axis, outermost first (height, width); the third is for volumes. */
typedef struct oc_conv_params {
    int64_t stride[3];    /**< Default (0): 1. */
    int64_t dilation[3];  /**< Distance between kernel elements. Default (0): 1. */
    int64_t pad_begin[3]; /**< Zeros before the first element, >= 0. */
    int64_t pad_end[3];   /**< Zeros behind the last element, >= 0; may differ from pad_begin. */
    int64_t groups;       /**< Channels are cut into this many independent groups. Default (0): 1. */
    bool flip;            /**< Convolution as mathematics has it: the kernel is turned around in all spatial axes. */
} oc_conv_params;
/** Named arguments: &oc_conv_params(.stride = {2, 2}). */
#define oc_conv_params(...) ((oc_conv_params){__VA_ARGS__})

OC_BEGIN

/**
 * @param src (N, C, H, W), floating-point.
 * @param weights (K, C / groups, R, S).
 * @param bias (K), or NULL.
 * @param params NULL: stride 1, no padding.
 * @return (N, K, OH, OW) with OH = floor((H + pad_begin + pad_end - dilation * (R - 1) - 1) / stride) + 1.
 */
OC_EXPORT oc_value *oc_conv2d(oc_graph *graph, oc_value *src, oc_value *weights, oc_value *bias, const oc_conv_params *params,
                              oc_error *err);

/** The same over one, two or three spatial axes: src (N, C, spatial...), weights (K, C / groups, spatial...). */
OC_EXPORT oc_value *oc_conv(oc_graph *graph, oc_value *src, oc_value *weights, oc_value *bias, const oc_conv_params *params,
                            oc_error *err);
/**
 * Transposed convolution over one to three spatial axes, whose sizes are numbers: what a convolution with these params does to
 * gradients on their way back, (size - 1) * stride + dilation * (kernel - 1) + 1 - pads + output_padding elements.
 * @param weights (C, K / groups, spatial...). @param bias (K), or NULL.
 * @param output_padding elements more at each axis' end, less than the stride; NULL: none.
 */
OC_EXPORT oc_value *oc_conv_transpose(oc_graph *graph, oc_value *src, oc_value *weights, oc_value *bias, const oc_conv_params *params,
                                      const int64_t output_padding[3], oc_error *err);

OC_END

#endif

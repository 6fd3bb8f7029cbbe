/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/deform.h
 * Deformable convolution (Dai et al. 2017; with a mask, Zhu et al. 2019), forward. Op: "deform_conv2d"
 * (src, weights, offsets, bias or nothing, mask or nothing). It has no gradient.
 */
#ifndef OCELLI_OP_DEFORM_H
#define OCELLI_OP_DEFORM_H

#include <ocelli/graph.h>

/** Of a deformable convolution. */
typedef struct oc_deform_params {
    int64_t stride[2];     /**< Default (0): 1. */
    int64_t dilation[2];   /**< Default (0): 1. */
    int64_t pad_begin[2];  /**< >= 0. */
    int64_t pad_end[2];    /**< >= 0. */
    int64_t groups;        /**< Of channels, as of convolutions. Default (0): 1. */
    int64_t offset_groups; /**< Groups of channels of src with offsets of their own. Default (0): 1. */
} oc_deform_params;
/** Named arguments: &oc_deform_params(.pad_begin = {1, 1}, .pad_end = {1, 1}). */
#define oc_deform_params(...) ((oc_deform_params){__VA_ARGS__})

OC_BEGIN

/**
 * A convolution whose kernel elements are each taken at a place moved by an offset, between four elements, of which those
 * outside of src are 0. All operands are of one floating-point type.
 * @param src (N, C, H, W). @param weights (K, C / groups, R, S).
 * @param offsets (N, 2 * offset_groups * R * S, OH, OW): for each group and kernel element how far down, then how far right.
 * @param bias (K), or NULL. @param mask (N, offset_groups * R * S, OH, OW): a factor for each; or NULL.
 * @return (N, K, OH, OW), sizes as of oc_conv2d().
 */
OC_EXPORT oc_value *oc_deform_conv2d(oc_graph *graph, oc_value *src, oc_value *weights, oc_value *offsets, oc_value *bias,
                                     oc_value *mask, const oc_deform_params *params, oc_error *err);

OC_END

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/layer.h
 * Layers that are made of other ops' nodes, so that they have gradients wherever those do.
 */
#ifndef OCELLI_OP_LAYER_H
#define OCELLI_OP_LAYER_H

#include <ocelli/graph.h>
#include <ocelli/op/conv.h>

OC_BEGIN

/** The largest of each `pieces` neighbours along an axis (Goodfellow et al. 2013), whose size is a multiple of them. */
OC_EXPORT oc_value *oc_maxout(oc_graph *graph, oc_value *x, int64_t axis, int64_t pieces, oc_error *err);
/** The first half of an axis times sigmoid of the second (Dauphin et al. 2017); its size is an even number. */
OC_EXPORT oc_value *oc_glu(oc_graph *graph, oc_value *x, int64_t axis, oc_error *err);
/** Stepped sigmoid units (Nair and Hinton 2010): the sum of sigmoid(x - i + 0.5) for i = 1 to `steps` (1 to 64). */
OC_EXPORT oc_value *oc_stepped_sigmoid(oc_graph *graph, oc_value *x, int64_t steps, oc_error *err);
/**
 * A bilinear layer: out[n, o] = sum over i, j of a[n, i] weights[o, i, j] b[n, j] + bias[o].
 * @param a (N, I). @param b (N, J). @param weights (O, I, J), of sizes that are numbers. @param bias (O), or NULL.
 */
OC_EXPORT oc_value *oc_bilinear(oc_graph *graph, oc_value *a, oc_value *b, oc_value *weights, oc_value *bias, oc_error *err);
/**
 * Weights of a direction and a length (Salimans and Kingma 2016): scale * direction / its norm, for each element of axis 0.
 * @param direction (K, ...). @param scale (K).
 */
OC_EXPORT oc_value *oc_weight_norm(oc_graph *graph, oc_value *direction, oc_value *scale, oc_error *err);
/**
 * Each sample of a batch with mean 0 and deviation 1: (x - mean) / max(deviation, 1 / sqrt(elements)) over all axes but 0.
 * @param x (N, ...), sizes but N numbers.
 */
OC_EXPORT oc_value *oc_standardize(oc_graph *graph, oc_value *x, oc_error *err);
/**
 * A locally connected layer: a convolution with weights of its own at each place.
 * @param src (N, C, H, W), sizes but N numbers. @param weights (OH, OW, C, R, S, K). @param bias (K, OH, OW), or NULL.
 * @param params of oc_conv2d(), without groups; NULL: stride 1, no padding.
 * @return (N, K, OH, OW).
 */
OC_EXPORT oc_value *oc_locally_connected2d(oc_graph *graph, oc_value *src, oc_value *weights, oc_value *bias,
                                           const oc_conv_params *params,
                                           oc_error *err);
/**
 * The points that an affine map of each image takes its pixels from, for oc_grid_sample().
 * @param maps (N, 2, 3), or (N, 3, 4) for volumes. @param size of the images: height and width, or depth, height and width.
 * @param align_corners -1 and 1 are the middles of the outermost elements, not their edges.
 * @return (N, H, W, 2), or (N, D, H, W, 3).
 */
OC_EXPORT oc_value *oc_affine_grid(oc_graph *graph, oc_value *maps, const int64_t *size, bool align_corners, oc_error *err);
/**
 * Windows put back to where they were in an image, those that meet added up: what backward-data of a convolution does.
 * @param columns (N, C * product of kernel, windows). @param size of the image, @param kernel of the windows: one entry a
 * spatial axis.
 * @param axes how many spatial axes, 1 to 3. @param params stride, dilation and padding; NULL: as of oc_conv2d().
 * @return (N, C, size...).
 */
OC_EXPORT oc_value *oc_fold_windows(oc_graph *graph, oc_value *columns, const int64_t *size, const int64_t *kernel, int axes,
                                    const oc_conv_params *params, oc_error *err);

OC_END

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/pool.h
 * Pooling over windows of the spatial axes.
 *
 * "max_pool2d" gives the largest element of each window and, as a second output, its index; NaN is larger than anything;
 * padding never wins. "avg_pool2d" gives the mean. "global_avg_pool" gives the mean over all spatial axes. Gradients:
 * "max_pool2d_bwd", "avg_pool2d_bwd".
 */
#ifndef OCELLI_OP_POOL_H
#define OCELLI_OP_POOL_H

#include <ocelli/graph.h>

/** Arrays hold one entry a spatial axis, outermost first. */
typedef struct oc_pool_params {
    int64_t kernel[3];    /**< Window size, >= 1. */
    int64_t stride[3];    /**< Default (0): 1. */
    int64_t dilation[3];  /**< Default (0): 1. */
    int64_t pad_begin[3]; /**< >= 0, smaller than the window. */
    int64_t pad_end[3];   /**< Likewise. */
    bool ceil_mode;       /**< Round output sizes up: a last window may reach past the end (but not begin there). */
    bool count_include_pad; /**< Average: padding counts as elements of value 0. */
} oc_pool_params;
/** Named arguments: &oc_pool_params(.kernel = {2, 2}, .stride = {2, 2}). */
#define oc_pool_params(...) ((oc_pool_params){__VA_ARGS__})

OC_BEGIN

/**
 * @param src (N, C, H, W), floating-point.
 * @param indices receives a value (N, C, OH, OW) of i64: the winner's position in the flattened src (as ONNX has it, row-major,
 *        storage order 0); the first of equals. NULL if not wanted.
 * @return (N, C, OH, OW).
 */
OC_EXPORT oc_value *oc_max_pool2d(oc_graph *graph, oc_value *src, const oc_pool_params *params, oc_value **indices,
                                  oc_error *err);
/** The mean of each window: over its elements inside of src, or with count_include_pad over those in src and padding. */
OC_EXPORT oc_value *oc_avg_pool2d(oc_graph *graph, oc_value *src, const oc_pool_params *params, oc_error *err);
/** The same over one, two or three spatial axes. */
OC_EXPORT oc_value *oc_max_pool(oc_graph *graph, oc_value *src, const oc_pool_params *params, oc_error *err);
/** Likewise. @param indices as of oc_max_pool2d(), for volumes too. */
OC_EXPORT oc_value *oc_max_pool_indices(oc_graph *graph, oc_value *src, const oc_pool_params *params, oc_value **indices,
                                        oc_error *err);
/** Likewise. */
OC_EXPORT oc_value *oc_avg_pool(oc_graph *graph, oc_value *src, const oc_pool_params *params, oc_error *err);
/** The p-th root of the sum of |x|^p over each window, 1 to 3 axes. @param p at least 1. */
OC_EXPORT oc_value *oc_lp_pool(oc_graph *graph, oc_value *src, const oc_pool_params *params, int p, oc_error *err);
/** @param src (N, C, spatial…). @return (N, C, 1…). */
OC_EXPORT oc_value *oc_global_avg_pool(oc_graph *graph, oc_value *src, oc_error *err);
/**
 * Pools to a size: element x of `size` stands for those from floor(x from / size) up to, without it, ceil((x + 1) from / size).
 * @param src (N, C, spatial...), floating-point, one to three axes of sizes that are numbers. @param size one entry a spatial
 * axis, >= 1.
 * @return (N, C, size...): means.
 */
OC_EXPORT oc_value *oc_adaptive_avg_pool(oc_graph *graph, oc_value *src, const int64_t size[3], oc_error *err);
/** The same with maxima. */
OC_EXPORT oc_value *oc_adaptive_max_pool(oc_graph *graph, oc_value *src, const int64_t size[3], oc_error *err);
/**
 * Puts elements where max pooling took them from, among zeros; where several meet, the last one stays.
 * @param x (N, C, spatial...). @param indices its shape, i64: as of max pooling; which image and channel they name is not
 * looked at.
 * @param size one entry a spatial axis: that of what was pooled. @return (N, C, size...).
 */
OC_EXPORT oc_value *oc_max_unpool(oc_graph *graph, oc_value *x, oc_value *indices, const int64_t size[3], oc_error *err);
/** Each element of (N, C, spatial...) becomes a block of itself. @param factor one entry a spatial axis: the blocks' size, >=
 * 1. */
OC_EXPORT oc_value *oc_unpool_nearest(oc_graph *graph, oc_value *x, const int64_t factor[3], oc_error *err);
/** "Bed of nails": each element becomes the first of a block of zeros. */
OC_EXPORT oc_value *oc_unpool_nails(oc_graph *graph, oc_value *x, const int64_t factor[3], oc_error *err);

OC_END

#endif

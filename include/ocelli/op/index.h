/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/index.h
 * Elements taken from, and put to, places that are data: "gather", "gather_elements", "gather_nd", "scatter_elements", "scatter_nd",
 * "one_hot", "non_zero", "non_max_suppression", "unique".
 *
 * Indices are i32 or i64; negative ones are counted from the end; those that are out of range are held to the nearest one that is in.
 */
#ifndef OCELLI_OP_INDEX_H
#define OCELLI_OP_INDEX_H

#include <ocelli/graph.h>

/** What becomes of an element that an update meets. */
typedef enum oc_scatter_kind {
    OC_SCATTER_SET = 0, /**< The last update is kept, in the order of the updates. */
    OC_SCATTER_ADD = 1,
    OC_SCATTER_MUL = 2,
    OC_SCATTER_MAX = 3,
    OC_SCATTER_MIN = 4
} oc_scatter_kind;

/** Along which axis elements are picked, and how written ones meet. */
typedef struct oc_index_params {
    int64_t axis;         /**< gather, gather_elements, scatter_elements, one_hot: negative ones are counted from the end. */
    int64_t batch_dims;   /**< gather_nd: leading axes that operand and indices have in common. */
    oc_scatter_kind kind; /**< Scattering: default OC_SCATTER_SET. */
} oc_index_params;
/** Named arguments: &oc_index_params(.axis = 1). */
#define oc_index_params(...) ((oc_index_params){__VA_ARGS__})

/** Where equal elements are looked for. */
typedef struct oc_unique_params {
    int64_t axis;  /**< With `slices`: along which; negative ones are counted from the end. */
    bool slices;   /**< What is compared are slices along an axis; else single elements of the flattened operand. */
    bool unsorted; /**< In the order of their first appearance, not from the smallest to the largest. */
    int64_t count; /**< How many there will be, >= 0. Where there are fewer, the rest of indices and counts is -1. */
} oc_unique_params;
/** Named arguments: &oc_unique_params(.count = 10). */
#define oc_unique_params(...) ((oc_unique_params){__VA_ARGS__})

/** Which boxes are kept of many that overlap. */
typedef struct oc_suppression_params {
    int64_t count; /**< How many there will be in all, >= 0. Where there are fewer, the rest of the result is -1. */
    int64_t most;  /**< Of an image and class. Default (0): `count`. */
    float overlap; /**< A box is dropped if a better one covers it more than this: what both cover, as a share of what either covers. */
    float score;   /**< Only boxes with a score above it are looked at. */
    bool center;   /**< Boxes are (x, y, width, height) around a center; else (y, x, y, x) of two opposite corners. */
} oc_suppression_params;
/** Named arguments: &oc_suppression_params(.count = 10, .overlap = 0.5f). */
#define oc_suppression_params(...) ((oc_suppression_params){__VA_ARGS__})

OC_BEGIN

/**
 * The elements, or slices, that differ, each once. NaN equals NaN, and is above all numbers. The sizes of x must be numbers.
 * The gradient goes to the first of equal ones.
 * @param indices receives (count) of i64: where each of them is first. @param inverse receives the place in the result of each
 * element, or
 *        slice, of x. @param counts receives (count): how many equal ones there are. All three may be NULL.
 * @return (count), or x with `count` slices.
 */
OC_EXPORT oc_value *oc_unique(oc_graph *graph, oc_value *x, const oc_unique_params *params, oc_value **indices,
                              oc_value **inverse,
                              oc_value **counts, oc_error *err);

/** x at indices of an axis, which becomes the axes of `indices`. */
OC_EXPORT oc_value *oc_gather(oc_graph *graph, oc_value *x, oc_value *indices, int64_t axis, oc_error *err);
/** For each element of `indices` (as many axes as x), x there, with the index in place of that of the axis. */
OC_EXPORT oc_value *oc_gather_elements(oc_graph *graph, oc_value *x, oc_value *indices, int64_t axis, oc_error *err);
/** The last axis of `indices` holds tuples that stand for the first axes of x behind batch_dims of them. */
OC_EXPORT oc_value *oc_gather_nd(oc_graph *graph, oc_value *x, oc_value *indices, int64_t batch_dims, oc_error *err);
/** x with updates (of the shape of `indices`) where oc_gather_elements() would take them from. */
OC_EXPORT oc_value *oc_scatter_elements(oc_graph *graph, oc_value *x, oc_value *indices, oc_value *updates,
                                        const oc_index_params *params, oc_error *err);
/** x with updates where oc_gather_nd() without batch_dims would take them from. */
OC_EXPORT oc_value *oc_scatter_nd(oc_graph *graph, oc_value *x, oc_value *indices, oc_value *updates, oc_scatter_kind kind,
                                  oc_error *err);
/** A new axis of size `depth`, with values[1] at the index and values[0] elsewhere; indices out of range give values[0] only. */
OC_EXPORT oc_value *oc_one_hot(oc_graph *graph, oc_value *indices, oc_value *values, int64_t depth, int64_t axis, oc_error *err);
/**
 * Where elements are not 0, in row-major order.
 * @param count how many there will be, >= 0. Where there are fewer, the rest is -1.
 * @return (rank of x, count) of i64: an index along each axis.
 */
OC_EXPORT oc_value *oc_non_zero(oc_graph *graph, oc_value *x, int64_t count, oc_error *err);
/**
 * The best boxes of each image and class, from the highest score down, without those that overlap a better one (greedy non-maximum
 * suppression).
 * @param boxes (N, boxes, 4) of f32. @param scores (N, classes, boxes) of f32.
 * @return (count, 3) of i64: image, class, box. It has no gradient.
 */
OC_EXPORT oc_value *oc_non_max_suppression(oc_graph *graph, oc_value *boxes, oc_value *scores, const oc_suppression_params *params,
                                           oc_error *err);

OC_END

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/shape.h
 * Moving data: "reshape", "reshape_like", "transpose", "concat", "slice", "pad", "cast", "identity".
 */
#ifndef OCELLI_OP_SHAPE_H
#define OCELLI_OP_SHAPE_H

#include <ocelli/graph.h>

/** A new size that is the size of axis k of the operand. */
#define OC_RESHAPE_AXIS(k) (-2 - (int64_t)(k))

typedef struct oc_reshape_params {
    /** The new sizes; -1: what is left (once); 0 with copy_zero: the size in the old shape; or OC_RESHAPE_AXIS(). */
    int64_t dims[OC_MAX_RANK];
    int32_t rank;              /**< Number of entries. */
    bool copy_zero;            /**< What a 0 means: copy (true, ONNX's default), or zero. */
} oc_reshape_params;

typedef struct oc_flatten_params {
    int64_t axis; /**< Axes before it become the first axis of two, the others the second; 0 to rank; negative from the end. */
} oc_flatten_params;

typedef struct oc_transpose_params {
    int32_t perm[OC_MAX_RANK]; /**< Axis i of the result is axis perm[i] of the operand. */
} oc_transpose_params;

typedef struct oc_axis_params {
    int64_t axis; /**< Negative ones are counted from the end. */
} oc_axis_params;

/** Which indices a slice takes: begin, begin + step, … up to but not including end. */
typedef struct oc_slice_params {
    int64_t begin[OC_MAX_RANK]; /**< Negative ones are counted from the end. */
    int64_t end[OC_MAX_RANK];   /**< Likewise; beyond the end (or before the beginning): all there are. */
    int64_t step[OC_MAX_RANK];  /**< Negative: backwards. Default (0): the axis stays whole. */
} oc_slice_params;
/** Named arguments: &oc_slice_params(.begin = {0, 2}, .end = {0, 5}, .step = {0, 1}). */
#define oc_slice_params(...) ((oc_slice_params){__VA_ARGS__})

/** Mode of oc_pad(). */
typedef enum oc_pad_mode { OC_PAD_CONSTANT = 0, OC_PAD_REFLECT = 1, OC_PAD_EDGE = 2, OC_PAD_WRAP = 3 } oc_pad_mode;

typedef struct oc_pad_params {
    int64_t begin[OC_MAX_RANK]; /**< Elements to add before each axis; negative: to cut off. */
    int64_t end[OC_MAX_RANK];   /**< Likewise behind. */
    float value;                /**< What constant padding is made of. */
    oc_pad_mode mode;           /**< Default: constant. */
} oc_pad_params;
/** Named arguments: &oc_pad_params(.begin = {0, 1}, .end = {0, 1}). */
#define oc_pad_params(...) ((oc_pad_params){__VA_ARGS__})

typedef struct oc_expand_params {
    int64_t dims[OC_MAX_RANK]; /**< Sizes to be repeated to, aligned at the end; 1: what there is. */
    int32_t rank;              /**< Number of entries. */
} oc_expand_params;

typedef struct oc_cast_params {
    oc_dtype to; /**< Floats to integers: towards zero; out of range or NaN: undefined as in C. To bool: x != 0. */
} oc_cast_params;

OC_BEGIN

/** The same elements in another shape. @param shape numbers, symbols of this graph, or -1 once for what is left. */
OC_EXPORT oc_value *oc_reshape(oc_graph *graph, oc_value *x, const oc_shape *shape, oc_error *err);
/** The same elements in the shape of another value. */
OC_EXPORT oc_value *oc_reshape_like(oc_graph *graph, oc_value *x, oc_value *like, oc_error *err);
/** Two axes: those before `axis`, and the others. */
OC_EXPORT oc_value *oc_flatten(oc_graph *graph, oc_value *x, int64_t axis, oc_error *err);
/** Permutes axes. @param perm one entry an axis; NULL: reverses them. */
OC_EXPORT oc_value *oc_transpose(oc_graph *graph, oc_value *x, const int32_t *perm, oc_error *err);
/** Joins values along an axis. */
OC_EXPORT oc_value *oc_concat(oc_graph *graph, oc_value *const *values, size_t count, int64_t axis, oc_error *err);
/** A part of a value. */
OC_EXPORT oc_value *oc_slice(oc_graph *graph, oc_value *x, const oc_slice_params *params, oc_error *err);
/** Adds to, or cuts from, the ends of axes. */
OC_EXPORT oc_value *oc_pad(oc_graph *graph, oc_value *x, const oc_pad_params *params, oc_error *err);
/** Converts elements to another type. */
OC_EXPORT oc_value *oc_cast(oc_graph *graph, oc_value *x, oc_dtype to, oc_error *err);
/** Repeated along axes of size 1, and along new ones in front, as if added to zeros of that shape. */
OC_EXPORT oc_value *oc_expand(oc_graph *graph, oc_value *x, const oc_shape *shape, oc_error *err);
/** Whole copies side by side. @param repeats how many along each axis; sizes must be numbers. */
OC_EXPORT oc_value *oc_tile(oc_graph *graph, oc_value *x, const int64_t *repeats, oc_error *err);
/** The value itself, as a node of its own. */
OC_EXPORT oc_value *oc_identity(oc_graph *graph, oc_value *x, oc_error *err);

OC_END

#endif

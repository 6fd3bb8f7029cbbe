/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/shape.h
 * Moving data: other shapes, orders, parts and types of the same elements. Ops: "reshape", "reshape_like",
 * "flatten", "identity" (views: the elements stay where they are), "transpose", "concat", "split_like", "slice", "pad",
 * "expand", "cast".
 *
 * They take every type, bits staying as they are, and sizes that are 0; "cast" alone looks at the elements. Where sizes are
 * symbols the result's are formulas of them, unless a function asks for numbers. An axis that is negative is counted from
 * the end; one that is not there is OC_ERROR_SHAPE, as is all that does not fit. All have gradients, which move the other
 * way; that of "cast" goes through where both types are floating-point.
 */
#ifndef OCELLI_OP_SHAPE_H
#define OCELLI_OP_SHAPE_H

#include <ocelli/graph.h>

/** A new size that is the size of axis k of the operand. */
#define OC_RESHAPE_AXIS(k) (-2 - (int64_t)(k))

/** The sizes that elements get. */
typedef struct oc_reshape_params {
    /** The new sizes; -1: what is left (once); 0 with copy_zero: the size in the old shape; or OC_RESHAPE_AXIS(). */
    int64_t dims[OC_MAX_RANK];
    int32_t rank;              /**< Number of entries. */
    bool copy_zero;            /**< What a 0 means: copy (true, ONNX's default), or zero. */
} oc_reshape_params;

/** Where the shape is cut in two. */
typedef struct oc_flatten_params {
    int64_t axis; /**< Axes before it become the first axis of two, the others the second; 0 to rank; negative from the end. */
} oc_flatten_params;

/** The order of the axes. */
typedef struct oc_transpose_params {
    int32_t perm[OC_MAX_RANK]; /**< Axis i of the result is axis perm[i] of the operand. */
} oc_transpose_params;

/** An axis. */
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

/** How much is put around, and what. */
typedef struct oc_pad_params {
    int64_t begin[OC_MAX_RANK]; /**< Elements to add before each axis; negative: to cut off. */
    int64_t end[OC_MAX_RANK];   /**< Likewise behind. */
    float value;                /**< What constant padding is made of. */
    oc_pad_mode mode;           /**< Default: constant. */
} oc_pad_params;
/** Named arguments: &oc_pad_params(.begin = {0, 1}, .end = {0, 1}). */
#define oc_pad_params(...) ((oc_pad_params){__VA_ARGS__})

/** The shape that is repeated to. */
typedef struct oc_expand_params {
    int64_t dims[OC_MAX_RANK]; /**< Sizes to be repeated to, aligned at the end; 1: what there is. */
    int32_t rank;              /**< Number of entries. */
} oc_expand_params;

/** The type of the result. */
typedef struct oc_cast_params {
    oc_dtype to; /**< Floats to integers: towards zero; out of range or NaN: undefined as in C. To bool: x != 0. */
} oc_cast_params;

OC_BEGIN

/**
 * The same elements, row-major, in another shape.
 * @param shape numbers, symbols of this graph, or -1 once for what is left; as many elements as x has.
 */
OC_EXPORT oc_value *oc_reshape(oc_graph *graph, oc_value *x, const oc_shape *shape, oc_error *err);
/** The same elements in the shape of another value, which has as many; of `like` only the shape is looked at. */
OC_EXPORT oc_value *oc_reshape_like(oc_graph *graph, oc_value *x, oc_value *like, oc_error *err);
/** Two axes: the product of those before `axis`, and of the others; 1 for none. @param axis 0 to rank, or negative. */
OC_EXPORT oc_value *oc_flatten(oc_graph *graph, oc_value *x, int64_t axis, oc_error *err);
/**
 * Permutes axes: axis i of the result is axis perm[i] of x.
 * @param perm one entry an axis, each axis once; NULL: reverses them.
 */
OC_EXPORT oc_value *oc_transpose(oc_graph *graph, oc_value *x, const int32_t *perm, oc_error *err);
/**
 * Joins values along an axis. A plan puts them where they belong at once, if it can, so that nothing is copied.
 * @param values `count` of them, at least 1, of one type, of the same sizes but for the axis.
 * @return their sizes, along the axis the sum.
 */
OC_EXPORT oc_value *oc_concat(oc_graph *graph, oc_value *const *values, size_t count, int64_t axis, oc_error *err);
/**
 * A part of a value, from each axis every step-th index from begin up to, without it, end; indices beyond the ends are held
 * to them, as Python does. @param params of axes that x does not have must be 0.
 * @return along a sliced axis ceil((end - begin) / step), at least 0.
 */
OC_EXPORT oc_value *oc_slice(oc_graph *graph, oc_value *x, const oc_slice_params *params, oc_error *err);
/**
 * Adds to, or cuts from, the ends of axes: a constant, or elements mirrored at the outermost ones (reflect, which needs
 * more elements than it adds), the outermost ones (edge), or those of the other end (wrap).
 * @return along each axis its size plus begin plus end, which must not be negative.
 */
OC_EXPORT oc_value *oc_pad(oc_graph *graph, oc_value *x, const oc_pad_params *params, oc_error *err);
/**
 * Converts elements to another type: to floating-point ones to the nearest, ties to even; between integers the low bits;
 * floats to integers towards zero, where out of range and NaN are undefined as in C; to bool whether something is not 0,
 * which NaN is not.
 */
OC_EXPORT oc_value *oc_cast(oc_graph *graph, oc_value *x, oc_dtype to, oc_error *err);
/**
 * Repeated along axes of size 1, and along new ones in front, as if added to zeros of that shape.
 * @param shape aligned at the end; 1 for what there is. The gradient is the sum over what was repeated.
 */
OC_EXPORT oc_value *oc_expand(oc_graph *graph, oc_value *x, const oc_shape *shape, oc_error *err);
/** Whole copies side by side. @param repeats how many along each axis; sizes must be numbers. */
OC_EXPORT oc_value *oc_tile(oc_graph *graph, oc_value *x, const int64_t *repeats, oc_error *err);
/** The value itself, as a node of its own: for a name, or an output that is an input. */
OC_EXPORT oc_value *oc_identity(oc_graph *graph, oc_value *x, oc_error *err);
/**
 * Channels to blocks of pixels, block x block of them (sub-pixel convolution).
 * @param x (N, C, H, W), but for N numbers, C a multiple of block^2.
 * @param channels_first which of the C channels is the outer number (ONNX's CRD, PyTorch's pixel_shuffle), else the place in the block
 *        is (DCR).
 * @return (N, C / block^2, H * block, W * block).
 */
OC_EXPORT oc_value *oc_depth_to_space(oc_graph *graph, oc_value *x, int64_t block, bool channels_first, oc_error *err);
/** And back: (N, C, H, W) to (N, C * block^2, H / block, W / block), the place in the block being the outer number. */
OC_EXPORT oc_value *oc_space_to_depth(oc_graph *graph, oc_value *x, int64_t block, oc_error *err);

OC_END

#endif

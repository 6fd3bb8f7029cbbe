/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/resample.h
 * Images in other sizes, and at other places: resizing (nearest, linear, cubic) and sampling at the points of a grid. Both are made of
 * gathering and elementwise nodes, and have gradients for values and points. Definitions are those of ONNX's Resize and
 * GridSample.
 *
 * Resizing goes axis by axis, so that images, lines and volumes are the same, and linear along two axes is bilinear. Each
 * element of the result is a weighted sum of a few of the axis, by a table that is made when the node is: sizes are
 * numbers. Nearest takes every type, the others floating-point ones, else OC_ERROR_SHAPE.
 */
#ifndef OCELLI_OP_RESAMPLE_H
#define OCELLI_OP_RESAMPLE_H

#include <ocelli/graph.h>

/** What lies between elements: the nearest one; a line between two; a cubic curve through four. */
typedef enum oc_resize_mode { OC_RESIZE_NEAREST = 0, OC_RESIZE_LINEAR = 1, OC_RESIZE_CUBIC = 2 } oc_resize_mode;

/** Where output index x of `to` lies between the `from` elements; s is the scale. Names and formulas are ONNX's. */
typedef enum oc_resize_coordinates {
    OC_RESIZE_HALF_PIXEL = 0,           /**< (x + 0.5) / s - 0.5 */
    OC_RESIZE_HALF_PIXEL_SYMMETRIC = 1, /**< The same, centered where to is not s * from. */
    OC_RESIZE_PYTORCH_HALF_PIXEL = 2,   /**< The same as the first, 0 for to = 1. */
    OC_RESIZE_ALIGN_CORNERS = 3,        /**< x (from - 1) / (to - 1) */
    OC_RESIZE_ASYMMETRIC = 4,           /**< x / s */
    OC_RESIZE_TF_HALF_PIXEL = 5,        /**< (x + 0.5) / s */
    OC_RESIZE_CROP = 6                  /**< From roi_begin to roi_end, shares of from - 1. */
} oc_resize_coordinates;

/** Nearest: which of two elements a place in the middle belongs to, or which neighbour always. */
typedef enum oc_resize_rounding {
    OC_RESIZE_ROUND_PREFER_FLOOR = 0,
    OC_RESIZE_ROUND_PREFER_CEIL = 1,
    OC_RESIZE_FLOOR = 2,
    OC_RESIZE_CEIL = 3
} oc_resize_rounding;

/** How images are resized. */
typedef struct oc_resize_params {
    oc_resize_mode mode;               /**< Default: nearest. */
    oc_resize_coordinates coordinates; /**< Default: half pixel. */
    oc_resize_rounding rounding;       /**< Of nearest. Default: halves down. */
    float cubic_a;                     /**< Coefficient of cubic convolution (Keys 1981). Default (0): -0.75. */
    bool exclude_outside;              /**< Cubic: elements outside have no weight, instead of being those at the edge. */
    bool antialias;                    /**< Linear, cubic: smaller images are made of all elements, by a wider kernel. */
    double scale;                      /**< Default (0): to / from. */
    double roi_begin;                  /**< OC_RESIZE_CROP: where the region begins, as a share of the size. */
    double roi_end;                    /**< OC_RESIZE_CROP: where it ends. */
    double extrapolation;              /**< OC_RESIZE_CROP: the value of what lies outside. */
} oc_resize_params;
/** Named arguments: &oc_resize_params(.mode = OC_RESIZE_LINEAR). */
#define oc_resize_params(...) ((oc_resize_params){__VA_ARGS__})

/** What lies outside of an image that is sampled: zeros; its outermost elements; its mirror images, again and again. */
typedef enum oc_grid_padding { OC_GRID_ZEROS = 0, OC_GRID_BORDER = 1, OC_GRID_REFLECTION = 2 } oc_grid_padding;

/** How images are sampled. */
typedef struct oc_grid_params {
    oc_resize_mode mode;     /**< Default: nearest. */
    oc_grid_padding padding; /**< What lies outside. Default: zeros. */
    bool align_corners;      /**< -1 and 1 are the middles of the outermost elements, not their edges. */
} oc_grid_params;
/** Named arguments: &oc_grid_params(.mode = OC_RESIZE_LINEAR). */
#define oc_grid_params(...) ((oc_grid_params){__VA_ARGS__})

OC_BEGIN

/**
 * Resizes one axis, whose size is a number of at least 1.
 * @param axis negative: counted from the end. @param to the new size, 1 to 2^40. @param params NULL: nearest, of half pixels.
 * @return the shape of x with `to` along the axis.
 * Errors: OC_ERROR_SHAPE for sizes and types; OC_ERROR_MEMORY for a table that is too large, as when antialiasing makes one
 * element of more than 65536.
 */
OC_EXPORT oc_value *oc_resize(oc_graph *graph, oc_value *x, int64_t axis, int64_t to, const oc_resize_params *params, oc_error *err);
/**
 * Samples an image, or a volume, at points.
 * @param x (N, C, H, W), or (N, C, D, H, W) unless cubic; all sizes but N are numbers.
 * @param grid (N, H', W', 2), or (N, D', H', W', 3), of x's type: the points (x, y) or (x, y, z), each -1 to 1 from end to end
 * of its axis.
 * @return (N, C, H', W'), or (N, C, D', H', W').
 */
OC_EXPORT oc_value *oc_grid_sample(oc_graph *graph, oc_value *x, oc_value *grid, const oc_grid_params *params, oc_error *err);

OC_END

#endif

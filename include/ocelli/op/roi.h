/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/roi.h
 * Regions of images brought to one size (He et al. 2017, as ONNX has it). Ops: "roi_align" (src, regions,
 * images) and its gradient "roi_align_bwd" (diff_dst, regions, images, src).
 */
#ifndef OCELLI_OP_ROI_H
#define OCELLI_OP_ROI_H

#include <ocelli/graph.h>

/** Of the pooling of regions. */
typedef struct oc_roi_params {
    int64_t size[2];     /**< Height and width of the result, >= 1. */
    int64_t samples;     /**< So many sampling points along each side of an element. Default (0): as many as it covers, up to 1024. */
    float scale;         /**< Regions times this are in elements of src. Default (0): 1. */
    bool max;            /**< The largest share of a sample's four neighbours, not the mean of samples. */
    bool half_pixel;     /**< Coordinates are those of the elements' edges, moved by half an element; else regions are at least 1 wide. */
} oc_roi_params;
/** Named arguments: &oc_roi_params(.size = {7, 7}, .half_pixel = true). */
#define oc_roi_params(...) ((oc_roi_params){__VA_ARGS__})

OC_BEGIN

/**
 * @param src (N, C, H, W), floating-point. @param regions (R, 4) of its type: x1, y1, x2, y2; no gradient goes to them.
 * @param images (R) of i64: the image of each region; numbers that are none of src give 0.
 * @return (R, C, size).
 */
OC_EXPORT oc_value *oc_roi_align(oc_graph *graph, oc_value *src, oc_value *regions, oc_value *images, const oc_roi_params *params,
                                 oc_error *err);

OC_END

#endif

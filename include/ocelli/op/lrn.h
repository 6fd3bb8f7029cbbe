/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/lrn.h
 * Local response normalization (Krizhevsky, Sutskever and Hinton 2012): across channels, op "lrn", or within each.
 */
#ifndef OCELLI_OP_LRN_H
#define OCELLI_OP_LRN_H

#include <ocelli/graph.h>

/** Of local response normalization. */
typedef struct oc_lrn_params {
    int64_t size; /**< Channels summed over, >= 1: (size - 1) / 2 before, size / 2 behind (both rounded down), and its own. */
    float alpha;  /**< Factor of the mean of squares; 1e-4 as a rule. */
    float beta;   /**< Exponent; 0.75 as a rule. */
    float bias;   /**< Added to the mean; 1 as a rule. */
} oc_lrn_params;
/** Named arguments: &oc_lrn_params(.size = 5, .alpha = 1e-4f, .beta = 0.75f, .bias = 1). */
#define oc_lrn_params(...) ((oc_lrn_params){__VA_ARGS__})

OC_BEGIN

/** x / (bias + alpha / size * sum of x^2 over neighbouring channels)^beta. @param x (N, C, …), floating-point. */
OC_EXPORT oc_value *oc_lrn(oc_graph *graph, oc_value *x, const oc_lrn_params *params, oc_error *err);
/**
 * The same of neighbouring pixels of the same channel: x / (bias + alpha / size^2 * sum of x^2 over a window of size x size)^beta, what
 * lies outside being 0. @param x (N, C, H, W), floating-point. @param params size is of each side of the window.
 */
OC_EXPORT oc_value *oc_lrn_within(oc_graph *graph, oc_value *x, const oc_lrn_params *params, oc_error *err);

OC_END

#endif

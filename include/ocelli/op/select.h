/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/select.h
 * Along one axis: where the largest element is ("arg_reduce"), the k largest ones in order ("top_k"), sums of all up to each
 * ("cumulative_sum"). NaN counts as larger than every number.
 */
#ifndef OCELLI_OP_SELECT_H
#define OCELLI_OP_SELECT_H

#include <ocelli/graph.h>

/** Along which axis the largest or smallest element is looked for. */
typedef struct oc_arg_params {
    int64_t axis;   /**< Negative ones are counted from the end. */
    bool keep_dims; /**< The axis stays, with size 1. */
    bool last;      /**< Of equal ones the last, not the first. */
    bool min;       /**< The smallest element. */
} oc_arg_params;
/** Named arguments: &oc_arg_params(.axis = 1). */
#define oc_arg_params(...) ((oc_arg_params){__VA_ARGS__})

/** How many elements are taken, and along which axis. */
typedef struct oc_top_k_params {
    int64_t axis;  /**< Negative ones are counted from the end. */
    int64_t k;     /**< How many; at most the size of the axis. */
    bool smallest; /**< The smallest ones, smallest first. */
} oc_top_k_params;
/** Named arguments: &oc_top_k_params(.axis = -1, .k = 5). */
#define oc_top_k_params(...) ((oc_top_k_params){__VA_ARGS__})

/** Along which axis, and how, is summed up. */
typedef struct oc_cumulative_params {
    int64_t axis;   /**< Negative ones are counted from the end. */
    bool exclusive; /**< Without the element itself. */
    bool reverse;   /**< From the end. */
} oc_cumulative_params;
/** Named arguments: &oc_cumulative_params(.axis = 1). */
#define oc_cumulative_params(...) ((oc_cumulative_params){__VA_ARGS__})

OC_BEGIN

/** Where the largest (or smallest) element is: i64. */
OC_EXPORT oc_value *oc_arg_reduce(oc_graph *graph, oc_value *x, const oc_arg_params *params, oc_error *err);
/** The k largest elements in order, equal ones in theirs. @param indices receives where they are, i64; may be NULL. */
OC_EXPORT oc_value *oc_top_k(oc_graph *graph, oc_value *x, const oc_top_k_params *params, oc_value **indices, oc_error *err);
/** Sums of all elements up to each. */
OC_EXPORT oc_value *oc_cumulative_sum(oc_graph *graph, oc_value *x, const oc_cumulative_params *params, oc_error *err);
/** 1 where the first largest element of the axis is, 0 elsewhere. The size of the axis must be a number. */
OC_EXPORT oc_value *oc_hardmax(oc_graph *graph, oc_value *x, int64_t axis, oc_error *err);

OC_END

#endif

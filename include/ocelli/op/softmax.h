/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/softmax.h
 * Softmax and log-softmax over one axis, computed without overflow. Ops: "softmax", "log_softmax", and their gradients
 * "softmax_bwd", "log_softmax_bwd" (dst, diff_dst).
 */
#ifndef OCELLI_OP_SOFTMAX_H
#define OCELLI_OP_SOFTMAX_H

#include <ocelli/graph.h>

/** The axis. */
typedef struct oc_softmax_params {
    int64_t axis; /**< Negative ones are counted from the end. */
} oc_softmax_params;

OC_BEGIN

/** exp(x) / sum over axis of exp(x). */
OC_EXPORT oc_value *oc_softmax(oc_graph *graph, oc_value *x, int64_t axis, oc_error *err);
/** x - log(sum over axis of exp(x)). */
OC_EXPORT oc_value *oc_log_softmax(oc_graph *graph, oc_value *x, int64_t axis, oc_error *err);

OC_END

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax and LogSoftmax in ONNX: before opset 13 they go over all axes from `axis` on, flattened. */
#include <string.h>

#include <ocelli/op/shape.h>

#include "op/softmax.h"

static oc_value *compute(const oc__onnx_reading *reading, oc_value *x, oc_error *err) {
    return strcmp(reading->node->type, "Softmax") == 0 ? oc_softmax(reading->graph, x, -1, err)
                                                        : oc_log_softmax(reading->graph, x, -1, err);
}

static oc_status read_flat(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const oc_softmax_params *params = memory;
    oc_value *x = reading->in[0];
    int64_t axis = params->axis < 0 ? params->axis + x->shape.rank : params->axis;
    if (axis < 0 || axis > x->shape.rank)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %lld of %d axes", (long long)params->axis, x->shape.rank);
    if (axis == x->shape.rank - 1)
        return oc__onnx_give(reading, compute(reading, x, err), err);
    oc_value *flat = compute(reading, oc_flatten(reading->graph, x, axis, err), err);
    return oc__onnx_give(reading, oc_reshape_like(reading->graph, flat, x, err), err);
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_I64("axis", oc_softmax_params, axis, -1), {NULL}};
static const oc__onnx_attr_rule old_attrs[] = {OC_ONNX_ATTR_I64("axis", oc_softmax_params, axis, 1), {NULL}};

#define SOFTMAX(type_, op_) \
    {.type = type_, .op = op_, .since = 13, .in_min = 1, .in_max = 1, .out_max = 1, .attrs = attrs}, \
        {.type = type_, .op = op_, .since = 1, .until = 12, .in_min = 1, .in_max = 1, .out_max = 1, .attrs = old_attrs, \
         .read = read_flat}

const oc__onnx_rule oc__softmax_onnx[] = {SOFTMAX("Softmax", "softmax"), SOFTMAX("LogSoftmax", "log_softmax"), {NULL}};

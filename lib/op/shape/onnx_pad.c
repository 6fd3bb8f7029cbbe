/* SPDX-License-Identifier: Apache-2.0 */
/* Pad in ONNX. */
#include <string.h>

#include "op/shape/shape.h"

static oc_status read_amounts(const oc__onnx_reading *reading, oc_pad_params *params, oc_error *err) {
    int64_t amounts[2 * OC_MAX_RANK];
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, reading->opset < 2 ? "paddings" : "pads");
    int rank = reading->in[0]->shape.rank, count = -1;
    if (oc__onnx_has_in(reading, 1))
        OC_TRY(oc__onnx_ints(reading, 1, amounts, 2 * OC_MAX_RANK, &count, NULL, err));
    else if (attr != NULL && attr->kind == OC_ONNX_INTS && attr->count <= OC_COUNT(amounts)) {
        count = (int)attr->count;
        for (int i = 0; i < count; i++)
            amounts[i] = attr->ints[i];
    }
    int64_t axes[OC_MAX_RANK];
    int axis_count;
    OC_TRY(oc__onnx_axes(reading, 3, "axes", axes, &axis_count, err)); /* all of them before opset 18 */
    if (count != 2 * (axis_count < 0 ? rank : axis_count))
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "pads does not fit %d axes", axis_count < 0 ? rank : axis_count);
    for (int i = 0; i < count / 2; i++) {
        int64_t axis = axis_count < 0 ? i : axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < 0 || axis >= rank)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %lld of %d axes", (long long)axes[i], rank);
        params->begin[axis] = amounts[i];
        params->end[axis] = amounts[count / 2 + i];
    }
    return OC_OK;
}

static oc_status read_pad(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_pad_params *params = memory;
    const char *mode = oc__onnx_attr_text(reading->node, "mode", "constant");
    double value = oc__onnx_attr_float(reading->node, "value", 0);
    OC_TRY(read_amounts(reading, params, err));
    if (oc__onnx_has_in(reading, 2))
        OC_TRY(oc__onnx_number(reading, 2, &value, err));
    params->value = (float)value;
    if (strcmp(mode, "reflect") == 0)
        params->mode = OC_PAD_REFLECT;
    else if (strcmp(mode, "edge") == 0)
        params->mode = OC_PAD_EDGE;
    else if (strcmp(mode, "wrap") == 0)
        params->mode = OC_PAD_WRAP;
    else if (strcmp(mode, "constant") != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "mode '%.40s' is not supported", mode);
    return oc__onnx_give(reading, oc_pad(reading->graph, reading->in[0], params, err), err);
}

static oc_status write_pad(oc__onnx_writing *writing, oc_error *err) {
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    const oc_pad_params *params = writing->source->params;
    const oc_value *x = writing->source->in[0];
    int64_t amounts[2 * OC_MAX_RANK];
    int rank = x->shape.rank;
    (void)err;
    for (int i = 0; i < rank; i++) {
        amounts[i] = params->begin[i];
        amounts[rank + i] = params->end[i];
    }
    oc__onnx_node *node = oc__onnx_emit(writing, "Pad");
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, oc__onnx_ints_literal(writing, amounts, 2 * rank));
    if (params->mode == OC_PAD_CONSTANT && params->value != 0)
        oc__onnx_emit_in(writing, node, oc__onnx_number_literal(writing, x->dtype, params->value));
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (params->mode != OC_PAD_CONSTANT)
        oc__onnx_emit_text(writing, node, "mode", modes[params->mode]);
    return OC_OK;
}

static int opset_of(const oc_node *node) {
    return ((const oc_pad_params *)node->params)->mode == OC_PAD_WRAP ? 19 : 0;
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_HOOK("mode"), OC_ONNX_ATTR_HOOK("pads"), OC_ONNX_ATTR_HOOK("paddings"),
                                           OC_ONNX_ATTR_HOOK("value"), {NULL}};

const oc__onnx_rule oc__pad_onnx[] = {
    {.type = "Pad", .since = 1, .in_min = 1, .in_max = 4, .out_max = 1, .param_inputs = 14, .attrs = attrs, .read = read_pad,
     .write = write_pad, .opset = opset_of},
    {NULL}};

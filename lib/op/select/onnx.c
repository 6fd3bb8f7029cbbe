/* SPDX-License-Identifier: Apache-2.0 */
/* ArgMax, ArgMin, TopK, CumSum, Hardmax in ONNX. */
#include <string.h>

#include <ocelli/op/select.h>
#include <ocelli/op/shape.h>

#include "op/select/select.h"

static oc_status adjust_arg(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_arg_params *params = memory;
    params->min = strcmp(reading->node->type, "ArgMin") == 0;
    (void)err;
    return OC_OK;
}

static oc_status write_arg(oc__onnx_writing *writing, oc_error *err) {
    const oc_arg_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, params->min ? "ArgMin" : "ArgMax");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (node != NULL)
        oc__onnx_attrs_write(writing, node);
    return OC_OK;
}

/* k was an attribute before opset 10. */
static oc_status adjust_top(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_top_k_params *params = memory;
    double k = (double)oc__onnx_attr_int(reading->node, "k", 0);
    if (oc__onnx_has_in(reading, 1))
        OC_TRY(oc__onnx_number(reading, 1, &k, err));
    params->k = (int64_t)k;
    params->smallest = oc__onnx_attr_int(reading->node, "largest", 1) == 0;
    return OC_OK;
}

static oc_status read_top(const oc__onnx_reading *reading, void *params, oc_error *err) {
    return oc__graph_node(reading->graph, reading->op, params, reading->in, 1, reading->out, reading->node->out_count, err);
}

static oc_status write_top(oc__onnx_writing *writing, oc_error *err) {
    const oc_top_k_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, "TopK");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, oc__onnx_ints_literal(writing, &params->k, 1));
    for (int i = 0; i < 2; i++)
        oc__onnx_emit_out(writing, node, writing->out[i][0] == 0 ? oc__onnx_fresh(writing) : writing->out[i]);
    oc__onnx_emit_int(writing, node, "axis", params->axis);
    oc__onnx_emit_int(writing, node, "largest", !params->smallest);
    return OC_OK;
}

static oc_status read_cumulative(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_cumulative_params *params = memory;
    double axis;
    OC_TRY(oc__onnx_number(reading, 1, &axis, err));
    params->axis = (int64_t)axis;
    return oc__onnx_give(reading, oc_cumulative_sum(reading->graph, reading->in[0], params, err), err);
}

static oc_status write_cumulative(oc__onnx_writing *writing, oc_error *err) {
    const oc_cumulative_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, "CumSum");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, oc__onnx_number_literal(writing, OC_I64, (double)params->axis));
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (node != NULL)
        oc__onnx_attrs_write(writing, node);
    return OC_OK;
}

/* Before opset 13 it goes over all axes from `axis` on, flattened. */
static oc_status read_hardmax(const oc__onnx_reading *reading, void *params, oc_error *err) {
    bool old = reading->opset < 13;
    oc_value *x = reading->in[0];
    int64_t axis = oc__onnx_attr_int(reading->node, "axis", old ? 1 : -1);
    (void)params;
    if (!old)
        return oc__onnx_give(reading, oc_hardmax(reading->graph, x, axis, err), err);
    oc_value *flat = oc_hardmax(reading->graph, oc_flatten(reading->graph, x, axis, err), 1, err);
    return oc__onnx_give(reading, oc_reshape_like(reading->graph, flat, x, err), err);
}

static const oc__onnx_attr_rule arg[] = {OC_ONNX_ATTR_I64("axis", oc_arg_params, axis, 0), OC_ONNX_ATTR_BOOL("keepdims", oc_arg_params, keep_dims, 1),
                                         OC_ONNX_ATTR_BOOL("select_last_index", oc_arg_params, last, 0), {NULL}};
static const oc__onnx_attr_rule top[] = {OC_ONNX_ATTR_I64("axis", oc_top_k_params, axis, -1), OC_ONNX_ATTR_HOOK("k"),
                                         OC_ONNX_ATTR_HOOK("largest"), OC_ONNX_ATTR_HOOK("sorted"), {NULL}};
static const oc__onnx_attr_rule cumulative[] = {OC_ONNX_ATTR_BOOL("exclusive", oc_cumulative_params, exclusive, 0),
                                                OC_ONNX_ATTR_BOOL("reverse", oc_cumulative_params, reverse, 0), {NULL}};
static const oc__onnx_attr_rule hardmax[] = {OC_ONNX_ATTR_HOOK("axis"), {NULL}};

const oc__onnx_rule oc__select_onnx[] = {
    {.type = "ArgMax", .op = "arg_reduce", .since = 1, .in_min = 1, .in_max = 1, .out_max = 1, .attrs = arg, .adjust = adjust_arg,
     .write = write_arg},
    {.type = "ArgMin", .op = "arg_reduce", .since = 1, .in_min = 1, .in_max = 1, .out_max = 1, .use = OC_ONNX_READ_ONLY, .attrs = arg,
     .adjust = adjust_arg},
    {.type = "TopK", .op = "top_k", .since = 1, .in_min = 1, .in_max = 2, .out_max = 2, .param_inputs = 2, .attrs = top,
     .adjust = adjust_top, .read = read_top, .write = write_top},
    {.type = "CumSum", .op = "cumulative_sum", .since = 11, .in_min = 2, .in_max = 2, .out_max = 1, .param_inputs = 2,
     .attrs = cumulative, .read = read_cumulative, .write = write_cumulative},
    {.type = "Hardmax", .op = "arg_reduce", .since = 1, .in_min = 1, .in_max = 1, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .attrs = hardmax, .read = read_hardmax},
    {NULL}};

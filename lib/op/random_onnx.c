/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout in ONNX: nothing, unless training_mode (opset 12) is a constant that is true. */
#include <ocelli/op/shape.h>

#include "op/random.h"

/* What is kept: of ones, those that are not dropped. */
static oc_value *mask_of(const oc__onnx_reading *reading, oc_value *counter, const oc_dropout_params *params, oc_error *err) {
    oc_graph *graph = reading->graph;
    oc_value *x = reading->in[0], *one = oc_graph_scalar(graph, x->dtype, 1, err);
    oc_value *ones = oc__node2(graph, &oc__op_broadcast_like, NULL, one, x, err);
    if (counter != NULL)
        ones = oc_dropout(graph, ones, counter, params, err);
    return reading->opset < 10 ? ones : oc_cast(graph, ones, OC_BOOL, err);
}

static oc_status read_dropout(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_dropout_params *params = memory;
    double ratio = 0.5, training = 0;
    if (oc__onnx_has_in(reading, 2))
        OC_TRY(oc__onnx_number(reading, 2, &training, err));
    if (training != 0 && oc__onnx_has_in(reading, 1))
        OC_TRY(oc__onnx_number(reading, 1, &ratio, err));
    bool masked = reading->node->out_count > 1 && reading->out_used[1];
    if ((training == 0 || ratio == 0) && masked)
        reading->out[1] = mask_of(reading, NULL, params, err);
    if (training == 0 || ratio == 0)
        return oc__onnx_give(reading, oc_identity(reading->graph, reading->in[0], err), err);
    params->ratio = (float)ratio;
    params->stream = (int64_t)reading->graph->node_count;
    oc_value *counter = oc_graph_random_counter(reading->graph, err);
    if (masked)
        reading->out[1] = mask_of(reading, counter, params, err);
    return oc__onnx_give(reading, oc_dropout(reading->graph, reading->in[0], counter, params, err), err);
}

static oc_status write_dropout(oc__onnx_writing *writing, oc_error *err) {
    const oc_dropout_params *params = writing->source->params;
    const uint8_t yes = 1;
    oc__onnx_node *node = oc__onnx_emit(writing, "Dropout");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, oc__onnx_number_literal(writing, OC_F32, params->ratio));
    oc__onnx_emit_in(writing, node, oc__onnx_add_literal(writing, OC_BOOL, 0, 1, &yes));
    oc__onnx_emit_out(writing, node, writing->out[0]);
    return OC_OK;
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_HOOK("seed"), {NULL}};
static const oc__onnx_attr_rule old_attrs[] = {OC_ONNX_ATTR_HOOK("ratio"), OC_ONNX_ATTR_HOOK("is_test"), OC_ONNX_ATTR_HOOK("consumed_inputs"), {NULL}};

const oc__onnx_rule oc__random_onnx[] = {
    {.type = "Dropout", .op = "dropout", .since = 12, .in_min = 1, .in_max = 3, .out_max = 2, .param_inputs = 6, .attrs = attrs,
     .read = read_dropout, .write = write_dropout},
    {.type = "Dropout", .op = "dropout", .since = 1, .until = 11, .in_min = 1, .in_max = 1, .out_max = 2, .attrs = old_attrs,
     .read = read_dropout},
    {NULL}};

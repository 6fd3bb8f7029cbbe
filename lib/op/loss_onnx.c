/* SPDX-License-Identifier: Apache-2.0 */
/* Losses in ONNX: SoftmaxCrossEntropyLoss of (N, C) scores without class weights. */
#include <string.h>

#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>
#include <ocelli/op/softmax.h>

#include "op/loss.h"

static oc_status read_loss(const oc__onnx_reading *reading, void *params, oc_error *err)
{
    const char *reduction = oc__onnx_attr_text(reading->node, "reduction", "mean");
    oc_graph *graph = reading->graph;
    (void)params;
    if (reading->in[0]->shape.rank != 2 || oc__onnx_has_in(reading, 2) || oc__onnx_attr_find(reading->node, "ignore_index") != NULL)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED,
                               "only (N, C) scores without class weights and ignore_index are supported");
    if (reading->node->out_count > 1)
        reading->out[1] = oc_log_softmax(graph, reading->in[0], 1, err);
    oc_value *loss = oc_softmax_cross_entropy(graph, reading->in[0], reading->in[1], err);
    if (strcmp(reduction, "mean") == 0)
        loss = oc_reduce_mean(graph, loss, NULL, err);
    else if (strcmp(reduction, "sum") == 0)
        loss = oc_reduce_sum(graph, loss, NULL, err);
    else if (strcmp(reduction, "none") != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "reduction is '%.40s'", reduction);
    return oc__onnx_give(reading, loss, err);
}

static oc_status write_loss(oc__onnx_writing *writing, oc_error *err)
{
    if (oc__is_float(writing->source->in[1]->dtype))
        return oc__fail(writing->context, err, OC_ERROR_UNSUPPORTED, "cross-entropy with soft labels has no form in opset 17");
    oc__onnx_node *node = oc__onnx_emit(writing, "SoftmaxCrossEntropyLoss");
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, writing->in[1]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_text(writing, node, "reduction", "none");
    return OC_OK;
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_HOOK("reduction"), OC_ONNX_ATTR_HOOK("ignore_index"), {NULL}};

const oc__onnx_rule oc__loss_onnx[] = {
    {.type = "SoftmaxCrossEntropyLoss", .op = "softmax_cross_entropy", .since = 12, .in_min = 2, .in_max = 3, .out_max = 2,
     .attrs = attrs, .read = read_loss, .write = write_loss},
    {NULL}};

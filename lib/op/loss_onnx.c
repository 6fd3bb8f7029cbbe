/* SPDX-License-Identifier: Apache-2.0 */
/* Losses in ONNX. */
#include <string.h>

#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>
#include <ocelli/op/softmax.h>

#include "op/loss.h"

static oc_status params_of(const oc__onnx_reading *reading, oc_nll_params *params, oc_error *err) {
    static const char *const names[] = {"mean", "sum", "none"};
    const char *name = oc__onnx_attr_text(reading->node, "reduction", "mean");
    *params = (oc_nll_params){.ignore = oc__onnx_attr_find(reading->node, "ignore_index") != NULL,
                              .ignored = oc__onnx_attr_int(reading->node, "ignore_index", 0)};
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) == 0) {
            params->reduction = (oc_reduction)i;
            return OC_OK;
        }
    }
    return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "reduction is '%.40s'", name);
}

static oc_value *weights_of(const oc__onnx_reading *reading) {
    return oc__onnx_has_in(reading, 2) ? reading->in[2] : NULL;
}

static oc_status read_nll(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_nll_params params;
    (void)memory;
    OC_TRY(params_of(reading, &params, err));
    return oc__onnx_give(reading, oc_nll_loss(reading->graph, reading->in[0], reading->in[1], weights_of(reading), &params, err), err);
}

/* Matrices without weights have an op of their own. */
static oc_status read_loss(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_graph *graph = reading->graph;
    oc_nll_params params;
    (void)memory;
    OC_TRY(params_of(reading, &params, err));
    oc_value *log_probs = reading->node->out_count > 1 ? oc_log_softmax(graph, reading->in[0], 1, err) : NULL, *loss;
    if (reading->node->out_count > 1)
        reading->out[1] = log_probs;
    if (reading->in[0]->shape.rank == 2 && !params.ignore && weights_of(reading) == NULL) {
        loss = oc_softmax_cross_entropy(graph, reading->in[0], reading->in[1], err);
        loss = params.reduction == OC_REDUCTION_MEAN  ? oc_reduce_mean(graph, loss, NULL, err)
               : params.reduction == OC_REDUCTION_SUM ? oc_reduce_sum(graph, loss, NULL, err)
                                                      : loss;
    } else {
        log_probs = log_probs != NULL ? log_probs : oc_log_softmax(graph, reading->in[0], 1, err);
        loss = oc_nll_loss(graph, log_probs, reading->in[1], weights_of(reading), &params, err);
    }
    return oc__onnx_give(reading, loss, err);
}

static oc_status write_loss(oc__onnx_writing *writing, oc_error *err) {
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
    {.type = "NegativeLogLikelihoodLoss", .op = "softmax_cross_entropy", .since = 12, .in_min = 2, .in_max = 3, .out_max = 1,
     .use = OC_ONNX_READ_ONLY, .attrs = attrs, .read = read_nll},
    {NULL}};

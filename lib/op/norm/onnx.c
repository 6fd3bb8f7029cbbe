/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalization in ONNX. Running statistics that are initializers become frozen states; in training mode (opset 14) they are
 * updated by each run, and are outputs as well. */
#include <float.h>

#include "op/norm/norm.h"

static oc_status update(const oc__onnx_reading *reading, oc_value *state, oc_value *next, oc_error *err) {
    if (state->kind != OC_VALUE_STATE || state->update != NULL)
        return OC_OK;
    return oc_graph_update(reading->graph, state, next, err);
}

static oc_status read_batch_norm(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_batch_norm_params *params = memory;
    oc_value *const *in = reading->in;
    oc_value *mean = NULL, *variance = NULL;
    if (params->momentum == 0) /* zero stands for the default there */
        params->momentum = FLT_MIN;
    if (oc__onnx_attr_int(reading->node, "training_mode", 0) == 0)
        return oc__onnx_give(reading, oc_batch_norm(reading->graph, in[0], in[1], in[2], in[3], in[4], params, err), err);
    OC_TRY(oc__onnx_give(reading, oc_batch_norm_train(reading->graph, in[0], in[1], in[2], in[3], in[4], params, &mean,
                                                      &variance, err), err));
    OC_TRY(update(reading, in[3], mean, err));
    OC_TRY(update(reading, in[4], variance, err));
    if (reading->node->out_count > 1)
        reading->out[1] = mean;
    if (reading->node->out_count > 2)
        reading->out[2] = variance;
    return OC_OK;
}

static oc_status write_train(oc__onnx_writing *writing, oc_error *err) {
    const oc_batch_norm_params *params = writing->source->params;
    if (params->unbiased)
        return oc__fail(writing->context, err, OC_ERROR_UNSUPPORTED,
                        "batch normalization with an unbiased running variance has no form in ONNX");
    oc__onnx_node *node = oc__onnx_emit(writing, "BatchNormalization");
    for (int i = 0; i < 5; i++)
        oc__onnx_emit_in(writing, node, writing->in[i]);
    for (int i = 0; i < 3; i++)
        oc__onnx_emit_out(writing, node, writing->out[i][0] == 0 ? oc__onnx_fresh(writing) : writing->out[i]);
    if (node != NULL)
        oc__onnx_attrs_write(writing, node);
    oc__onnx_emit_int(writing, node, "training_mode", 1);
    return OC_OK;
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_F32("epsilon", oc_batch_norm_params, epsilon, 1e-5f),
                                           OC_ONNX_ATTR_F32("momentum", oc_batch_norm_params, momentum, 0.9f),
                                           OC_ONNX_ATTR_MUST("spatial", 1), OC_ONNX_ATTR_HOOK("training_mode"), OC_ONNX_ATTR_HOOK("is_test"),
                                           OC_ONNX_ATTR_HOOK("consumed_inputs"), {NULL}};

#define STATISTICS (1u << 3 | 1u << 4)

const oc__onnx_rule oc__norm_onnx[] = {
    {.type = "BatchNormalization", .op = "batch_norm", .since = 14, .in_min = 5, .in_max = 5, .out_max = 3,
     .frozen_inputs = STATISTICS, .attrs = attrs, .read = read_batch_norm},
    {.type = "BatchNormalization", .op = "batch_norm", .since = 1, .until = 13, .in_min = 5, .in_max = 5, .out_max = 1,
     .frozen_inputs = STATISTICS, .attrs = attrs, .read = read_batch_norm},
    {.type = "BatchNormalization", .op = "batch_norm_train", .since = 14, .in_min = 5, .in_max = 5, .out_max = 3,
     .use = OC_ONNX_WRITE_ONLY, .attrs = attrs, .write = write_train},
    {NULL}};

/* SPDX-License-Identifier: Apache-2.0 */
/* Adding nodes of ops to graphs. */
#include <string.h>

#include "op/op.h"

static bool operands_given(oc_graph *graph, const oc__op *op, oc_value *const *in, int in_count, oc_error *err) {
    for (int i = 0; i < in_count; i++) {
        if (in[i] ? in[i]->graph != graph : i < op->in_min || op->in_max == OC_VARIADIC) {
            if (in[i])
                oc__graph_fail(graph, err, OC_ERROR_INVALID, "%s: operand %d belongs to another graph", op->name, i);
            else
                oc__graph_pass_error(graph, err);
            return false;
        }
    }
    return true;
}

static oc_node *add_node(oc_graph *graph, const oc__op *op, const void *params, oc_value *const *in, int in_count,
                         const oc__desc *out, int out_count) {
    bool kept = oc__graph_keep(graph, (void *)op->custom, oc__custom_retain, oc__custom_release);
    oc_node *node = kept ? oc__node_add(graph, op, params, op->params_size, in, in_count, out_count) : NULL;
    for (int i = 0; node && i < out_count; i++) {
        oc_value *value = oc__value_add(graph, OC_VALUE_NODE, NULL, out[i].dtype, &out[i].shape);
        if (!value)
            return NULL;
        value->producer = node;
        value->output = i;
        node->out[i] = value;
    }
    return node;
}

oc_status oc__graph_node(oc_graph *graph, const oc__op *op, const void *params, oc_value *const *in, int in_count,
                         oc_value **out, int out_capacity, oc_error *err) {
    if (!operands_given(graph, op, in, in_count, err))
        return graph->error.status;
    oc_context *context = graph->context;
    int out_count = op->out_count == OC_VARIADIC ? OC_MAX(out_capacity, in_count) : op->out_count;
    oc__desc *descs = oc__alloc_array(context, (size_t)(in_count + out_count), sizeof(*descs));
    void *copy = oc__alloc(context, OC_MAX(op->params_size, (size_t)1));
    oc_error own = {0};
    oc_status status = descs && copy ? OC_OK : oc__fail_memory(context, &own, sizeof(*descs));
    if (status == OC_OK) {
        if (params)
            memcpy(copy, params, op->params_size);
        for (int i = 0; i < in_count; i++)
            descs[i] = in[i] ? oc__desc_plain(in[i]->dtype, &in[i]->shape) : (oc__desc){0};
        status = oc__infer(context, op, copy, descs, in_count, descs + in_count, &out_count, &graph->symbols, &own);
    }
    if (status == OC_OK) {
        oc_node *node = add_node(graph, op, copy, in, in_count, descs + in_count, out_count);
        for (int i = 0; node && i < out_count && i < out_capacity; i++)
            out[i] = node->out[i];
        if (!node)
            status = oc__fail_memory(context, &own, sizeof(*node));
    }
    oc__free(context, descs);
    oc__free(context, copy);
    if (status != OC_OK) {
        if (graph->error.status == OC_OK)
            graph->error = own;
        if (err)
            *err = own;
    }
    return status;
}

oc_value *oc__graph_node1(oc_graph *graph, const oc__op *op, const void *params, oc_value *const *in, int in_count,
                          oc_error *err) {
    oc_value *out = NULL;
    return oc__graph_node(graph, op, params, in, in_count, &out, 1, err) == OC_OK ? out : NULL;
}

bool oc__graph_one_type(oc_graph *graph, const oc__op *op, const oc_value *src, const oc_value *weights, oc_error *err) {
    if (!src || !weights || src->dtype == weights->dtype)
        return true;
    oc__graph_fail(graph, err, OC_ERROR_INVALID, "%s: both operands must be of one type, not %s and %s", op->name, oc_dtype_name(src->dtype),
                   oc_dtype_name(weights->dtype));
    return false;
}
